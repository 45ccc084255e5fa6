// What is done to a sum before it is stored: bias and activation.  finish(place, col, value, extra) = f(value + bias[col .. col+3])
//
// bias     [cols]; f is ReLU (common/relu.wgsl) when RELU is set
// Threads: called by the thread that has the sum; no thread mapping of its own.
// Bytes:   16 for four columns, once for all rows of a tile: finish_load fetches, finish applies.
// Why:     doing this here saves a pass over C: a read and a write of 4 * rows * cols bytes each.
#import common/relu.wgsl
#import common/value_vec4.wgsl
#import gemm/product.wgsl
@group(0) @binding(4) var<storage, read> bias: array<f32>;
override RELU: bool = false;

fn finish_load(col: u32) -> vec4<f32> {
    let last = p.cols - 1u;
    return vec4<f32>(
        bias[min(col, last)],
        bias[min(col + 1u, last)],
        bias[min(col + 2u, last)],
        bias[min(col + 3u, last)],
    );
}

fn finish(place: u32, col: u32, value: vec4<f32>, extra: vec4<f32>) -> vec4<f32> {
    let sum = value + extra;
    return select(sum, relu(sum), RELU);
}

fn finish_row(row: u32, col: u32, value: vec4<f32>) {}
