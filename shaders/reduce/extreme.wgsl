// The maximum or minimum along one axis, in pieces:  y[o, piece, i] = max (or min) over the piece's l of x[o, l, i]
//
// x        [outer, len, inner], len at least 1
// y        [outer, pieces, inner], pieces = ceil(len / chunk)
// Threads: one per element of y, 64 per workgroup; neighbours take neighbouring i.
// Bytes:   4 read per element of x, hardly anything written. 1 comparison per element.
// Why:     the shape of sum.wgsl: a long axis takes two passes. Nothing is rounded, so there are no sums of sums. NaN
//          follows the rule of elementwise/functions.wgsl: one NaN makes the result NaN, as in PyTorch; WGSL's own max may
//          hide it.
#import common/grid.wgsl
#import common/value_f32.wgsl
#import elementwise/functions.wgsl
struct Params {
    outer: u32,   // product of the sizes before the axis
    len: u32,     // size of the axis
    inner: u32,   // product of the sizes after the axis
    chunk: u32,   // numbers a thread compares
    pieces: u32,  // threads along the axis
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
override LARGEST: bool;  // else the smallest

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
    let start = (line % p.pieces) * p.chunk;
    let count = min(p.chunk, p.len - start);
    var at = ((line / p.pieces) * p.len + start) * p.inner + i;
    var best = x[at];
    for (var l = 1u; l < count; l++) {
        at += p.inner;
        if (LARGEST) {
            best = larger(best, x[at]);
        } else {
            best = smaller(best, x[at]);
        }
    }
    y[number] = best;
}
