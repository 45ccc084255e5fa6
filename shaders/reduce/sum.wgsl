// Sums along one axis, in pieces:  y[o, piece, i] = factor * sum over the piece's l of x[o, l, i]
//
// x        [outer, len, inner]
// y        [outer, pieces, inner], pieces = ceil(len / chunk)
// Threads: one an element of y, 64 a workgroup; neighbours take neighbouring i, so loads run in order when inner is
//          large (the sums over pixels and batch are like that).
// Bytes:   4 an element of x read, hardly anything written. 1 FLOP an element.
// Why:     a long axis takes two passes with chunk = sqrt(len): enough threads in the first, and few additions in a row
//          in both. Four sums side by side, and sums of sums, shorten the chain of roundings once more: 512 terms pass
//          through 16 + 8 + 3 additions one after the other, which is what keeps the error near a tree's. The order is fixed
//          by the sizes alone, so the result is the same in every run, which float atomics would not give.
#import common/grid.wgsl
const RUN: u32 = 16u;  // additions in a row before their sum joins the rest
struct Params {
    outer: u32,   // elements around the axis
    len: u32,     // of the axis
    inner: u32,   // elements within the axis
    chunk: u32,   // numbers a thread sums up
    pieces: u32,  // threads along the axis
    factor: f32,  // multiplies every sum
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * 64u + local;
    if (number >= p.outer * p.pieces * p.inner) {
        return;
    }
    let i = number % p.inner;
    let line = number / p.inner;
    let piece = line % p.pieces;
    let o = line / p.pieces;
    let start = piece * p.chunk;
    let count = min(p.chunk, p.len - start);
    var at = (o * p.len + start) * p.inner + i;

    let fours = count / 4u;
    var four = vec4<f32>();
    for (var run = 0u; run < fours; run += RUN) {
        var some = vec4<f32>();
        for (var l = run; l < min(run + RUN, fours); l++) {
            some += vec4<f32>(x[at], x[at + p.inner], x[at + 2u * p.inner], x[at + 3u * p.inner]);
            at += 4u * p.inner;
        }
        four += some;
    }
    var rest = 0.0;
    for (var l = 0u; l < count % 4u; l++) {
        rest += x[at];
        at += p.inner;
    }
    y[number] = p.factor * (((four.x + four.y) + (four.z + four.w)) + rest);
}
