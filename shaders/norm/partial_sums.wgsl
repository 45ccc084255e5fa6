// What one thread has of the sums of a piece, and how two are combined: two sums, by addition.
//
// Threads: called by one_thread.wgsl and many_threads.wgsl; no map of its own.
// Bytes:   none.
// Why:     the tree over a team need not know what it adds up. partial_moments.wgsl is the other filling.
#import norm/sizes.wgsl
alias Partial = array<Channels, 2>;

fn combined(a: Partial, b: Partial) -> Partial {
    return Partial(a[0] + b[0], a[1] + b[1]);
}
