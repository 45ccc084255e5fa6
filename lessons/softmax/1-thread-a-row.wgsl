// Softmax, step 1: a thread a row.  y[r][j] = exp(x[r][j] - m) / sum over k of exp(x[r][k] - m),  m = max over k of x[r][k]
//
// x, y     [R, C], row by row
// Threads: a thread a row.
// Bytes:   three passes over the row, so 12 read and 4 written an element, of which only the first pass must come from memory.
// Why:     the definition. Without the maximum exp would overflow from 89 on; subtracting any number from all elements changes
//          nothing in the quotient. Neighbouring threads read elements that are C apart, so each load touches a cache line of its
//          own, and R threads may be too few to fill a device.
// Grid: R / 64
// Most: C 21000
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
    for (var j = 1u; j < sizes.columns; j++) {
        largest = max(largest, x[start + j]);
    }
    var sum = 0.0;
    for (var j = 0u; j < sizes.columns; j++) {
        sum += exp(x[start + j] - largest);
    }
    for (var j = 0u; j < sizes.columns; j++) {
        y[start + j] = exp(x[start + j] - largest) / sum;
    }
}
