// Batch norm, statistics: mean and squared deviation of each channel over each piece of the pixels
//     mean = sum of x / n,   m2 = sum of (x - mean)^2
//
// x        [pixels, groups]
// pieces   [2, pieces, groups]: means, then m2s; statistics_of_pieces.wgsl joins them
// Threads: ITEMS * SLICES a workgroup (one_thread.wgsl, many_threads.wgsl); an item is a group of channels of a piece.
// Bytes:   4 an element of x, read once. 4 FLOPs an element.
// Why:     the textbook's E[x^2] - E[x]^2 cancels when the mean is large beside the deviation, and two separate passes
//          read x twice. Here the sums are of x minus the piece's first pixel, which is close to the mean, so one pass is
//          enough and safe.
@group(0) @binding(1) var<storage, read> x: array<Channels>;
@group(0) @binding(2) var<storage, read_write> pieces: array<Channels>;

@compute @workgroup_size(ITEMS * SLICES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    p = params;
    let item = linear_workgroup(group, groups) * ITEMS + local % ITEMS;
    let exists = item < p.pieces * p.groups;
    // Threads past the last item take part in the barriers and in nothing else.
    let c = item % p.groups;
    let start = select(pixels(), item / p.groups * p.chunk, exists);
    let end = min(start + p.chunk, pixels());
    let shift = relu_before(x[min(start, pixels() - 1u) * p.groups + c]);
    var sums = array<Channels, 2>();
    for (var pixel = start + local / ITEMS; pixel < end; pixel += SLICES) {
        let d = relu_before(x[pixel * p.groups + c]) - shift;
        sums[0] += d;
        sums[1] = fma(d, d, sums[1]);
    }
    sums = add_slices(local, sums);
    if (exists && local < ITEMS) {
        let n = f32(end - start);
        pieces[item] = shift + sums[0] / n;
        pieces[p.pieces * p.groups + item] = max(sums[1] - sums[0] * sums[0] / n, Channels());
    }
}
