// Batch norm, first pass of the statistics: mean and squared deviation of each channel over a run of rows
//     mean[piece, c] = sum of x / n,   m2[piece, c] = sum of (x - mean)^2
//
// x        [rows, channels], an image batch seen as pixels by channels
// mean, m2 [pieces, channels], pieces = ceil(rows / chunk)
// Threads: one a channel and piece, 64 a workgroup; neighbours take neighbouring channels.
// Bytes:   4 an element of x, read once. 4 FLOPs an element.
// Why:     the textbook's E[x^2] - E[x]^2 cancels when the mean is large beside the deviation, and two separate passes
//          read x twice. Here the sums are of x minus the piece's first element, which is close to the mean, so one pass
//          is enough and safe; stats_combine.wgsl joins the pieces.
struct Params {
    rows: u32,
    channels: u32,
    chunk: u32,
    pieces: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
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
    let c = number % p.channels;
    let start = number / p.channels * p.chunk;
    let end = min(start + p.chunk, p.rows);
    let shift = x[start * p.channels + c];
    var sum = 0.0;
    var squares = 0.0;
    for (var row = start; row < end; row++) {
        let d = x[row * p.channels + c] - shift;
        sum += d;
        squares = fma(d, d, squares);
    }
    let n = f32(end - start);
    mean[number] = shift + sum / n;
    m2[number] = max(squares - sum * sum / n, 0.0);
}
