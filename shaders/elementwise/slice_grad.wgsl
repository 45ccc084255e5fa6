// Gradient of a slice:  dx[o, first + j step, i] = dy[o, j, i], and 0 elsewhere
//
// dy       [outer, taken, inner]
// grad_x   [outer, size, inner], `len` elements
// Threads: one per element of grad_x, 64 per workgroup; each checks whether its element was taken.
// Bytes:   4 written per element of grad_x, 4 read per element of dy.
// Why:     gathering writes every element once. Writing dy into zeros would need a pass for the zeros first.
#import common/grid.wgsl
struct Params {
    len: u32,    // elements of grad_x
    size: u32,   // size of the axis
    inner: u32,  // elements within the axis
    first: u32,  // first index taken
    step: u32,   // from one index taken to the next
    taken: u32,  // number of indices taken
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> grad_x: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * 64u + local;
    if (number >= p.len) {
        return;
    }
    let i = number % p.inner;
    let line = number / p.inner;
    let place = line % p.size;
    let o = line / p.size;
    let j = (place - p.first) / p.step;
    if (place >= p.first && (place - p.first) % p.step == 0u && j < p.taken) {
        grad_x[number] = dy[(o * p.taken + j) * p.inner + i];
    } else {
        grad_x[number] = 0.0;
    }
}
