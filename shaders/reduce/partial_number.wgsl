// One thread's part of a sum, and how two parts are combined: a number, by addition.
//
// Threads: called by one_thread.wgsl and many_threads.wgsl; no thread mapping of its own.
// Bytes:   none.
// Why:     the reduction over a team need not know what it combines. The other options are partial_extreme.wgsl
//          and, for batch norm, norm/partial_moments.wgsl and norm/partial_sums.wgsl.
alias Partial = f32;

fn combined(a: Partial, b: Partial) -> Partial {
    return a + b;
}
