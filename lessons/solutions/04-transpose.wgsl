// Exercise 4: transpose through a tile.  y[c][r] = x[r][c]
//
// x        [R, C], y [C, R], both row by row
// Threads: a workgroup of 16 x 16 threads moves a tile of 16 x 16: workgroup (x, y) has the tile in row y, column x of tiles.
// Why:     neighbouring threads should read neighbours of x and write neighbours of y. In one step that is impossible: neighbours
//          of x are C apart in y. So a tile goes through workgroup memory. Its rows are 17 long: with 16, the threads that read a
//          column of it would all ask for one of two memory banks, and wait for each other.
// Task:    write the tile to y, so that threads with neighbouring local.x write neighbouring elements.
// Hint:    y's tile is the mirrored one: its first row is 16 * group.x, its first column is 16 * group.y. In it, thread (x, y) writes
//          row local.y, column local.x, which is tile[local.x][local.y]. The guard is for y: C rows and R columns.
// Mistake: the tile is not mirrored: it is read as it was written.
//   - y[row * sizes.rows + col] = tile[local.x][local.y];
//   + y[row * sizes.rows + col] = tile[local.y][local.x];
// Mistake: the tiles are in the places that they had in x.
//   - let row = 16u * group.x + local.y;
//   + let row = 16u * group.y + local.y;
//   - let col = 16u * group.y + local.x;
//   + let col = 16u * group.x + local.x;
// Grid: C / 16, R / 16
struct Sizes {
    rows: u32,
    columns: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> tile: array<array<f32, 17>, 16>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let from_row = 16u * group.y + local.y;
    let from_col = 16u * group.x + local.x;
    if (from_row < sizes.rows && from_col < sizes.columns) {
        tile[local.y][local.x] = x[from_row * sizes.columns + from_col];
    }
    workgroupBarrier();
    // GAP: row and column in y, and what belongs there
    let row = 16u * group.x + local.y;
    let col = 16u * group.y + local.x;
    if (row < sizes.columns && col < sizes.rows) {
        y[row * sizes.rows + col] = tile[local.x][local.y];
    }
    // END
}
