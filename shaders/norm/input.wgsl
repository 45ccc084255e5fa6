// The input of batch norm, bound the same way wherever its statistics are worked out or used
//
// x        [n, in_h, in_w, groups]
// Threads: no map of its own.
// Bytes:   4 an element, read by who uses it.
// Why:     moments.wgsl needs x for the origin of a channel, in the kernel that sums and in the one that normalises.
#import norm/sizes.wgsl
@group(0) @binding(1) var<storage, read> x: array<Channels>;
