// A row by a whole workgroup: the maximum and the sum of what its threads have found, for all of them.
//
// Threads: ROWS = 1 row per workgroup, TEAM threads; thread `member` takes the numbers member, member + TEAM, .. of the row, so
//          that neighbouring threads load neighbours.
// Bytes:   256 of workgroup memory.
// Why:     a thousand classes by one thread are a thousand loads one after the other, 4 KB away from those of the next thread.
//          A tree in a fixed order: the result is the same from run to run.
const ROWS: u32 = 1u;
const TEAM: u32 = 64u;
var<workgroup> numbers: array<f32, TEAM>;

fn team_max(member: u32, own: f32) -> f32 {
    numbers[member] = own;
    for (var half = TEAM / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (member < half) {
            numbers[member] = max(numbers[member], numbers[member + half]);
        }
    }
    // It waits before and after, so that `numbers` can be used again.
    return workgroupUniformLoad(&numbers[0]);
}

fn team_sum(member: u32, own: f32) -> f32 {
    numbers[member] = own;
    for (var half = TEAM / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (member < half) {
            numbers[member] += numbers[member + half];
        }
    }
    return workgroupUniformLoad(&numbers[0]);
}
