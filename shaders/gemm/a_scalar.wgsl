// Operand A in memory, element by element:  a_quad(run) = A[base+i .. base+i+3], a_eight(run) = A[base+i .. base+i+7]
//
// a        any matrix or image
// Threads: called by any thread of a core that needs the numbers; no thread mapping of its own.
// Bytes:   4 per load.
// Why:     images of 1 or 3 channels, and other sizes not divisible by 4. Padding may begin and end within a run, so each
//          element is checked; a_vec4.wgsl checks once.
#import gemm/rows.wgsl
#import gemm/runs.wgsl
@group(0) @binding(1) var<storage, read> a: array<f32>;

fn a_element(run: Run, e: u32) -> f32 {
    // Not a branch round the load: a compiler then waits for each load before it begins the next.
    let exists = run.i + e >= run.first && run.i + e < run.last;
    let value = select(0.0, a[select(0u, run.base + run.i + e, exists)], exists);
    return select(value, 1.0, !A_ALONG_K && e == 0u && starts_with_one(run));
}

fn a_quad(run: Run) -> vec4<f32> {
    return vec4<f32>(a_element(run, 0u), a_element(run, 1u), a_element(run, 2u), a_element(run, 3u));
}

fn a_eight(run: Run) -> Eight {
    let second = vec4<f32>(a_element(run, 4u), a_element(run, 5u), a_element(run, 6u), a_element(run, 7u));
    return Eight(a_quad(run), second);
}
