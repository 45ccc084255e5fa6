// Batch norm, gradients of gamma and beta over each piece of the windows
//     dbeta = sum of dy,   dgamma = sum of dy xhat,   xhat = (winner - mean) / sqrt(var + eps)
//
// winners       [windows, groups]; without pooling they are x itself; dy stands in upstream.wgsl
// coefficients  [4, groups]
// pieces        [2, pieces, groups]: dgammas, then dbetas; grad_input.wgsl adds them up
// Threads: ITEMS * TEAM per workgroup (one_thread.wgsl, many_threads.wgsl); an item is a group of channels of a piece.
// Bytes:   4 per window and channel, and those of the file chosen for upstream: 4, or 12 with a residual. With 2 x 2 pooling the
//          windows are a quarter of the image. 4 FLOPs.
// Why:     the gradient of x needs both sums over the whole batch before it can start, so this pass cannot be avoided. Pixels
//          that did not win their window have no dy and need not be read. Sums of sums keep chains of additions short.
#import common/grid.wgsl
#import norm/coefficients.wgsl
#import norm/sizes.wgsl
#import norm/partial_sums.wgsl
#choose team: reduce/one_thread.wgsl | reduce/many_threads.wgsl
#choose upstream: norm/upstream.wgsl | norm/upstream_residual.wgsl
@group(0) @binding(1) var<storage, read> winners: array<Channels>;
@group(0) @binding(4) var<storage, read_write> pieces: array<Channels>;

const CHAIN: u32 = 64u;  // windows that a thread adds up in a row before their sum joins the rest

@compute @workgroup_size(ITEMS * TEAM)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    p = params.sizes;
    let windows = p.n * p.out_h * p.out_w;
    let item = linear_workgroup(group, groups) * ITEMS + local % ITEMS;
    let exists = item < p.pieces * p.groups;
    // Threads past the last item only take part in the barriers.
    let c = item % p.groups;
    let start = select(windows, item / p.groups * p.piece_len, exists);
    let k = coefficients_of(c);
    let end = min(start + p.piece_len, windows);
    var sums = Partial();
    var window = start + local / ITEMS;
    while (window < end) {
        var some = Partial();
        let last = min(window + CHAIN * TEAM, end);
        for (; window < last; window += TEAM) {
            let i = window * p.groups + c;
            let value = relu_before(winners[i]);
            let g = upstream(i, k, value);
            some[0] = fma(g, value - k.mean, some[0]);
            some[1] += g;
        }
        sums = combined(sums, some);
    }
    sums = team_result(local, sums);
    if (exists && local < ITEMS) {
        pieces[item] = sums[0] * k.inverse;
        pieces[p.pieces * p.groups + item] = sums[1];
    }
}
