// Sums and extremes by teams of one thread: each thread has an item of its own (a sum, or a piece of one), so there is nothing to combine.
//
// Threads: ITEMS items per workgroup, one thread each.
// Bytes:   none.
// Why:     on a CPU a barrier suspends a coroutine, and a few hundred threads are plenty. many_threads.wgsl is what a real
//          GPU needs.
#choose partial: reduce/partial_number.wgsl | reduce/partial_extreme.wgsl
#choose partial: norm/partial_moments.wgsl | norm/partial_sums.wgsl
const ITEMS: u32 = 64u;
const TEAM: u32 = 1u;

fn team_result(local: u32, own: Partial) -> Partial {
    return own;
}
