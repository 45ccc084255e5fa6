// One thread's part of a maximum or minimum, and how two parts are combined: a number, the larger or the smaller.
//
// Threads: called by one_thread.wgsl and many_threads.wgsl; no thread mapping of its own.
// Bytes:   none.
// Why:     the reduction over a team need not know what it combines.
#import common/value_f32.wgsl
#import elementwise/functions.wgsl
alias Partial = f32;
override LARGEST: bool;  // else the smallest

fn combined(a: Partial, b: Partial) -> Partial {
    if (LARGEST) {
        return larger(a, b);
    }
    return smaller(a, b);
}
