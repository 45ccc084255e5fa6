// The sizes of batch norm and the pooling after it, shared by their kernels.
//
// Images are [n, in_h, in_w, channels]. Pooling windows of KERNEL_H x KERNEL_W are side by side and do not overlap, so
// out_h = in_h / KERNEL_H: pixels left over at the end are in no window.
// A thread handles one group of channels: four, or one where 4 does not divide the channels. Per-channel values are computed
// once per thread, which then loops over many pixels.
#import common/relu.wgsl
#choose value: common/value_f32.wgsl | common/value_vec4.wgsl
alias Channels = Value;
struct Sizes {
    n: u32,                 // images
    in_h: u32,              // rows of an image
    in_w: u32,              // columns of an image
    out_h: u32,             // rows of windows over an image
    out_w: u32,             // columns of windows over an image
    groups: u32,            // groups of channels
    piece_len: u32,         // pixels in a piece of a sum
    pieces: u32,            // pieces of a sum: ceil(pixels / piece_len)
    lines: u32,             // image rows (of windows) of all images
    lines_per_thread: u32,  // image rows of one thread, in kernels that write images
    epsilon: f32,           // added to the variance
}
struct Params {
    sizes: Sizes,           // all of them, for the copy below
}
@group(0) @binding(0) var<uniform> params: Params;

// The uniform is copied at the start of every kernel that has loops: lavapipe would reload it, lane by lane, at every use in
// a loop. That took a fifth of the weight gradient's time.
var<private> p: Sizes;
override KERNEL_H: u32;
override KERNEL_W: u32;
override RELU_BEFORE: bool;  // the input is relu(x), of common/relu.wgsl
override RELU_AFTER: bool;   // the output is relu(y)

// Pixels of all images: the count of numbers in a channel's statistics.
fn pixels() -> u32 {
    return p.n * p.in_h * p.in_w;
}

fn relu_before(x: Channels) -> Channels {
    return select(x, relu(x), RELU_BEFORE);
}
