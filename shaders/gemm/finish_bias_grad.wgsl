// What is done to a weight gradient's sums: those of the row of ones are the bias's gradient and go to a separate buffer.
//     bias_grad[col .. col+3] = value, where row is bias_row()
//
// bias_grad  [cols]
// Threads: called by the thread that has the sum; no thread mapping of its own.
// Bytes:   4 per column, once.
// Why:     the product reads dY for the weights anyway; a separate sum would read all of it again.
#import gemm/product.wgsl
@group(0) @binding(4) var<storage, read_write> bias_grad: array<f32>;

fn finish_load(col: u32) -> vec4<f32> {
    return vec4<f32>(0.0);
}

fn finish(place: u32, col: u32, value: vec4<f32>, extra: vec4<f32>) -> vec4<f32> {
    return value;
}

fn finish_row(row: u32, col: u32, value: vec4<f32>) {
    if (row != bias_row()) {
        return;
    }
    #unroll
    for (var e = 0u; e < 4u; e++) {
        if (col + e < p.cols) {
            bias_grad[col + e] = value[e];
        }
    }
}
