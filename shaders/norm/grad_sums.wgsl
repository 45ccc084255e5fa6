// Batch norm, gradients of gamma and beta, first pass: for each channel, over a run of rows
//     dbeta[piece, c] = sum of dy,   dgamma[piece, c] = sum of dy xhat,   xhat = (x - mean) / sqrt(var + eps)
//
// x, dy          [rows, channels]
// mean, var      [channels]
// dgamma, dbeta  [pieces, channels], added up by reduce/sum.wgsl
// Threads: one a channel and piece, 64 a workgroup (params.wgsl).
// Bytes:   8 an element, each read once for both sums. 4 FLOPs an element.
// Why:     the gradient of x needs both sums of the whole batch before it can start, so this pass cannot be saved.
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> variance: array<f32>;
@group(0) @binding(5) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(6) var<storage, read_write> dbeta: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * 64u + local;
    if (number >= p.pieces * p.channels) {
        return;
    }
    let run = run_of(number);
    let c = run.c;
    let m = mean[c];
    var sum = 0.0;
    var product = 0.0;
    for (var row = run.start; row < run.end; row++) {
        let i = row * p.channels + c;
        let g = dy[i];
        sum += g;
        product = fma(g, x[i] - m, product);
    }
    dgamma[number] = product / sqrt(variance[c] + p.epsilon);
    dbeta[number] = sum;
}
