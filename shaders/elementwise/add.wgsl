// Addition:  y = a + b       gradient: da = dy, db = dy (summed where b was repeated)
//
// Joined to zip.wgsl, which says how threads, bytes and broadcasting go; 1 FLOP an element.
//      a, b: elements of the inputs; c: unused.
// Why: also adds the contributions to a gradient that reach a value by several ways.
fn f(a: f32, b: f32, c: f32) -> f32 {
    return a + b;
}
