// A copy:  y = x
//
// Joined to map.wgsl, which says how threads and bytes go; no FLOP.
// Why: gradients that cannot be computed right where the optimiser wants them are copied there.
//      x: an element of the input; c, d: unused.
#choose value: common/value_f32.wgsl | common/value_vec4.wgsl
fn f(x: Value, c: f32, d: f32) -> Value {
    return x;
}
