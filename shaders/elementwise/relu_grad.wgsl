// Gradient of ReLU, alone or with dropout after it:  dx = c dy for y > 0, else 0
//
// Joined to zip.wgsl, which describes threads and bytes; 1 FLOP per element.
//      a: an element of dy; b: of y; c: 1, or dropout's 1 / (1 - rate); d: unused.
// Why: y is positive where the input was and, with dropout, the element was kept: the output shows both, so neither the input
//      nor the mask is needed.
#import common/relu.wgsl
fn f(a: Value, b: Value, c: f32, d: f32) -> Value {
    return leaky_relu_grad(b, c * a, 0.0);
}
