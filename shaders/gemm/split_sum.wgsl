// The second pass of a product whose K was split:  C = sum over splits of partial[split], and what `keep` adds
//
// partial    [splits][len]: each split's partial product
// Threads: ITEMS * TEAM per workgroup (one_thread.wgsl, many_threads.wgsl); an item is one number of the result.
// Bytes:   4 * splits read and 4 written per number.
// Why:     the order of the sum is fixed, so the result is the same from run to run. What is done to the sums differs:
//          split_bias_grad.wgsl stores some of them elsewhere, split_add.wgsl adds another gradient.
#import common/grid.wgsl
#import reduce/partial_number.wgsl
#choose team: reduce/one_thread.wgsl | reduce/many_threads.wgsl
#choose keep: gemm/split_bias_grad.wgsl | gemm/split_add.wgsl
struct Params {
    splits: u32,  // partial results
    len: u32,     // elements of each
    own: u32,     // elements that belong to C; the rest are a bias's gradient
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;

@compute @workgroup_size(ITEMS * TEAM)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * ITEMS + local % ITEMS;
    // Threads past the last number only take part in the barriers.
    let splits = select(0u, p.splits, i < p.len);
    var own = 0.0;
    for (var split = local / ITEMS; split < splits; split += TEAM) {
        own += partial[split * p.len + i];
    }
    let sum = team_result(local, own);
    if (local < ITEMS && i < p.len) {
        keep(i, sum, p.own);
    }
}
