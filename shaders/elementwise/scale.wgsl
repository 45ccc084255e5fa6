// Scaling by a constant:  y = c x       gradient: dx = c dy, the same kernel
//
// Joined to map.wgsl, which says how threads and bytes go; 1 FLOP an element.
//      x: an element of the input; c: the factor.
// Why: the smallest op with a gradient: read this one first.
fn f(x: Value, c: f32) -> Value {
    return c * x;
}
