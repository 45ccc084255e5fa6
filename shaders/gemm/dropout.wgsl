// What dropout at the end of a product needs beside seed and step.
//
// Threads: no map of its own.
// Bytes:   none.
// Why:     finish_dropout.wgsl uses it; rows_dense.wgsl, the product that may end so, has it in its uniform.
struct Dropout {
    stream: u32,  // tells one dropout layer from another
    rate: f32,    // the probability of 0
}
var<private> dropout: Dropout;
