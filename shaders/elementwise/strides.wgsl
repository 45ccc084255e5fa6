// Where neighbouring elements lie in tensors that are walked with strides: repeated, permuted or sliced
//
// Joined to zip_strided.wgsl and strided_copy.wgsl.
// Threads: called by the thread that has up to four neighbours along the innermost axis of the output; no map of its own.
// Bytes:   none; a division and a remainder an axis, some 20 integer operations each, for four elements together.
// Why:     one rule for every way to look at a tensor. With stride 0 an axis is repeated; with those of another order it is
//          permuted; with a multiple it is sliced. The host merges neighbouring axes that all tensors walk alike, so that
//          there are seldom more than two or three. RANK is a constant of the pipeline, so the loop is unrolled.
struct Params {
    len: u32,                   // threads
    start: u32,                 // strided_copy.wgsl: first element of x
    c: f32,                     // zip_strided.wgsl: constants of f
    d: f32,                     // the second
    axes: array<vec4<u32>, 6>,  // of the output, the innermost first: (size, stride of the first tensor, of the second, 0)
}
@group(0) @binding(0) var<uniform> p: Params;
override RANK: u32;

struct Neighbours {
    first: u32,       // of the output
    count: u32,       // 1 to 4
    at: vec2<u32>,    // the first within each of the two tensors
    step: vec2<u32>,  // from one to the next, there
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
