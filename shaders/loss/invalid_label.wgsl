// The share of a class in the target of a row, or NaN where the row's label is none of the classes
//
// Threads: called by labels.wgsl and mixed_labels.wgsl; no map of its own.
// Bytes:   none.
// Why:     labels are data, which only the device sees. NaN makes the loss of such a row and its whole gradient NaN, so
//          that it cannot be missed: the mean loss of the batch is NaN too, and a training stops there. Every other
//          number would train on a label that nobody gave.
#import loss/sizes.wgsl
fn of_valid_label(share: f32, label: u32) -> f32 {
    // WGSL refuses a NaN that is a constant; a variable may hold one.
    var nan = 0x7fc00000u;
    return select(bitcast<f32>(nan), share, label < p.classes);
}
