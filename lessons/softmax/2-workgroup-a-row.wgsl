// Softmax, step 2: a workgroup a row.  y[r][j] = exp(x[r][j] - m) / sum over k of exp(x[r][k] - m),  m = max over k of x[r][k]
//
// x, y     [R, C], row by row
// Threads: 64 threads a row: thread t has the elements t, t + 64, ...
// Bytes:   as step 1, but 64 neighbours read 64 neighbouring words.
// Why:     64 times as many threads, and coalesced loads. The price is a tree with barriers for the maximum, and another one for the
//          sum: for rows of ten classes it does not pay, for rows of thousands it does.
// Grid: R
struct Sizes {
    rows: u32,
    columns: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const THREADS: u32 = 64u;
var<workgroup> shared_by_all: array<f32, 64>;

fn of_workgroup(own: f32, local: u32, is_sum: bool) -> f32 {
    // Everybody must have read the result before.
    workgroupBarrier();
    shared_by_all[local] = own;
    workgroupBarrier();
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        if (local < half) {
            let a = shared_by_all[local];
            let b = shared_by_all[local + half];
            shared_by_all[local] = select(max(a, b), a + b, is_sum);
        }
        workgroupBarrier();
    }
    return shared_by_all[0];
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    // Beyond the last row a workgroup does the last one again: all threads must reach the barriers.
    let row = min(group.y * groups.x + group.x, sizes.rows - 1u);
    let start = row * sizes.columns;
    var largest = x[start];
    for (var j = local; j < sizes.columns; j += THREADS) {
        largest = max(largest, x[start + j]);
    }
    largest = of_workgroup(largest, local, false);
    var sum = 0.0;
    for (var j = local; j < sizes.columns; j += THREADS) {
        sum += exp(x[start + j] - largest);
    }
    sum = of_workgroup(sum, local, true);
    for (var j = local; j < sizes.columns; j += THREADS) {
        y[start + j] = exp(x[start + j] - largest) / sum;
    }
}
