// The sizes of a convolution, shared by its three products and by the direct kernels.
//
// Threads: no thread mapping of its own.
// Bytes:   none.
// Why:     one struct for all of them, because the gradients use the same windows.
struct Convolution {
    in_h: u32,      // rows of an input image, [N, in_h, in_w, in_c]
    in_w: u32,      // columns of an input image
    in_c: u32,      // channels of an input image
    out_h: u32,     // rows of an output image, [N, out_h, out_w, out_c]
    out_w: u32,     // columns of an output image
    out_c: u32,     // channels of an output image
    kernel_h: u32,  // rows of the window
    kernel_w: u32,  // columns of the window
    stride_h: u32,  // rows from one window to the next
    stride_w: u32,  // columns from one window to the next
    pad_top: u32,   // rows of zeros above an input image
    pad_left: u32,  // columns of zeros to the left of it
}
var<private> conv: Convolution;
