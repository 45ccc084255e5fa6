// Batch norm (Ioffe and Szegedy 2015) fused with the ops around it: ReLU before or after, and max pooling after
//     y = max over the window of  gamma (x - mean) / sqrt(var + eps) + beta, plus a residual
//
// x            [n, in_h, in_w, groups]
// gamma, beta  [groups]; mean and variance come from statistics_of_pieces.wgsl or statistics_given.wgsl
// y            [n, out_h, out_w, groups]
// Threads: one per group of channels and `lines_per_thread` image rows of windows, 64 per workgroup. Neighbouring threads
//          take neighbouring channels.
// Bytes:   4 read per element of x, 4 written per element of y, 4 per winner, 4 read per element of a residual. 2 FLOPs per
//          element, 3 with a residual.
// Why:     as separate passes, ReLU, normalisation and pooling would write and read the whole image three more times. The
//          formula used is scale (x - mean) + beta, with per-channel values computed once per thread.
//          The first of equals wins, as in PyTorch, and a NaN wins over everything.
#import common/grid.wgsl
#import common/relu.wgsl
#import norm/input.wgsl
#import norm/sizes.wgsl
#choose statistics: norm/statistics_of_pieces.wgsl | norm/statistics_given.wgsl
#choose winners: norm/winners.wgsl | norm/no_winners.wgsl
#choose residual: norm/residual.wgsl | norm/no_residual.wgsl
@group(0) @binding(2) var<storage, read> gamma: array<Channels>;
@group(0) @binding(3) var<storage, read> beta: array<Channels>;
@group(0) @binding(4) var<storage, read_write> y: array<Channels>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    p = params.sizes;
    let number = linear_workgroup(group, groups) * 64u + local;
    let c = number % p.groups;
    let first = number / p.groups * p.lines_per_thread;
    if (first >= p.lines) {
        return;
    }
    let s = statistics(c);
    let inverse = 1.0 / sqrt(s.variance + p.epsilon);
    let scale = gamma[c] * inverse;
    let shift = beta[c];
    if (first == 0u) {
        keep_statistics(c, s, inverse, scale, shift);
    }
    for (var line = first; line < min(first + p.lines_per_thread, p.lines); line++) {
        let n = line / p.out_h;
        let top = n * p.in_h + (line - n * p.out_h) * KERNEL_H;
        for (var ow = 0u; ow < p.out_w; ow++) {
            var best = Channels(0.0);
            var winner = Channels(0.0);
            for (var dh = 0u; dh < KERNEL_H; dh++) {
                for (var dw = 0u; dw < KERNEL_W; dw++) {
                    let value = relu_before(x[((top + dh) * p.in_w + ow * KERNEL_W + dw) * p.groups + c]);
                    let normalised = fma(value - s.mean, scale, shift);
                    // "not less or equal" is also true of NaN.
                    let wins = (!(normalised <= best) & (best == best)) | Flags(dh + dw == 0u);
                    best = select(best, normalised, wins);
                    winner = select(winner, value, wins);
                }
            }
            let window = (line * p.out_w + ow) * p.groups + c;
            let sum = with_residual(window, best);
            y[window] = select(sum, relu(sum), RELU_AFTER);
            keep_winner(window, winner);
        }
    }
}
