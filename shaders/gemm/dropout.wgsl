// What dropout at the end of a product needs besides seed and step.
//
// Threads: no thread mapping of its own.
// Bytes:   none.
// Why:     finish_dropout.wgsl uses it; rows_dense.wgsl, the product that may end with dropout, has it in its uniform.
struct Dropout {
    stream: u32,  // distinguishes the dropout layers
    rate: f32,    // the probability of 0
}
var<private> dropout: Dropout;
