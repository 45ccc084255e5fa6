// The last two axes swapped:  y[n, j, i] = x[n, i, j]
//
// x        [n, rows, cols]
// y        [n, cols, rows]
// Threads: one an element of y, 64 a workgroup.
// Bytes:   4 read and 4 written an element. Writes are in order, reads jump by `cols`.
// Why:     it is used on weights and on small activations, where the jumps hit the cache; a tile in workgroup memory
//          would make both sides run in order, but this pass is under a hundredth of a training step.
struct Params {
    len: u32,
    rows: u32,
    cols: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * 64u + local;
    if (number >= p.len) {
        return;
    }
    let i = number % p.rows;
    let line = number / p.rows;
    let j = line % p.cols;
    let n = line / p.cols;
    y[number] = x[(n * p.rows + i) * p.cols + j];
}
