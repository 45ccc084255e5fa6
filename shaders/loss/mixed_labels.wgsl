// The target distribution of an image mixed from two, with labels a and b, the share w of the first and smoothing s:
//     q[r, j] = (1 - s) (w [j = a] + (1 - w) [j = b]) + s / classes
//
// labels   [rows, 2], below classes; the target of any other label is NaN (invalid_label.wgsl)
// mixing   the `mixing` of data/mix.wgsl; w is its second number
// Threads: called by each thread of the cross-entropy kernels for its row.
// Bytes:   8 per row.
// Why:     the loss is linear in the target, so this is also w times the loss for a plus 1 - w times that for b, in one
//          pass. A prediction counts as correct when it is the label with the larger share.
#import loss/invalid_label.wgsl
#import loss/sizes.wgsl
@group(0) @binding(4) var<storage, read> labels: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read> mixing: array<f32>;

fn label(row: u32) -> u32 {
    return select(labels[row].y, labels[row].x, mixing[1] >= 0.5);
}

fn target_share(row: u32, j: u32) -> f32 {
    let both = labels[row];
    let share = select(0.0, mixing[1], j == both.x) + select(0.0, 1.0 - mixing[1], j == both.y);
    return of_valid_label((1.0 - p.smoothing) * share + p.smoothing / f32(p.classes), max(both.x, both.y));
}
