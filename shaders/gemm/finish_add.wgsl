// What is done to a sum before it is stored: another gradient is added.  finish(place, col, value, extra) = value + addend[place][col ..]
//
// addend   [rows of C][cols], with cols divisible by 4
// Threads: called by the thread that has the sum; no thread mapping of its own.
// Bytes:   16 for four columns.
// Why:     where a value is used twice, its gradients are added up. Doing this here saves a launch, and writing and reading
//          one of the two: 8 * rows * cols bytes.
#import gemm/product.wgsl
#import gemm/runs.wgsl
@group(0) @binding(4) var<storage, read> addend: array<vec4<f32>>;

fn finish_load(col: u32) -> vec4<f32> {
    return vec4<f32>(0.0);
}

fn finish(place: u32, col: u32, value: vec4<f32>, extra: vec4<f32>) -> vec4<f32> {
    let exists = place != NOWHERE && col < p.cols;
    return value + addend[select(0u, (place * p.cols + col) / 4u, exists)];
}

fn finish_row(row: u32, col: u32, value: vec4<f32>) {}
