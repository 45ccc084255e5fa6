// Batch norm, first pass of the statistics: mean and squared deviation of each channel over a run of rows
//     mean[piece, c] = sum of x / n,   m2[piece, c] = sum of (x - mean)^2
//
// x        [rows, channels], an image batch seen as pixels by channels
// mean, m2 [pieces, channels], pieces = ceil(rows / chunk)
// Threads: one a channel and piece, 64 a workgroup (params.wgsl).
// Bytes:   4 an element of x, read once. 4 FLOPs an element.
// Why:     the textbook's E[x^2] - E[x]^2 cancels when the mean is large beside the deviation, and two separate passes
//          read x twice. Here the sums are of x minus the piece's first element, which is close to the mean, so one pass
//          is enough and safe; stats_combine.wgsl joins the pieces.
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;
@group(0) @binding(3) var<storage, read_write> m2: array<f32>;

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
    let shift = x[run.start * p.channels + c];
    var sum = 0.0;
    var squares = 0.0;
    for (var row = run.start; row < run.end; row++) {
        let d = x[row * p.channels + c] - shift;
        sum += d;
        squares = fma(d, d, squares);
    }
    let n = f32(run.end - run.start);
    mean[number] = shift + sum / n;
    m2[number] = max(squares - sum * sum / n, 0.0);
}
