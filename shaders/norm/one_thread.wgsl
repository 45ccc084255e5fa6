// Two sums over the pixels of a piece: each thread has a piece of its own, so there is nothing to add up.
//
// Threads: ITEMS pieces a workgroup, one thread each.
// Bytes:   none.
// Why:     on a processor a barrier suspends a coroutine, and a few hundred threads are plenty. many_threads.wgsl shows
//          what a real GPU needs.
const ITEMS: u32 = 64u;
const SLICES: u32 = 1u;

fn add_slices(local: u32, sums: array<Channels, 2>) -> array<Channels, 2> {
    return sums;
}
