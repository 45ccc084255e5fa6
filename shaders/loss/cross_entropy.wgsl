// Softmax and cross-entropy in one, with label smoothing s (Szegedy et al. 2016), from logits x and the true class t:
//     loss[r] = log(sum over k of exp(x[r, k])) - (1 - s) x[r, t] - s / classes * sum over k of x[r, k]
//     scores[r] = (loss[r], 1 where the largest of x[r, ..] is at t, else 0)
//
// x        [rows, classes]
// labels   [rows], below classes
// loss     [rows]
// scores   [rows, 2]
// Threads: one a row, 64 a workgroup.
// Bytes:   12 an element read (the later reads from the cache), 12 a row written.
// Why:     softmax first and log after would lose the loss of a confident mistake to underflow; together they are a
//          difference of logits. All logits are taken less their maximum, so exp() cannot overflow. Hits are counted here
//          too, so that a training step need not bring its predictions to the host. The first of equal logits is the
//          prediction, as in NumPy's argmax; a row that begins with NaN predicts class 0.
struct Params {
    rows: u32,
    classes: u32,
    smoothing: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;
@group(0) @binding(4) var<storage, read_write> scores: array<vec2<f32>>;

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
    var predicted = 0u;
    for (var k = 1u; k < p.classes; k++) {
        if (x[start + k] > largest) {
            largest = x[start + k];
            predicted = k;
        }
    }
    var sum = 0.0;
    var shifted = 0.0;
    for (var i = start; i < start + p.classes; i++) {
        sum += exp(x[i] - largest);
        shifted += x[i] - largest;
    }
    let truth = x[start + min(labels[row], p.classes - 1u)] - largest;
    let value = log(sum) - (1.0 - p.smoothing) * truth - p.smoothing / f32(p.classes) * shifted;
    loss[row] = value;
    scores[row] = vec2<f32>(value, f32(predicted == labels[row]));
}
