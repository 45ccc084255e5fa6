// Right or wrong:  hit[r] = 1 where the largest of scores[r, ..] is at labels[r], else 0
//
// scores   [rows, classes]; logits or probabilities
// labels   [rows]
// hit      [rows]
// Threads: one a row, 64 a workgroup.
// Bytes:   4 an element read, 4 a row written.
// Why:     counted on the device, so that a training step need not bring its predictions to the host. The first of equal
//          scores is the prediction, as in NumPy's argmax; a row that begins with NaN predicts class 0.
struct Params {
    rows: u32,
    classes: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> hit: array<f32>;

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
    var best = 0u;
    for (var j = 1u; j < p.classes; j++) {
        if (scores[start + j] > scores[start + best]) {
            best = j;
        }
    }
    hit[row] = select(0.0, 1.0, best == labels[row]);
}
