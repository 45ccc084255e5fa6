// Operand A of a dense layer's weight gradient: a matrix X stored [K, in] and read transposed.
//     dW[i, o] = sum over k of X[k, i] dZ[k, o],    db[o] = sum over k of dZ[k, o]
//
//     A row      input feature i, then eight more, the first of which is the bias: rows = in rounded up to 8, + 8
//     term       sample k               K = number of samples
//     segment    `depth` samples, the unit in which K is split
//
// Neighbours in memory are rows here, not terms (A_ALONG_K is false). The bias is a weight whose input is always one, so
// its gradient is one more row of the same product: A reads as ones there, and nothing is stored for the other seven.
#import gemm/product.wgsl
#import gemm/runs.wgsl
#import gemm/splits.wgsl
const A_ALONG_K: bool = false;
override BIAS: bool;        // whether A has the bias row
struct Row {
    i: u32,
}
struct Span {
    i: u32,
    sample: u32,  // sample of term 0
}
struct Params {
    product: Product,          // gemm/product.wgsl
    @align(16) features: u32,  // columns of X, rows of C: `in` above
}
@group(0) @binding(0) var<uniform> params: Params;
var<private> features: u32;

fn copy_params() {
    p = params.product;
    features = params.features;
}

fn begin_split(split: u32) -> Part {
    return share_of_segments(params.product, split);
}

fn a_row(row: u32) -> Row {
    return Row(row);
}

fn a_segment(row: Row, segment: u32) -> Span {
    return Span(row.i, segment * p.depth);
}

fn a_run(span: Span, k: u32) -> Run {
    let sample = span.sample + k;
    let exists = k < p.depth && sample < p.terms;
    let is_bias = BIAS && span.i >= bias_row();
    return Run(
        sample * features,
        select(span.i, span.i - bias_row(), is_bias),
        select(0u, ONE, is_bias && exists),
        select(0u, features, exists),
    );
}

fn c_row(row: u32) -> u32 {
    return select(NOWHERE, min(row, features), row < features || (BIAS && row == bias_row() && p.splits > 1u));
}

fn c_start(split: u32) -> u32 {
    return split * (features + u32(BIAS));
}
