// Sum, step 2: a tree.  y = sum over i of x[i]
//
// x        [N], y [1]; partial [N / 256] the sum of each workgroup
// Threads: a thread a number in workgroups of 256. A second launch of one workgroup adds up the sums of all workgroups.
// Bytes:   4 N, by all threads at once.
// Why:     pairs of numbers can be added at the same time: 256 numbers take 8 rounds instead of 255 additions. In each round half of
//          the threads stop, so most of them do nothing most of the time, and each round ends with a barrier. Workgroups cannot wait
//          for each other, so their sums are added in a second launch, in the same order every time.
// Grid: N / 256
// Scratch: N / 256
// Grid 2: 1
@group(0) @binding(0) var<uniform> count: u32;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

const THREADS: u32 = 256u;
var<workgroup> sums: array<f32, 256>;

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
    let i = number * THREADS + local;
    let sum = sum_of_workgroup(select(0.0, x[i], i < count), local);
    if (local == 0u && number < (count + THREADS - 1u) / THREADS) {
        partial[number] = sum;
    }
}

@compute @workgroup_size(256)
fn second(@builtin(local_invocation_index) local: u32) {
    var own = 0.0;
    for (var i = local; i < (count + THREADS - 1u) / THREADS; i += THREADS) {
        own += partial[i];
    }
    let sum = sum_of_workgroup(own, local);
    if (local == 0u) {
        y[0] = sum;
    }
}
