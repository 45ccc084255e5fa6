// Exercise 5: a dot product.  y = sum over i of a[i] * b[i]
//
// a, b     [N], y [1]
// Threads: one workgroup of 64. Thread t sums up the products of the elements t, t + 64, t + 128, ... by itself.
// Task:    add up the 64 sums as a tree, in memory that the workgroup shares. The sum of all must end up in sums[0].
// Hint:    first half = 32: threads below 32 add sums[local + 32] to sums[local]. Then 16, 8, ..., 1. Between two rounds everybody must
//          wait for everybody: workgroupBarrier(), which all 64 threads must reach, so it stands outside the `if`.
// Mistake: the last round is missing: the sums of the threads with odd numbers are left out.
//   - half > 0u;
//   + half > 1u;
// Mistake: the first round is missing: half of the threads is left out.
//   - var half = 32u;
//   + var half = 16u;
// Grid: 1
struct Sizes {
    n: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32) {
    var own = 0.0;
    for (var i = local; i < sizes.n; i += 64u) {
        own += a[i] * b[i];
    }
    sums[local] = own;
    workgroupBarrier();
    // GAP: a tree: after it, sums[0] must be the sum of all 64
    for (var half = 32u; half > 0u; half /= 2u) {
        if (local < half) {
            sums[local] += sums[local + half];
        }
        workgroupBarrier();
    }
    // END
    if (local == 0u) {
        y[0] = sums[0];
    }
}
