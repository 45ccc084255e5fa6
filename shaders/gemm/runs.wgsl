// What operand files hand to the files that read memory: a run of neighbours.
//
// A's runs are zero outside first .. last: in the padding of a convolution, and past the end of K.
// B's runs repeat the last element instead, which needs no branch (cols_dense.wgsl says why that is enough).
// A reader (a_scalar, a_vec4, a_wide and the same for b) turns a run into four or eight numbers.
struct Run {
    base: u32,   // element 0 of the run; may wrap below zero, but base + i does not where i is within first .. last
    i: u32,      // first element wanted
    first: u32,  // elements first .. last are in memory; or ONE: none is, and element 0 is one
    last: u32,
}
struct ClampedRun {
    base: u32,
    i: u32,
    last: u32,   // last element in memory
}
alias Eight = array<vec4<f32>, 2>;

const ONE: u32 = 0xffffffffu;
const NOWHERE: u32 = 0xffffffffu;

// Whether the elements wanted are 1, 0, 0, ..: those of the bias row of a weight gradient.
fn starts_with_one(run: Run) -> bool {
    return run.first == ONE && run.i == 0u;
}
