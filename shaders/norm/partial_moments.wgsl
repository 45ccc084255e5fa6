// What one thread has of the statistics of a piece, and how two are combined: moments, by their own formula.
//
// Threads: called by one_thread.wgsl and many_threads.wgsl; no map of its own.
// Bytes:   none.
// Why:     the tree over a team need not know what it adds up. partial_sums.wgsl is the other filling.
#import norm/moments.wgsl
alias Partial = Moments;

fn combined(a: Moments, b: Moments) -> Moments {
    return join(a, b);
}
