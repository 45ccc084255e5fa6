// Sums along one axis, in pieces:  y[o, piece, i] = factor * sum over the piece's l of x[o, l, i]
//
// x        [outer, len, inner]
// y        [outer, pieces, inner], pieces = ceil(len / chunk)
// Threads: ITEMS * TEAM per workgroup (one_thread.wgsl, many_threads.wgsl); an item is an element of y. Neighbours take
//          neighbouring i, so loads run in order when inner is large (the sums over pixels and batch are like that).
// Bytes:   4 read per element of x, hardly anything written. 1 FLOP per element.
// Why:     a long axis takes two passes with chunk = sqrt(len): enough threads in the first, and few additions in a row
//          in both. Four sums side by side, and sums of sums, shorten the chain of roundings once more: 512 terms pass
//          through 16 + 8 + 3 additions one after the other, which keeps the error close to that of a tree. The order is fixed
//          by the sizes alone, so the result is the same in every run, which float atomics would not give.
#import common/grid.wgsl
#import reduce/partial_number.wgsl
#choose team: reduce/one_thread.wgsl | reduce/many_threads.wgsl
const RUN: u32 = 16u;  // additions in a row before their sum joins the others
struct Params {
    outer: u32,   // product of the sizes before the axis
    len: u32,     // size of the axis
    inner: u32,   // product of the sizes after the axis
    chunk: u32,   // numbers that a team sums up
    pieces: u32,  // teams along the axis
    factor: f32,  // multiplies every sum
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(ITEMS * TEAM)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * ITEMS + local % ITEMS;
    let exists = number < p.outer * p.pieces * p.inner;
    let i = number % p.inner;
    let line = number / p.inner;
    let piece = line % p.pieces;
    let o = line / p.pieces;
    let start = piece * p.chunk;
    // This thread adds up every TEAM-th number of the piece. Threads past the last item only take part in the barriers.
    let member = local / ITEMS;
    let count = select(0u, (min(p.chunk, p.len - start) + TEAM - 1u - member) / TEAM, exists);
    let step = TEAM * p.inner;
    var at = (o * p.len + start + member) * p.inner + i;

    let fours = count / 4u;
    var four = vec4<f32>(0.0);
    for (var run = 0u; run < fours; run += RUN) {
        var some = vec4<f32>(0.0);
        for (var l = run; l < min(run + RUN, fours); l++) {
            some += vec4<f32>(x[at], x[at + step], x[at + 2u * step], x[at + 3u * step]);
            at += 4u * step;
        }
        four += some;
    }
    var rest = 0.0;
    for (var l = 0u; l < count % 4u; l++) {
        rest += x[at];
        at += step;
    }
    let sum = team_result(local, ((four.x + four.y) + (four.z + four.w)) + rest);
    if (exists && member == 0u) {
        y[number] = p.factor * sum;
    }
}
