// Six pixels of X at the six points (winograd.wgsl): at_points(d) = B^T d
//
// Threads: called by each thread of winograd_image.wgsl; no thread mapping of its own.
// Bytes:   none.
// Why:     tiles of X and of dY differ in this only.
#import conv/winograd.wgsl
const SIDE: u32 = 6u;
alias Pixels = Six;

fn at_points(d: Pixels) -> Six {
    return of_input(d);
}
