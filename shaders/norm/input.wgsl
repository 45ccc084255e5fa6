// The input of batch norm, bound the same way wherever its statistics are computed or used
//
// x        [n, in_h, in_w, groups]
// Threads: no thread mapping of its own.
// Bytes:   4 per element, read by the kernels that use it.
// Why:     moments.wgsl needs x for the origin of a channel, both in the kernel that sums and in the one that normalises.
#import norm/sizes.wgsl
@group(0) @binding(1) var<storage, read> x: array<Channels>;
