// Sum, step 4: subgroups.  y = sum over i of x[i]
//
// x        [N], y [1]; partial [N / 4096] the sum of each workgroup
// Threads: 16 numbers a thread, 256 apart, in workgroups of 256. A second launch adds up the sums of all workgroups.
// Bytes:   as step 3.
// Why:     the threads of a subgroup (4 to 128 neighbours, 32 on most GPUs) run in step, and can add up their numbers without workgroup
//          memory and without a barrier: one instruction takes the place of the first rounds of the tree. What is left are a few
//          sums, one of each subgroup, which one thread adds up.
// Grid: N / 4096
// Scratch: N / 4096
// Grid 2: 1
// Needs: subgroups (browsers ask for a line `enable subgroups;` above all others; naga, which reads it here, does not know it)
@group(0) @binding(0) var<uniform> count: u32;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

const THREADS: u32 = 256u;
const EACH: u32 = 16u;
var<workgroup> sums: array<f32, 256>;

fn pieces() -> u32 {
    return (count + EACH * THREADS - 1u) / (EACH * THREADS);
}

fn sum_of_workgroup(own: f32, lane: u32, subgroup: u32, subgroups: u32) -> f32 {
    let sum = subgroupAdd(own);
    if (lane == 0u) {
        sums[subgroup] = sum;
    }
    workgroupBarrier();
    var whole = 0.0;
    for (var i = 0u; i < subgroups; i++) {
        whole += sums[i];
    }
    return whole;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
    @builtin(subgroup_invocation_id) lane: u32,
    @builtin(subgroup_size) lanes: u32,
) {
    let number = group.y * groups.x + group.x;
    var own = 0.0;
    for (var step = 0u; step < EACH; step++) {
        let i = (number * EACH + step) * THREADS + local;
        own += select(0.0, x[i], i < count);
    }
    let sum = sum_of_workgroup(own, lane, local / lanes, THREADS / lanes);
    if (local == 0u && number < pieces()) {
        partial[number] = sum;
    }
}

@compute @workgroup_size(256)
fn second(
    @builtin(local_invocation_index) local: u32,
    @builtin(subgroup_invocation_id) lane: u32,
    @builtin(subgroup_size) lanes: u32,
) {
    var own = 0.0;
    for (var i = local; i < pieces(); i += THREADS) {
        own += partial[i];
    }
    let sum = sum_of_workgroup(own, lane, local / lanes, THREADS / lanes);
    if (local == 0u) {
        y[0] = sum;
    }
}
