// Batch norm, statistics: mean and squared deviation of each channel over each piece of the pixels
//     mean = sum of (x - origin) / n,   m2 = sum of (x - origin - mean)^2,   origin = the channel's first pixel
//
// x        [pixels, groups]
// pieces   [2, pieces, groups]: means, then m2s; statistics_of_pieces.wgsl joins them
// Threads: ITEMS * SLICES a workgroup (one_thread.wgsl, many_threads.wgsl); an item is a group of channels of a piece.
// Bytes:   4 an element of x, read once. 7 FLOPs an element.
// Why:     the textbook's E[x^2] - E[x]^2 cancels when the mean is large beside the deviation, and two separate passes
//          read x twice. Here eight pixels at a time stay in registers for the two passes: their mean, then their
//          deviations from it. Joining is by moments.wgsl, which cancels nothing, whatever the pixels are. Taking them less the
//          origin keeps means exact that are large beside the deviation; which pixel the origin is makes no difference.
@group(0) @binding(1) var<storage, read> x: array<Channels>;
@group(0) @binding(2) var<storage, read_write> pieces: array<Channels>;

const BLOCK: u32 = 8u;    // pixels in registers
const BLOCKS: u32 = 16u;  // blocks that are joined before they join the rest
alias Partial = Moments;

fn combined(a: Moments, b: Moments) -> Moments {
    return join(a, b);
}

// The moments of BLOCK pixels from `first` on, SLICES apart.
fn block_of(first: u32, c: u32, origin: Channels) -> Moments {
    var values: array<Channels, BLOCK>;
    var sum = Channels();
    for (var i = 0u; i < BLOCK; i++) {
        values[i] = relu_before(x[(first + i * SLICES) * p.groups + c]) - origin;
        sum += values[i];
    }
    let mean = sum * (1.0 / f32(BLOCK));
    var m2 = Channels();
    for (var i = 0u; i < BLOCK; i++) {
        let d = values[i] - mean;
        m2 = fma(d, d, m2);
    }
    return Moments(f32(BLOCK), mean, m2);
}

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
    let origin = relu_before(x[c]);
    let whole = (BLOCK - 1u) * SLICES;  // from a block's first pixel to its last
    var moments = Moments();
    var pixel = start + local / ITEMS;
    while (pixel + whole < end) {
        var some = Moments();
        for (var i = 0u; i < BLOCKS && pixel + whole < end; i++) {
            some = join(some, block_of(pixel, c, origin));
            pixel += BLOCK * SLICES;
        }
        moments = join(moments, some);
    }
    for (; pixel < end; pixel += SLICES) {
        moments = join(moments, Moments(1.0, relu_before(x[pixel * p.groups + c]) - origin, Channels()));
    }
    moments = all_slices(local, moments);
    if (exists && local < ITEMS) {
        pieces[item] = moments.mean;
        pieces[p.pieces * p.groups + item] = moments.m2;
    }
}
