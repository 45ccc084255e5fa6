// What a slice of the gradient's sums results in, and how two are combined: two sums, by addition.
//
// Threads: called by one_thread.wgsl and many_threads.wgsl; no map of its own.
// Bytes:   none.
// Why:     the tree over slices need not know what it adds up. partial_moments.wgsl is the other filling.
#import norm/sizes.wgsl
alias Partial = array<Channels, 2>;

fn combined(a: Partial, b: Partial) -> Partial {
    return Partial(a[0] + b[0], a[1] + b[1]);
}
