// Copies some columns of one matrix into some columns of another:  y[r, y_first + j] = x[r, x_first + j] for j < cols
//
// x        [rows, x_cols]
// y        [rows, y_cols]; its other columns are left unchanged
// Threads: one per copied element, 64 per workgroup.
// Bytes:   4 read and 4 written per copied element.
// Why:     concatenation (one dispatch per input) and splitting (one per output) are both this copy, and each is the other's
//          gradient. Along the last axis, images are matrices of pixels by channels; along another axis, the axes inside it
//          become part of the columns.
#import common/grid.wgsl
struct Params {
    len: u32,      // rows * cols
    cols: u32,     // columns copied
    x_cols: u32,   // columns of x
    y_cols: u32,   // columns of y
    x_first: u32,  // first column taken
    y_first: u32,  // first column written
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
    let row = number / p.cols;
    let j = number - row * p.cols;
    y[row * p.y_cols + p.y_first + j] = x[row * p.x_cols + p.x_first + j];
}
