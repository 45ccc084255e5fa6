// Operand B in memory, element by element:  b_quad(run) = B[base+i .. base+i+3], b_eight(run) = B[base+i .. base+i+7]
//
// b        any matrix
// Threads: called by any thread of a core that needs the numbers; no thread mapping of its own.
// Bytes:   4 per load.
// Why:     the ten classes of the last layer, and other widths not divisible by 4.
#import gemm/runs.wgsl
@group(0) @binding(2) var<storage, read> b: array<f32>;

fn b_four(run: ClampedRun, e: u32) -> vec4<f32> {
    return vec4<f32>(
        b[run.base + min(run.i + e, run.last)],
        b[run.base + min(run.i + e + 1u, run.last)],
        b[run.base + min(run.i + e + 2u, run.last)],
        b[run.base + min(run.i + e + 3u, run.last)],
    );
}

fn b_quad(run: ClampedRun) -> vec4<f32> {
    return b_four(run, 0u);
}

fn b_eight(run: ClampedRun) -> Eight {
    return Eight(b_four(run, 0u), b_four(run, 4u));
}
