// Softmax, cross-entropy and hits in one pass, for targets q (loss/labels.wgsl or loss/mixed_labels.wgsl):
//     loss[r]   = -sum over j of q[r, j] log softmax(x)[r, j]
//               = log(sum over j of exp(x[r, j] - m)) - sum over j of q[r, j] (x[r, j] - m),   m = max over j of x[r, j]
//     scores[r] = (loss[r], 1 where the largest of x[r, ..] is at the label, else 0)
//
// x        [rows, classes]
// loss     [rows]
// scores   [rows, 2]
// Threads: TEAM per row and ROWS rows per workgroup (reduce/row_one_thread.wgsl, row_many_threads.wgsl).
// Bytes:   12 read per element (later reads hit the cache), 12 written per row.
// Why:     a class without a share in the target adds nothing, however far its logit is below the largest: 0 * -inf would be
//          NaN. Computing softmax first and its log afterwards would lose the loss of a confident mistake to underflow;
//          together they are a difference of logits. The maximum is subtracted from all logits, so exp() cannot overflow.
//          Hits are counted here too, so a training step need not send its predictions to the host. The first of equal logits
//          is the prediction, as in NumPy's argmax; a row that begins with NaN predicts class 0.
#import common/grid.wgsl
#import loss/sizes.wgsl
#choose team: reduce/row_one_thread.wgsl | reduce/row_many_threads.wgsl
#choose targets: loss/labels.wgsl | loss/mixed_labels.wgsl
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> scores: array<vec2<f32>>;

@compute @workgroup_size(ROWS * TEAM)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * ROWS + local / TEAM;
    let member = local % TEAM;
    // Threads past the last row only take part in the barriers.
    let classes = select(0u, p.classes, number < p.rows);
    let row = min(number, p.rows - 1u);
    let start = row * p.classes;
    var own_largest = x[start];
    var own_place = 0u;
    for (var j = member; j < classes; j += TEAM) {
        if (x[start + j] > own_largest) {
            own_largest = x[start + j];
            own_place = j;
        }
    }
    let largest = team_max(member, own_largest);
    // The first place of the largest: the largest negative place, exact for up to 2^24 classes.
    let is_here = !(own_largest < largest);  // also where both are NaN
    let predicted = u32(-team_max(member, select(-f32(p.classes), -f32(own_place), is_here)));
    var own_sum = 0.0;
    var own_expected = 0.0;
    for (var j = member; j < classes; j += TEAM) {
        let logit = x[start + j] - largest;
        own_sum += exp(logit);
        let share = target_share(row, j);
        own_expected += select(share * logit, 0.0, share == 0.0);
    }
    let value = log(team_sum(member, own_sum)) - team_sum(member, own_expected);
    if (member == 0u && number < p.rows) {
        loss[row] = value;
        scores[row] = vec2<f32>(value, f32(predicted == label(row)));
    }
}
