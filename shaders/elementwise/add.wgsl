// Addition:  y = a + b       gradient: da = dy, db = dy (summed where b was repeated)
//
// Joined to zip.wgsl, which says how threads, bytes and broadcasting go; 1 FLOP an element.
//      a, b: elements of the inputs; c: unused.
// Why: also adds the contributions to a gradient that reach a value by several ways.
fn f(a: Value, b: Value, c: f32) -> Value {
    return a + b;
}
