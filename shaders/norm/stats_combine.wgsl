// Batch norm, second pass of the statistics: the pieces of stats.wgsl joined to mean and variance of each channel
//     for each piece (n_b, mean_b, m2_b):  d = mean_b - mean,  mean += d n_b / n,  m2 += m2_b + d^2 n_a n_b / n
//     var = m2 / rows
//
// means, m2s  [pieces, channels]
// mean, var   [channels]; var is the biased variance, which normalises; the running one is corrected elsewhere
// Threads: one a channel, 64 a workgroup.
// Bytes:   8 a piece and channel, a few hundred pieces: small.
// Why:     Chan, Golub and LeVeque's update (1979) joins two sets without cancellation, whatever their means.
@group(0) @binding(1) var<storage, read> means: array<f32>;
@group(0) @binding(2) var<storage, read> m2s: array<f32>;
@group(0) @binding(3) var<storage, read_write> mean: array<f32>;
@group(0) @binding(4) var<storage, read_write> variance: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let c = linear_workgroup(group, groups) * 64u + local;
    if (c >= p.channels) {
        return;
    }
    var n = 0.0;
    var m = 0.0;
    var m2 = 0.0;
    for (var piece = 0u; piece < p.pieces; piece++) {
        let n_b = f32(min(p.chunk, p.rows - piece * p.chunk));
        let d = means[piece * p.channels + c] - m;
        let total = n + n_b;
        m += d * (n_b / total);
        m2 += m2s[piece * p.channels + c] + d * d * (n * n_b / total);
        n = total;
    }
    mean[c] = m;
    variance[c] = m2 / n;
}
