// Batch norm alone: nothing is added to it. See residual.wgsl.
//
// Threads: called by apply.wgsl; no thread mapping of its own.
// Bytes:   none.
// Why:     lets one kernel normalise with and without a residual.
#import norm/sizes.wgsl
fn with_residual(pixel: u32, y: Channels) -> Channels {
    return y;
}
