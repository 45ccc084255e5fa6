// A batch of rows of a table, row order[place + i] at place i:
//     y[i, col] = table[order[place + i], col]
//
// table    [rows, width] words: floats or integers, copied as they are
// order    indices of rows;  place  [2], the first is where in `order` the batch starts
// y        [batch, width]; past the end of `order` its last row is repeated
// Threads: one per word of the batch, 64 per workgroup; neighbouring threads read neighbouring words of a row.
// Bytes:   4 read and 4 written per word. No FLOPs. Bound by memory.
// Why:     features that a frozen base has computed once are visited in a new order each epoch, as images are.
#import common/grid.wgsl
struct Params {
    batch: u32,      // rows of the batch
    width: u32,      // words in a row
    rows: u32,       // rows of the table
    order_len: u32,  // indices in `order`
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> table: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> place: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * 64u + local;
    if (number >= p.batch * p.width) {
        return;
    }
    let i = number / p.width;
    let row = order[min(place[0] + i, p.order_len - 1u)];
    // A row index out of range would read past the table.
    y[number] = table[min(row, p.rows - 1u) * p.width + number % p.width];
}
