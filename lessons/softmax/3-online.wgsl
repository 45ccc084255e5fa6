// Softmax, step 3: maximum and sum in one pass.  y[r][j] = exp(x[r][j] - m) / sum over k of exp(x[r][k] - m)
//
// x, y     [R, C], row by row
// Threads: a thread a row, as step 1.
// Bytes:   two passes over the row instead of three: 8 read and 4 written an element.
// Why:     the sum can be kept for the largest element so far (Milakov and Gimelshein 2018): when a larger one comes, the sum is
//          multiplied by exp(old - new). It costs a second exp an element, and saves a pass over memory: where rows do not stay in
//          the cache, memory is what counts. Attention over long rows (FlashAttention) rests on this.
// Grid: R / 64
// Most: C 32000
struct Sizes {
    rows: u32,
    columns: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = (group.y * groups.x + group.x) * 64u + local;
    if (row >= sizes.rows) {
        return;
    }
    let start = row * sizes.columns;
    var largest = x[start];
    var sum = 1.0;
    for (var j = 1u; j < sizes.columns; j++) {
        let value = x[start + j];
        let larger = max(largest, value);
        sum = sum * exp(largest - larger) + exp(value - larger);
        largest = larger;
    }
    for (var j = 0u; j < sizes.columns; j++) {
        y[start + j] = exp(x[start + j] - largest) / sum;
    }
}
