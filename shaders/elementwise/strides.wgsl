// Positions of neighbouring elements in tensors accessed with strides: repeated, permuted or sliced
//
// Joined to zip_strided.wgsl and strided_copy.wgsl.
// Threads: called by each thread for its up to four neighbours along the innermost axis of the output; no thread mapping of
//          its own.
// Bytes:   none; a division and a remainder per axis, some 20 integer operations each, for four elements together.
// Why:     one rule for every view of a tensor. Stride 0 repeats an axis, strides in another order permute axes, a multiple
//          slices one. The host merges neighbouring axes that can be traversed as one in all tensors, so there are seldom
//          more than two or three. RANK is a pipeline constant, so the loop is unrolled.
struct Params {
    len: u32,                   // threads
    start: u32,                 // strided_copy.wgsl: first element of x
    c: f32,                     // zip_strided.wgsl: first constant of f
    d: f32,                     // zip_strided.wgsl: second constant of f
    axes: array<vec4<u32>, 6>,  // of the output, the innermost first: (size, stride of the first tensor, of the second, 0)
}
@group(0) @binding(0) var<uniform> p: Params;
override RANK: u32;

struct Neighbours {
    first: u32,       // index of the first one in the output
    count: u32,       // 1 to 4
    at: vec2<u32>,    // index of the first one in each of the two tensors
    step: vec2<u32>,  // from one to the next in each of the two tensors
}

// Neighbours number `i`, counted over the whole output.
fn neighbours(i: u32) -> Neighbours {
    let inner = p.axes[0];
    let fours = (inner.x + 3u) / 4u;
    let line = i / fours;
    let col = (i - line * fours) * 4u;
    var rest = line;
    var at = col * inner.yz;
    for (var k = 1u; k < RANK; k++) {
        let axis = p.axes[k];
        at += (rest % axis.x) * axis.yz;
        rest /= axis.x;
    }
    return Neighbours(line * inner.x + col, min(4u, inner.x - col), at, inner.yz);
}
