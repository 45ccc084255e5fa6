// Leaky ReLU:  y = x for x > 0, else c x.       With c = 0: ReLU.
//
// Joined to map.wgsl, which says how threads and bytes go; 1 FLOP an element.
//      x: an element of the input; c: the slope for negative inputs.
// Why: common/relu.wgsl has the rule, which the fused activations share.
fn f(x: Value, c: f32) -> Value {
    return leaky_relu(x, c);
}
