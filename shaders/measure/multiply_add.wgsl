// How many multiply-adds per second an adapter reaches:  s = s x + y, repeated in registers
//
// y        [threads] at binding 1: the sums, so that the compiler cannot remove the work
// Threads: each has four sums of four lanes, 64 threads per workgroup: enough that no multiply-add waits for the previous one.
// Bytes:   4 per thread. 32 FLOPs per round.
// Why:     the ceiling for every compute-bound kernel: no load, no store, no branch but the loop's.
#import common/grid.wgsl
struct Params {
    rounds: u32,  // multiply-adds of each sum, a multiple of UNROLLED
    factor: f32,  // x
    addend: f32,  // y
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
const SUMS: u32 = 4u;
const UNROLLED: u32 = 4u;   // with 16, llvmpipe of Mesa 22.3 reaches a third less

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let thread = linear_workgroup(group, groups) * 64u + local;
    // Copied before the loop: lavapipe would load them again for every multiply-add.
    let factor = vec4<f32>(p.factor);
    let addend = vec4<f32>(p.addend);
    var sums: array<vec4<f32>, SUMS>;
    #unroll
    for (var i = 0u; i < SUMS; i++) {
        sums[i] = vec4<f32>(f32(thread + i));
    }
    for (var round = 0u; round < p.rounds; round += UNROLLED) {
        #unroll
        for (var u = 0u; u < UNROLLED; u++) {
            #unroll
            for (var i = 0u; i < SUMS; i++) {
                sums[i] = fma(sums[i], factor, addend);
            }
        }
    }
    var all = vec4<f32>(0.0);
    #unroll
    for (var i = 0u; i < SUMS; i++) {
        all += sums[i];
    }
    if (thread < arrayLength(&y)) {
        y[thread] = all.x + all.y + all.z + all.w;
    }
}
