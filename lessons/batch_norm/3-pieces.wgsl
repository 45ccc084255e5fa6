// Batch norm's statistics, step 3: pieces, joined.  n = na + nb,  mean = mean_a + d nb / n,  m2 = m2_a + m2_b + d^2 na nb / n
//
// x        [R, C], row by row: R pixels of C channels; y [2, C]: means, then variances = m2 / R
// partial  [2, R / 256, C]: mean and m2 of each piece of 256 rows
// Threads: a thread for each channel of each piece. A second launch joins the pieces, a thread a channel.
// Bytes:   x is read once: 4 bytes an element; 8 bytes a piece and channel on top.
// Why:     what is known of two pieces is enough to know it of both together (Chan, Golub and LeVeque 1979): d is the difference of
//          their means. So pieces can be computed at the same time, R / 256 times as many threads, and each is short enough to be
//          exact. shaders/norm/stats.wgsl does this with eight pixels in registers instead of a division for each.
// Grid: R / 256 C / 64
// Scratch: R / 256 C 2
// Grid 2: C / 64
struct Sizes {
    rows: u32,
    channels: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

const PIECE: u32 = 256u;

fn pieces() -> u32 {
    return (sizes.rows + PIECE - 1u) / PIECE;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + local;
    let c = i % sizes.channels;
    let first = i / sizes.channels * PIECE;
    if (first >= sizes.rows) {
        return;
    }
    var mean = 0.0;
    var m2 = 0.0;
    for (var r = first; r < min(first + PIECE, sizes.rows); r++) {
        let value = x[r * sizes.channels + c];
        let from_old = value - mean;
        mean += from_old / f32(r - first + 1u);
        m2 += from_old * (value - mean);
    }
    partial[i] = mean;
    partial[pieces() * sizes.channels + i] = m2;
}

@compute @workgroup_size(64)
fn second(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let c = (group.y * groups.x + group.x) * 64u + local;
    if (c >= sizes.channels) {
        return;
    }
    var count = 0.0;
    var mean = 0.0;
    var m2 = 0.0;
    for (var piece = 0u; piece < pieces(); piece++) {
        let at = piece * sizes.channels + c;
        let its_count = f32(min(PIECE, sizes.rows - piece * PIECE));
        let d = partial[at] - mean;
        let both = count + its_count;
        mean += d * its_count / both;
        m2 += partial[pieces() * sizes.channels + at] + d * d * count * its_count / both;
        count = both;
    }
    y[c] = mean;
    y[sizes.channels + c] = m2 / f32(sizes.rows);
}
