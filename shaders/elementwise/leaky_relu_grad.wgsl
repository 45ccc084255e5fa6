// Gradient of leaky ReLU:  dx = dy for y > 0, else c dy.       With c = 0: that of ReLU.
//
// Joined to zip.wgsl, which says how threads and bytes go; 1 FLOP an element.
//      a: an element of dy; b: of y; c: the slope for negative inputs, not below 0.
// Why: common/relu.wgsl has the rule, and says why the output is enough.
fn f(a: Value, b: Value, c: f32) -> Value {
    return leaky_relu_grad(b, a, c);
}
