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
    // Not a branch round the load: a compiler then waits for each load before it begins the next.
    let exists = run.i >= run.first && run.i < run.last;
    var four = select(vec4<f32>(0.0), a[select(0u, (run.base + run.i) / 4u, exists)], exists);
    four.x = select(four.x, 1.0, !A_ALONG_K && starts_with_one(run));
    return four;
}

fn a_eight(run: Run) -> Eight {
    return Eight(a_quad(run), a_quad(Run(run.base, run.i + 4u, run.first, run.last)));
}
