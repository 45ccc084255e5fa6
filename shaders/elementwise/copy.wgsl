// A copy:  y = x
//
// Joined to map.wgsl, which describes threads and bytes; no FLOPs.
// Why: gradients that cannot be computed directly where the optimiser needs them are copied there.
//      x: an element of the input; c, d: unused.
#choose value: common/value_f32.wgsl | common/value_vec4.wgsl
fn f(x: Value, c: f32, d: f32) -> Value {
    return x;
}
