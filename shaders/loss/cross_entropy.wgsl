// Softmax and cross-entropy in one, with label smoothing s (Szegedy et al. 2016), from logits x and the true class t:
//     loss[r] = log(sum over k of exp(x[r, k])) - (1 - s) x[r, t] - s / classes * sum over k of x[r, k]
//
// x        [rows, classes]
// labels   [rows], below classes
// loss     [rows]
// Threads: one a row, 64 a workgroup.
// Bytes:   12 an element read (the later reads from the cache), 4 a row written.
// Why:     softmax first and log after would lose the loss of a confident mistake to underflow; together they are a
//          difference of logits. All logits are taken less their maximum, so exp() cannot overflow.
struct Params {
    rows: u32,
    classes: u32,
    smoothing: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = linear_workgroup(group, groups) * 64u + local;
    if (row >= p.rows) {
        return;
    }
    let start = row * p.classes;
    var largest = x[start];
    for (var i = start; i < start + p.classes; i++) {
        largest = max(largest, x[i]);
    }
    var sum = 0.0;
    var shifted = 0.0;
    for (var i = start; i < start + p.classes; i++) {
        sum += exp(x[i] - largest);
        shifted += x[i] - largest;
    }
    let truth = x[start + min(labels[row], p.classes - 1u)] - largest;
    loss[row] = log(sum) - (1.0 - p.smoothing) * truth - p.smoothing / f32(p.classes) * shifted;
}
