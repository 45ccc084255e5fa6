// One thread's part of the statistics of a piece, and how two parts are combined: moments, by their own formula.
//
// Threads: called by one_thread.wgsl and many_threads.wgsl; no thread mapping of its own.
// Bytes:   none.
// Why:     the reduction over a team need not know what it combines. partial_sums.wgsl is the other option.
#import norm/moments.wgsl
alias Partial = Moments;

fn combined(a: Moments, b: Moments) -> Moments {
    return join(a, b);
}
