// Gradient of leaky ReLU:  dx = dy for y > 0, else c dy.       With c = 0: that of ReLU.
//
// Joined to zip.wgsl, which says how threads and bytes go; 1 FLOP an element.
//      a: an element of dy; b: of y; c: the slope for negative inputs, not below 0.
// Why: y has the sign of x, so the output is enough and the input need not be kept: after a convolution that applies
//      ReLU in its own pass there is no input to keep. At 0 the gradient is that of the negative side, as in PyTorch.
fn f(a: Value, b: Value, c: f32) -> Value {
    return select(c * a, a, b > Value());
}
