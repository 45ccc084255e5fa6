// The sizes and label smoothing of cross-entropy, shared by the loss, its gradient and the files of targets
//
// Threads: no thread mapping of its own.
// Bytes:   none.
// Why:     one struct for the kernels of the loss and its gradient.
struct Params {
    rows: u32,       // rows of logits: images of a batch
    classes: u32,    // logits in a row
    smoothing: f32,  // share of the target that is spread evenly over all classes
}
@group(0) @binding(0) var<uniform> p: Params;
