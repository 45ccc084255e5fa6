// Exercise 1: a thread an element.  y[i] = a[i] + b[i]
//
// a, b, y  [N], and N is a multiple of 64
// Threads: a thread an element, in workgroups of 64.
// Task:    each thread adds two numbers. `id.x` numbers all threads of the launch, `local.x` those of a workgroup, both from 0.
// Hint:    the element of a thread has the number of the thread among all of them. An array is indexed as in C: a[i].
// Mistake: the index is the thread's number in its workgroup, so every workgroup does the first 64 elements again.
//   - let i = id.x;
//   + let i = local.x;
// Mistake: b is left out.
//   - y[i] = a[i] + b[i];
//   + y[i] = a[i];
// Grid: N / 64
// Multiples: N 64
struct Sizes {
    n: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    // GAP: which element is this thread's, and what becomes of it?
    let i = id.x;
    y[i] = a[i] + b[i];
    // END
}
