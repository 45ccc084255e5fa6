// ReLU and leaky ReLU (Maas et al. 2013), for every kernel that applies them:  y = x for x > 0, else c x.   c = 0: ReLU
//
// Threads: called by the thread that has the number; no thread mapping of its own.
// Bytes:   none; 1 FLOP per element.
// Why:     one rule for non-finite numbers wherever an activation is fused. NaN propagates, as in PyTorch: max(x, 0) may turn
//          it into 0, which would hide from the loss that a layer has diverged. With c = 0 the negative side is 0 even where
//          x (or dy) is infinite: 0 * inf would be NaN. select() computes both sides, so the threads of a subgroup do not
//          diverge.
#choose value: common/value_f32.wgsl | common/value_vec4.wgsl
fn leaky_relu(x: Value, c: f32) -> Value {
    return select(x, select(c * x, Value(), c == 0.0), x <= Value());
}

fn relu(x: Value) -> Value {
    return leaky_relu(x, 0.0);
}

// Gradient from the output:  dx = dy for y > 0, else c dy. y has the sign of x, so the input need not be kept: after a
// convolution that applies ReLU in its own pass there is none to keep. At 0 it is the negative side's, as in PyTorch.
fn leaky_relu_grad(y: Value, dy: Value, c: f32) -> Value {
    return select(dy, select(c * dy, Value(), c == 0.0), y <= Value());
}
