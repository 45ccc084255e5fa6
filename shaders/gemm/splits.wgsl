// Which part of a product a split of K is: all rows of A, and its share of the segments.
//
// Threads: called by every thread of a core; no thread mapping of its own.
// Bytes:   none.
// Why:     `product` is that of the uniform, not the private copy, since a core's loop over segments has barriers in it: WGSL
//          requires uniform control flow there, and a private variable is not uniform.
#import gemm/product.wgsl

fn share_of_segments(product: Product, split: u32) -> Part {
    let first = split * product.segments_per_split;
    return Part(product.rows, first, min(first + product.segments_per_split, product.segments));
}
