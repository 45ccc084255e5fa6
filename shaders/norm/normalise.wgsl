// Batch norm (Ioffe and Szegedy 2015), the normalisation:  y = gamma (x - mean) / sqrt(var + eps) + beta
//
// x, y                    [rows, channels]
// gamma, beta, mean, var  [channels]
// Threads: one a channel and run of `chunk` rows, 64 a workgroup (params.wgsl).
// Bytes:   4 read and 4 written an element. 2 FLOPs an element.
// Why:     y = a x + b with a and b the same for a whole channel: a thread computes them once and keeps its channel, so
//          there is no division or square root an element, and no remainder to find the channel.
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read> mean: array<f32>;
@group(0) @binding(5) var<storage, read> variance: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

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
    let scale = gamma[c] / sqrt(variance[c] + p.epsilon);
    let m = mean[c];
    let shift = beta[c];
    for (var row = run.start; row < run.end; row++) {
        let i = row * p.channels + c;
        y[i] = fma(x[i] - m, scale, shift);
    }
}
