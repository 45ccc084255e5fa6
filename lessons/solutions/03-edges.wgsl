// Exercise 3: neighbours and edges.  y[r][c] = x[r][c + 1] - x[r][c - 1], where a number outside the row is 0
//
// x, y     [R, C], row by row: element [r][c] has the index r * C + c
// Threads: a thread an element, in workgroups of 8 x 8: the thread with number id has row id.y, column id.x.
// Task:    find the numbers to the right and to the left. Those outside the row are 0.
// Hint:    select(a, b, condition) is b where the condition holds, else a; both are computed. In the first column there is nothing to
//          the left, in the last one nothing to the right: what lies beside x[r][c] in memory there belongs to another row.
// Mistake: the right edge is not looked at: behind the last column the next row begins.
//   - let right = select(0.0, x[at + 1u], col + 1u < sizes.columns);
//   + let right = x[at + 1u];
// Mistake: the left edge is not looked at: before the first column the row above ends.
//   - let left = select(0.0, x[at - 1u], col > 0u);
//   + let left = select(0.0, x[at - 1u], at > 0u);
// Mistake: only the ends of the whole array are looked at. Each row has ends of its own.
//   - let right = select(0.0, x[at + 1u], col + 1u < sizes.columns);
//   + let right = select(0.0, x[at + 1u], at + 1u < sizes.rows * sizes.columns);
//   - let left = select(0.0, x[at - 1u], col > 0u);
//   + let left = select(0.0, x[at - 1u], at > 0u);
// Mistake: no edge is looked at: beside a row's ends lie the rows above and below.
//   - let right = select(0.0, x[at + 1u], col + 1u < sizes.columns);
//   + let right = x[at + 1u];
//   - let left = select(0.0, x[at - 1u], col > 0u);
//   + let left = x[at - 1u];
// Mistake: the arguments of select are exchanged: the second is taken where the condition holds.
//   - let right = select(0.0, x[at + 1u], col + 1u < sizes.columns);
//   + let right = select(x[at + 1u], 0.0, col + 1u < sizes.columns);
//   - let left = select(0.0, x[at - 1u], col > 0u);
//   + let left = select(x[at - 1u], 0.0, col > 0u);
// Mistake: left and right are exchanged.
//   - y[at] = right - left;
//   + y[at] = left - right;
// Grid: C / 8, R / 8
struct Sizes {
    rows: u32,
    columns: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.y;
    let col = id.x;
    if (row >= sizes.rows || col >= sizes.columns) {
        return;
    }
    let at = row * sizes.columns + col;
    // GAP: the numbers to the right and to the left, 0 outside the row; then y[at]
    let right = select(0.0, x[at + 1u], col + 1u < sizes.columns);
    let left = select(0.0, x[at - 1u], col > 0u);
    y[at] = right - left;
    // END
}
