// Batch norm, statistics: mean and squared deviation of each channel over each piece of the pixels
//     mean = sum of (x - origin) / n,   m2 = sum of (x - origin - mean)^2
//
// x        [pixels, groups]
// pieces   [2, pieces, groups]: means, then m2s; statistics_of_pieces.wgsl joins them
// Threads: ITEMS * TEAM per workgroup (one_thread.wgsl, many_threads.wgsl); an item is a group of channels of a piece.
// Bytes:   4 per element of x, read once. 7 FLOPs per element.
// Why:     the textbook's E[x^2] - E[x]^2 cancels when the mean is large compared with the deviation, and two separate passes
//          read x twice. Here eight pixels at a time stay in registers for both passes: their mean, then their deviations
//          from it. moments.wgsl joins the blocks and provides the origin, without cancellation whatever the pixels are.
#import common/grid.wgsl
#import norm/input.wgsl
#import norm/moments.wgsl
#import norm/sizes.wgsl
#import norm/partial_moments.wgsl
#choose team: reduce/one_thread.wgsl | reduce/many_threads.wgsl
@group(0) @binding(2) var<storage, read_write> pieces: array<Channels>;

const BLOCK: u32 = 8u;  // pixels in registers

// The moments of BLOCK pixels from `first` on, TEAM apart.
fn block_of(first: u32, c: u32, origin: Channels) -> Moments {
    var values: array<Channels, BLOCK>;
    #unroll
    for (var i = 0u; i < BLOCK; i++) {
        values[i] = relu_before(x[(first + i * TEAM) * p.groups + c]) - origin;
    }
    let mean = sum_of(values) * (1.0 / f32(BLOCK));
    #unroll
    for (var i = 0u; i < BLOCK; i++) {
        let d = values[i] - mean;
        values[i] = d * d;
    }
    return Moments(f32(BLOCK), mean, sum_of(values));
}

fn sum_of(v: array<Channels, BLOCK>) -> Channels {
    return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
}

@compute @workgroup_size(ITEMS * TEAM)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    p = params.sizes;
    let item = linear_workgroup(group, groups) * ITEMS + local % ITEMS;
    let exists = item < p.pieces * p.groups;
    // Threads past the last item only take part in the barriers.
    let c = item % p.groups;
    let start = select(pixels(), item / p.groups * p.piece_len, exists);
    let end = min(start + p.piece_len, pixels());
    let origin = origin_of(c);
    let whole = (BLOCK - 1u) * TEAM;  // from a block's first pixel to its last
    // Blocks, fours of blocks, fours of those, and the rest.
    var levels: array<Moments, 4>;
    var pixel = start + local / ITEMS;
    for (var block = 1u; pixel + whole < end; block++) {
        levels[0] = join(levels[0], block_of(pixel, c, origin));
        pixel += BLOCK * TEAM;
        if (block % 4u == 0u) {
            levels[1] = join(levels[1], levels[0]);
            levels[0] = Moments();
        }
        if (block % 16u == 0u) {
            levels[2] = join(levels[2], levels[1]);
            levels[1] = Moments();
        }
        if (block % 64u == 0u) {
            levels[3] = join(levels[3], levels[2]);
            levels[2] = Moments();
        }
    }
    for (; pixel < end; pixel += TEAM) {
        levels[0] = join(levels[0], Moments(1.0, relu_before(x[pixel * p.groups + c]) - origin, Channels(0.0)));
    }
    let own = join(join(levels[3], levels[2]), join(levels[1], levels[0]));
    let moments = team_result(local, own);
    if (exists && local < ITEMS) {
        pieces[item] = moments.mean;
        pieces[p.pieces * p.groups + item] = moments.m2;
    }
}
