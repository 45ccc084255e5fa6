// What is summed up over the pixels of a piece by SLICES threads, combined in workgroup memory. What a `Partial` result is
// and how two are `combined` is a choice.
//
// Threads: ITEMS pieces a workgroup, SLICES threads each; thread `local` has slice local / ITEMS of piece local % ITEMS.
// Bytes:   8 or 12 KiB of workgroup memory.
// Why:     a tree in a fixed order: the result is the same from run to run, and the error grows with the logarithm of the
//          number of terms.
#choose partial: norm/partial_moments.wgsl | norm/partial_sums.wgsl
const ITEMS: u32 = 8u;
const SLICES: u32 = 32u;
var<workgroup> slices: array<Partial, 256>;

// The result of all slices, in the threads of slice 0.
fn all_slices(local: u32, own: Partial) -> Partial {
    slices[local] = own;
    for (var half = SLICES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local < half * ITEMS) {
            slices[local] = combined(slices[local], slices[local + half * ITEMS]);
        }
    }
    return slices[local];
}
