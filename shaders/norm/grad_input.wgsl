// Batch norm, gradient of the input. With s = gamma / sqrt(var + eps) and xhat the normalised input:
//     training:   dx = s (dy - dbeta / rows - xhat dgamma / rows)     mean and variance depend on x too
//     inference:  dx = s dy                                          they are constants
//
// x, dy, dx                    [rows, channels]
// gamma, mean, var, dgamma, dbeta  [channels]
// Threads: one a channel and run of `chunk` rows, 64 a workgroup (params.wgsl).
// Bytes:   8 read and 4 written an element. 4 FLOPs an element.
// Why:     written as dx = s dy + a x + b, with s, a and b the same for a whole channel and computed once a thread.
override TRAINING: bool;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read> mean: array<f32>;
@group(0) @binding(5) var<storage, read> variance: array<f32>;
@group(0) @binding(6) var<storage, read> dgamma: array<f32>;
@group(0) @binding(7) var<storage, read> dbeta: array<f32>;
@group(0) @binding(8) var<storage, read_write> dx: array<f32>;

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
    let inverse = 1.0 / sqrt(variance[c] + p.epsilon);
    let s = gamma[c] * inverse;
    let n = select(1.0, f32(p.rows), TRAINING);
    let a = select(0.0, -s * inverse * dgamma[c] / n, TRAINING);
    let b = select(0.0, -s * dbeta[c] / n, TRAINING);
    let m = mean[c];
    for (var row = run.start; row < run.end; row++) {
        let i = row * p.channels + c;
        dx[i] = fma(s, dy[i], fma(a, x[i] - m, b));
    }
}
