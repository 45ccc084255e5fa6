// The second pass of a weight gradient whose K was split:  C = sum over splits of partial[split]
//
// partial    [splits][len + bias_len]: each split's weight gradient, then its bias gradient
// c          [len]; bias_grad [bias_len]
// Threads: ITEMS * TEAM per workgroup (one_thread.wgsl, many_threads.wgsl); an item is one number of the result.
// Bytes:   4 * splits read and 4 written per number.
// Why:     the order of the sum is fixed, so the result is the same from run to run. One pass fills both results.
#import common/grid.wgsl
#import reduce/partial_number.wgsl
#choose team: reduce/one_thread.wgsl | reduce/many_threads.wgsl
struct Params {
    splits: u32,    // partial results
    len: u32,       // elements of the weight gradient
    bias_len: u32,  // elements of the bias's gradient
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@group(0) @binding(3) var<storage, read_write> bias_grad: array<f32>;

@compute @workgroup_size(ITEMS * TEAM)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * ITEMS + local % ITEMS;
    let all = p.len + p.bias_len;
    // Threads past the last number only take part in the barriers.
    let splits = select(0u, p.splits, i < all);
    var own = 0.0;
    for (var split = local / ITEMS; split < splits; split += TEAM) {
        own += partial[split * all + i];
    }
    let sum = team_result(local, own);
    if (local >= ITEMS || i >= all) {
        return;
    }
    if (i < p.len) {
        c[i] = sum;
    } else {
        bias_grad[i - p.len] = sum;
    }
}
