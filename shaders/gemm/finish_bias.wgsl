// What happens to a sum before it is stored: the column's bias is added, then the activation applied. Doing it here
// saves a pass over C (a read and a write of 4 * rows * cols bytes each).
//
// finish_load(col) fetches what columns col .. col+3 need, once for all rows; finish(value, extra) applies it.
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

fn finish(value: vec4<f32>, extra: vec4<f32>) -> vec4<f32> {
    let sum = value + extra;
    return select(sum, max(sum, vec4<f32>()), RELU);
}
