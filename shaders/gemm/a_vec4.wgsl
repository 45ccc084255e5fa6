// Operand A in memory, where four neighbours can be loaded at once:  a_quad(run) = A[base+i .. base+i+3]
//
// a        any matrix or image whose runs all start at a multiple of 4 elements and have a multiple of 4 elements
// Threads: called by any thread of a core that needs the numbers; no thread mapping of its own.
// Bytes:   16 per load.
// Why:     four at once cost a GPU one transaction instead of four; on lavapipe, where loads dominate, a vec4 costs twice as
//          much as a scalar, not four times.
#import gemm/rows.wgsl
#import gemm/runs.wgsl
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;

fn a_quad(run: Run) -> vec4<f32> {
    if (!A_ALONG_K && run.last == ONE) {
        return vec4<f32>(1.0, 0.0, 0.0, 0.0);
    }
    if (run.i < run.first || run.i >= run.last) {
        return vec4<f32>(0.0);
    }
    return a[(run.base + run.i) / 4u];
}

fn a_eight(run: Run) -> Eight {
    // The second half of the run 1, 0, 0, .. is all zeros.
    let last = select(run.last, 0u, run.last == ONE);
    return Eight(a_quad(run), a_quad(Run(run.base, run.i + 4u, run.first, last)));
}
