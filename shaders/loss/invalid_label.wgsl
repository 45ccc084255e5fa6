// The share of a class in the target of a row, or NaN where the row's label is not one of the classes
//
// Threads: called by labels.wgsl and mixed_labels.wgsl; no thread mapping of its own.
// Bytes:   none.
// Why:     labels are data, which only the device sees. An invalid label makes its row's loss and whole gradient NaN, which
//          cannot be missed: the mean loss of the batch is NaN too, and training stops there. Any other number would silently
//          train on a made-up label.
#import loss/sizes.wgsl
fn of_valid_label(share: f32, label: u32) -> f32 {
    // WGSL rejects a constant NaN; a variable may hold one.
    var nan = 0x7fc00000u;
    return select(bitcast<f32>(nan), share, label < p.classes);
}
