// Exercise 2: guard the end.  y[i] = 2 x[i]
//
// x, y     [N], and N is any number
// Threads: a thread an element, in workgroups of 64: N is rounded up to whole workgroups, so some threads have no element.
// Task:    write 2 x[i] for every element, and nothing behind the last one. `sizes.n` is N.
// Hint:    threads with i >= sizes.n must return before they write.
// Mistake: the guard is missing: threads beyond the end write behind the array, where something else may lie.
//   - if (i >= sizes.n) {
//   + if (false) {
// Mistake: the guard lets one thread too many through: the last index is N - 1, since the first is 0.
//   - if (i >= sizes.n) {
//   + if (i > sizes.n) {
// Grid: N / 64
struct Sizes {
    n: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    // GAP: double x[i], but only where there is an element
    if (i >= sizes.n) {
        return;
    }
    y[i] = 2.0 * x[i];
    // END
}
