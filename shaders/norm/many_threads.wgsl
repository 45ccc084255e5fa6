// Two sums over the pixels of a piece by SLICES threads, added up in workgroup memory.
//
// Threads: ITEMS pieces a workgroup, SLICES threads each; thread `local` has slice local / ITEMS of piece local % ITEMS.
// Bytes:   8 KiB of workgroup memory.
// Why:     a tree in a fixed order: the result is the same from run to run, and the error grows with the logarithm of the
//          number of terms.
const ITEMS: u32 = 8u;
const SLICES: u32 = 32u;
var<workgroup> slices: array<array<Channels, 2>, 256>;

// The sums of all slices, in the threads of slice 0.
fn add_slices(local: u32, sums: array<Channels, 2>) -> array<Channels, 2> {
    slices[local] = sums;
    for (var half = SLICES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local < half * ITEMS) {
            slices[local][0] += slices[local + half * ITEMS][0];
            slices[local][1] += slices[local + half * ITEMS][1];
        }
    }
    return slices[local];
}
