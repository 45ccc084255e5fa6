// Sums and extremes by teams of TEAM threads, in workgroup memory: each team has an item (a sum, or a piece of one). The choice `partial`
// defines what a `Partial` result is and how two are `combined`.
//
// Threads: ITEMS items per workgroup, TEAM threads each; thread `local` is number local / ITEMS of the team for item
//          local % ITEMS, so that neighbouring threads take neighbouring items.
// Bytes:   1, 8 or 12 KiB of workgroup memory.
// Why:     a GPU wants more threads than there are sums, each with loads in flight; the host makes teams larger where there
//          are few sums. A tree in a fixed order: the result is the same from run to run, and the error grows with the logarithm
//          of the number of terms.
#choose partial: reduce/partial_number.wgsl | reduce/partial_extreme.wgsl
#choose partial: norm/partial_moments.wgsl | norm/partial_sums.wgsl
#const TEAM = 32  // threads of a team, a power of two up to 256
const ITEMS: u32 = 256u / TEAM;
var<workgroup> results: array<Partial, 256>;

// The result of the whole team, in its first thread.
fn team_result(local: u32, own: Partial) -> Partial {
    results[local] = own;
    for (var half = TEAM / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (local < half * ITEMS) {
            results[local] = combined(results[local], results[local + half * ITEMS]);
        }
    }
    return results[local];
}
