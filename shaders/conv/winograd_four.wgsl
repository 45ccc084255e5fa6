// Four pixels of dY at the six points (winograd.wgsl): at_points(y) = A y
//
// Threads: called by each thread of winograd_image.wgsl; no thread mapping of its own.
// Bytes:   none.
// Why:     tiles of X and of dY differ in this only.
#import conv/winograd.wgsl
const SIDE: u32 = 4u;
alias Pixels = Four;

fn at_points(y: Pixels) -> Six {
    return of_output(y);
}
