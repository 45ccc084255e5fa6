// The maximum or minimum along one axis, in pieces:  y[o, piece, i] = max (or min) over the piece's l of x[o, l, i]
//
// x        [outer, len, inner], len at least 1
// y        [outer, pieces, inner], pieces = ceil(len / chunk)
// Threads: ITEMS * TEAM per workgroup (one_thread.wgsl, many_threads.wgsl); an item is an element of y; neighbours take
//          neighbouring i.
// Bytes:   4 read per element of x, hardly anything written. 1 comparison per element.
// Why:     the shape of sum.wgsl: a long axis takes two passes. Nothing is rounded, so there are no sums of sums. NaN
//          follows the rule of elementwise/functions.wgsl: one NaN makes the result NaN, as in PyTorch; WGSL's own max may
//          hide it.
#import common/grid.wgsl
#import reduce/partial_extreme.wgsl
#choose team: reduce/one_thread.wgsl | reduce/many_threads.wgsl
struct Params {
    outer: u32,   // product of the sizes before the axis
    len: u32,     // size of the axis
    inner: u32,   // product of the sizes after the axis
    chunk: u32,   // numbers that a team compares
    pieces: u32,  // teams along the axis
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
    // Threads past the last item only take part in the barriers.
    let item = select(0u, number, exists);
    let i = item % p.inner;
    let line = item / p.inner;
    let start = (line % p.pieces) * p.chunk;
    let count = min(p.chunk, p.len - start);
    // This thread takes every TEAM-th number of the piece; all begin with the first.
    let member = local / ITEMS;
    let base = ((line / p.pieces) * p.len + start) * p.inner + i;
    var best = x[base];
    for (var l = member; l < count; l += TEAM) {
        best = combined(best, x[base + l * p.inner]);
    }
    let result = team_result(local, best);
    if (exists && member == 0u) {
        y[number] = result;
    }
}
