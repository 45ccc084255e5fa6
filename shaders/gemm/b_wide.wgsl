// Operand B in memory, where eight neighbours can be loaded at once:  b_eight(run) = B[base+i .. base+i+7]
//
// b        a matrix whose runs all start at a multiple of 8 elements and have a multiple of 8 elements
// Threads: called by any lane of the subgroup core that needs the numbers; no thread mapping of its own.
// Bytes:   32 per load, as four 64-bit integers of two floats each.
// Why:     as in a_wide.wgsl.
#import gemm/runs.wgsl
#import gemm/wide.wgsl
@group(0) @binding(2) var<storage, read> b: array<vec4<u64>>;

fn b_eight(run: ClampedRun) -> Eight {
    return eight_of(b[(run.base + min(run.i, run.last - 7u)) / 8u]);
}
