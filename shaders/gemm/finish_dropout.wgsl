// What is done to a sum before it is stored: bias, ReLU and dropout.  y = relu(value + bias[col .. col+3]) * factor
//
// bias           [cols]
// seed_step_row  [3]: the seed of the training run, the number of the step, the number of the first row in the whole batch
// Threads: called by the thread that has the sum; no thread mapping of its own.
// Bytes:   16 for four columns of bias, once for all rows of a tile.
// Why:     doing this here saves a pass over C. The factors are those of elementwise/dropout.wgsl: 1 / (1 - rate) or 0,
//          chosen by a hash of the position. The backward pass needs neither mask nor sum: y is positive exactly where both
//          ReLU and dropout let the sum through.
#import common/random.wgsl
#import common/relu.wgsl
#import common/value_vec4.wgsl
#import gemm/dropout.wgsl
#import gemm/product.wgsl
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> seed_step_row: array<u32>;

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
    let quad = (place + seed_step_row[2]) * ((p.cols + 3u) / 4u) + col / 4u;
    return dropped_out(relu(value + extra), dropout_factors(quad, dropout.stream, seed_step_row[1], seed_step_row[0], dropout.rate));
}

fn finish_row(row: u32, col: u32, value: vec4<f32>) {}
