// Leaky ReLU (Maas et al. 2013):  y = x for x > 0, else c x.       With c = 0: ReLU.
//
// Joined to map.wgsl, which says how threads and bytes go; 1 FLOP an element.
//      x: an element of the input; c: the slope for negative inputs.
// Why: select() computes both sides, so no thread of a subgroup waits for another. NaN stays NaN, since x > 0 is
//      false and c * NaN is NaN.
fn f(x: Value, c: f32) -> Value {
    return select(c * x, x, x > Value());
}
