// Running totals:  total[c] += sum over r of x[r, c]
//
// x        [rows, cols]
// total    [cols], overwritten
// Threads: one workgroup of 64 threads per column; each adds every 64th row, then a tree reduction in workgroup memory.
// Bytes:   4 read per element.
// Why:     loss and hits of many steps add up on the device, so the host need not wait for each step. The order is fixed.
#import common/grid.wgsl
struct Params {
    rows: u32,  // rows of x
    cols: u32,  // columns of x
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> total: array<f32>;
var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let col = linear_workgroup(group, groups);
    if (col >= p.cols) {
        return;  // the whole workgroup returns, so no barrier is missed
    }
    var sum = 0.0;
    for (var row = local; row < p.rows; row += 64u) {
        sum += x[row * p.cols + col];
    }
    sums[local] = sum;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local < half) {
            sums[local] += sums[local + half];
        }
    }
    if (local == 0u) {
        total[col] += sums[0];
    }
}
