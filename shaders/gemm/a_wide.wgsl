// Operand A in memory, where eight neighbours can be loaded at once:  a_eight(run) = A[base+i .. base+i+7]
//
// a        any matrix or image whose runs all start at a multiple of 8 elements and have a multiple of 8 elements
// Threads: called by any lane of the subgroup core that needs the numbers; no thread mapping of its own.
// Bytes:   32 per load, as four 64-bit integers of two floats each.
// Why:     lavapipe loads lane by lane and checks each element against the end of the buffer: some 45 instructions per lane
//          for a vec4, whatever the width of its elements. 64-bit elements load twice as much for the same cost. Measured at
//          1024^3: 39 GFLOP/s, against 27 with two vec4<f32> loads.
#import gemm/rows.wgsl
#import gemm/runs.wgsl
#import gemm/wide.wgsl
@group(0) @binding(1) var<storage, read> a: array<vec4<u64>>;

fn a_eight(run: Run) -> Eight {
    if (!A_ALONG_K && starts_with_one(run)) {
        return Eight(vec4<f32>(1.0, 0.0, 0.0, 0.0), vec4<f32>(0.0));
    }
    if (run.i < run.first || run.i >= run.last) {
        return Eight();
    }
    return eight_of(a[(run.base + run.i) / 8u]);
}
