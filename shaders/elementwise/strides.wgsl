// Where an element lies in tensors that are walked with strides: repeated, permuted or sliced
//
// Joined to zip_strided.wgsl and strided_copy.wgsl.
// Threads: called by the thread that has element `i` of the output; no map of its own.
// Bytes:   none; a division and a remainder an axis, some 20 integer operations each.
// Why:     one rule for every way to look at a tensor. With stride 0 an axis is repeated; with those of another order it is
//          permuted; with a multiple it is sliced. The host merges neighbouring axes that all tensors walk alike, so that
//          there are seldom more than two or three. RANK is a constant of the pipeline, so the loop is unrolled.
override RANK: u32;
const MOST_AXES: u32 = 6u;

// The axes of the output, the innermost first: (size, stride of the first tensor, of the second, unused)
alias Axes = array<vec4<u32>, MOST_AXES>;

// Element `i` of the output within the first tensor and the second.
fn places(i: u32) -> vec2<u32> {
    var rest = i;
    var at = vec2<u32>();
    for (var k = 0u; k < RANK; k++) {
        let axis = p.axes[k];
        at += (rest % axis.x) * axis.yz;
        rest /= axis.x;
    }
    return at;
}
