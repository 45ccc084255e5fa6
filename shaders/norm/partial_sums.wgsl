// One thread's part of the sums of a piece, and how two parts are combined: two sums, by addition.
//
// Threads: called by one_thread.wgsl and many_threads.wgsl; no thread mapping of its own.
// Bytes:   none.
// Why:     the reduction over a team need not know what it combines. partial_moments.wgsl is the other option.
#import norm/sizes.wgsl
alias Partial = array<Channels, 2>;

fn combined(a: Partial, b: Partial) -> Partial {
    return Partial(a[0] + b[0], a[1] + b[1]);
}
