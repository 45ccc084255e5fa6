// Softmax, cross-entropy and hits in one pass, for targets q (loss/labels.wgsl or loss/mixed_labels.wgsl):
//     loss[r]   = -sum over j of q[r, j] log softmax(x)[r, j]
//               = log(sum over j of exp(x[r, j] - m)) - sum over j of q[r, j] (x[r, j] - m),   m = max over j of x[r, j]
//     scores[r] = (loss[r], 1 where the largest of x[r, ..] is at the label, else 0)
//
// x        [rows, classes]
// loss     [rows]
// scores   [rows, 2]
// Threads: one per row, 64 per workgroup.
// Bytes:   12 read per element (later reads hit the cache), 12 written per row.
// Why:     a class without a share in the target adds nothing, however far its logit is below the largest: 0 * -inf would be
//          NaN. Computing softmax first and its log afterwards would lose the loss of a confident mistake to underflow;
//          together they are a difference of logits. The maximum is subtracted from all logits, so exp() cannot overflow.
//          Hits are counted here too, so a training step need not send its predictions to the host. The first of equal logits
//          is the prediction, as in NumPy's argmax; a row that begins with NaN predicts class 0.
#import common/grid.wgsl
#import loss/sizes.wgsl
#choose targets: loss/labels.wgsl | loss/mixed_labels.wgsl
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> scores: array<vec2<f32>>;

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
    for (var j = 1u; j < p.classes; j++) {
        if (x[start + j] > largest) {
            largest = x[start + j];
            predicted = j;
        }
    }
    var sum = 0.0;
    var expected = 0.0;
    for (var j = 0u; j < p.classes; j++) {
        let logit = x[start + j] - largest;
        sum += exp(logit);
        let share = target_share(row, j);
        expected += select(share * logit, 0.0, share == 0.0);
    }
    let value = log(sum) - expected;
    loss[row] = value;
    scores[row] = vec2<f32>(value, f32(predicted == label(row)));
}
