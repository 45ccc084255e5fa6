// The target distribution of a row with one label t and smoothing s:  q[r, j] = (1 - s) [j = t] + s / classes
//
// labels   [rows], below classes; the target of any other label is NaN (invalid_label.wgsl)
// Threads: called by each thread of the cross-entropy kernels for its row.
// Bytes:   4 per row.
// Why:     the kernels only see targets, so mixed_labels.wgsl can replace this file.
#import loss/invalid_label.wgsl
#import loss/sizes.wgsl
@group(0) @binding(4) var<storage, read> labels: array<u32>;

fn label(row: u32) -> u32 {
    return labels[row];
}

fn target_share(row: u32, j: u32) -> f32 {
    let share = select(0.0, 1.0 - p.smoothing, j == labels[row]) + p.smoothing / f32(p.classes);
    return of_valid_label(share, labels[row]);
}
