// The sizes of one matrix product C = A B, shared by every operand file and every core.
//
// K, the length of the sum, is cut into segments of `depth` terms each. A dense product usually has one segment; a
// convolution has one per kernel row (or part of it) or tap, chosen so that the terms of a segment are adjacent in memory and
// the inner loop needs no division. The last segment of a weight gradient may be shorter.
//
// Anything else that an operand file or a finish needs is in a struct of its own, next to this one. The file for A knows
// what the product is, so it puts all of them into the uniform and copies them into private variables with copy_params().
// Every kernel that has loops copies its uniform first: otherwise lavapipe loads it again, lane by lane, at every use in a
// loop, which took a fifth of the weight gradient's time.
struct Product {
    rows: u32,                // rows of A and C (M)
    cols: u32,                // columns of B and C (N)
    segments: u32,            // segments of K
    depth: u32,               // terms in a segment
    terms: u32,               // K, at most segments * depth
    segments_per_split: u32,  // consecutive segments that one split of K sums up
    splits: u32,              // partial products in C, one after the other; 1 = the product itself; or phases that share C
}
var<private> p: Product;

// What one split of a product sums up.
struct Part {
    rows: u32,   // rows of A that it has
    first: u32,  // its first segment
    end: u32,    // the segment after its last
}

// Weight gradient: the row of A that is all ones, whose sums are the bias's gradient. It is the first of the last eight.
fn bias_row() -> u32 {
    return p.rows - 8u;
}
