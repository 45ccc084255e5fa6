// Multiplication:  y = a b       gradient: da = b dy, db = a dy (summed where b was repeated)
//
// Joined to zip.wgsl, which says how threads, bytes and broadcasting go; 1 FLOP an element.
//      a, b: elements of the inputs; c: unused.
// Why: its gradient needs both inputs, so they stay in memory until the way back.
fn f(a: Value, b: Value, c: f32) -> Value {
    return a * b;
}
