// Operand B in memory, where four neighbours can be loaded at once:  b_quad(run) = B[base+i .. base+i+3]
//
// b        a matrix whose runs all start at a multiple of 4 elements and have a multiple of 4 elements
// Threads: called by any thread of a core that needs the numbers; no thread mapping of its own.
// Bytes:   16 per load.
// Why:     as in a_vec4.wgsl. Clamping the start keeps a run inside the matrix without a branch.
#import gemm/runs.wgsl
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;

fn b_quad(run: ClampedRun) -> vec4<f32> {
    return b[(run.base + min(run.i, run.last - 3u)) / 4u];
}

fn b_eight(run: ClampedRun) -> Eight {
    return Eight(b_quad(run), b_quad(ClampedRun(run.base, run.i + 4u, run.last)));
}
