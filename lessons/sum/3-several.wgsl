// Sum, step 3: several numbers a thread.  y = sum over i of x[i]
//
// x        [N], y [1]; partial [N / 4096] the sum of each workgroup
// Threads: 16 numbers a thread, 256 apart, in workgroups of 256. A second launch adds up the sums of all workgroups.
// Bytes:   4 N; a sixteenth as many sums are written and read again.
// Why:     the tree is dear: barriers, and threads that wait. Each thread first adds up 16 numbers by itself, where nobody waits, so
//          the tree is climbed once for 4,096 numbers. The numbers of a thread are 256 apart, so that neighbouring threads read
//          neighbouring words at every step.
// Grid: N / 4096
// Scratch: N / 4096
// Grid 2: 1
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

fn sum_of_workgroup(own: f32, local: u32) -> f32 {
    sums[local] = own;
    workgroupBarrier();
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        if (local < half) {
            sums[local] += sums[local + half];
        }
        workgroupBarrier();
    }
    return sums[0];
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = group.y * groups.x + group.x;
    var own = 0.0;
    for (var step = 0u; step < EACH; step++) {
        let i = (number * EACH + step) * THREADS + local;
        own += select(0.0, x[i], i < count);
    }
    let sum = sum_of_workgroup(own, local);
    if (local == 0u && number < pieces()) {
        partial[number] = sum;
    }
}

@compute @workgroup_size(256)
fn second(@builtin(local_invocation_index) local: u32) {
    var own = 0.0;
    for (var i = local; i < pieces(); i += THREADS) {
        own += partial[i];
    }
    let sum = sum_of_workgroup(own, local);
    if (local == 0u) {
        y[0] = sum;
    }
}
