// What is done to a sum of split_sum.wgsl: another gradient is added.  c[i] = sum + addend[i]
//
// c, addend  [own]
// Threads: called by the thread that has the sum; no thread mapping of its own.
// Bytes:   8 per sum.
// Why:     as in finish_add.wgsl, where the product is not split.
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@group(0) @binding(3) var<storage, read> addend: array<f32>;

fn keep(i: u32, sum: f32, own: u32) {
    c[i] = sum + addend[i];
}
