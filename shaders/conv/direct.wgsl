// Direct convolution for layers with few inputs per output: what its two kernels share.
//
// With one or three input channels, the matrix product has almost nothing to reuse and loads each pixel separately. Here a
// thread walks along image rows and keeps the TAPS inputs under the window in registers: a step to the right shifts them and
// loads only the new columns.
// out_c is divisible by 4 * QUADS.
#import conv/sizes.wgsl
#import gemm/product.wgsl
#const KERNEL_H = 3  // rows of the window
#const KERNEL_W = 3  // columns of the window
#const STRIDE_W = 1  // columns from one window to the next
#const IN_C = 1      // input channels
#const COLUMN = 3    // inputs in one column of the window: KERNEL_H * IN_C
#const QUADS = 2     // vec4s of output channels per thread
const TAPS: u32 = KERNEL_W * COLUMN;
struct Params {
    product: Product,              // gemm/product.wgsl: rows are the pixels of Y, cols its channels
    @align(16) conv: Convolution,  // conv/sizes.wgsl
    lines_per_thread: u32,         // image rows per thread
}
@group(0) @binding(0) var<uniform> params: Params;
var<private> lines_per_thread: u32;

fn copy_params() {
    p = params.product;
    conv = params.conv;
    lines_per_thread = params.lines_per_thread;
}

@group(0) @binding(1) var<storage, read> x: array<f32>;

// Input number e of a column: kernel row e / IN_C, channel e % IN_C. Zero in the padding.
fn input_at(image: u32, top: i32, column: i32, e: u32) -> f32 {
    let ih = top + i32(e / IN_C);
    if (ih < 0 || ih >= i32(conv.in_h) || column < 0 || column >= i32(conv.in_w)) {
        return 0.0;
    }
    return x[((image * conv.in_h + u32(ih)) * conv.in_w + u32(column)) * IN_C + e % IN_C];
}

// The inputs under a window, columns from left to right.
alias Inputs = array<array<f32, COLUMN>, KERNEL_W>;

// Moves the window so that its first column is `left`. Columns that were already under it are only shifted.
fn move_to(image: u32, top: i32, left: i32, under: ptr<function, Inputs>) {
    #unroll
    for (var kw = 0u; kw < KERNEL_W; kw++) {
        #unroll
        for (var e = 0u; e < COLUMN; e++) {
            if (kw + STRIDE_W < KERNEL_W) {
                (*under)[kw][e] = (*under)[min(kw + STRIDE_W, KERNEL_W - 1u)][e];
            } else {
                (*under)[kw][e] = input_at(image, top, left + i32(kw), e);
            }
        }
    }
}

// The window one step to the left of the image's first window, so that the first move brings it into place.
fn before_first(image: u32, top: i32, under: ptr<function, Inputs>) {
    #unroll
    for (var kw = 0u; kw < KERNEL_W; kw++) {
        #unroll
        for (var e = 0u; e < COLUMN; e++) {
            (*under)[kw][e] = 0.0;
            if (kw >= STRIDE_W) {
                (*under)[kw][e] = input_at(image, top, i32(kw) - i32(STRIDE_W) - i32(conv.pad_left), e);
            }
        }
    }
}
