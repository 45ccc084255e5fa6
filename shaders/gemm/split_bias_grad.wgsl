// What is done to a sum of split_sum.wgsl: a weight gradient's sums go to C, those after them are the bias's gradient.
//     c[i] = sum for i < own,    bias_grad[i - own] = sum for the others
//
// c          [own]; bias_grad [len - own]
// Threads: called by the thread that has the sum; no thread mapping of its own.
// Bytes:   4 per sum.
// Why:     one pass fills both results.
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@group(0) @binding(3) var<storage, read_write> bias_grad: array<f32>;

fn keep(i: u32, sum: f32, own: u32) {
    if (i < own) {
        c[i] = sum;
    } else {
        bias_grad[i - own] = sum;
    }
}
