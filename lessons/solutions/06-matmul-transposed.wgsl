// Exercise 6: a product in tiles.  C[m][n] = sum over k of A[m][k] * B[n][k]
//
// a        [M, K], b [N, K], c [M, N], row by row. (With grad_y and W this is the backward pass of a dense layer: grad_y W^T.)
// Threads: a workgroup of 16 x 16 threads computes a tile of 16 x 16 elements of C, a thread an element: row y, column x.
// Task:    fill the tiles (zeros where there is no element), and add up their products.
// Hint:    in each round, thread (x, y) of a workgroup fetches A[16 group.y + y][first + x] and B[16 group.x + y][first + x], so that
//          neighbours read neighbours. Then everybody waits, adds up a_tile[local.y][k] * b_tile[local.x][k], and waits again.
// Mistake: the tile of B is read as if B were not transposed.
//   - b_tile[local.x][k]
//   + b_tile[k][local.x]
// Mistake: the ends of K are not looked at: behind a row's last element the next row begins.
//   - a_tile[local.y][local.x] = select(0.0, a[row * sizes.k + k], row < sizes.m && k < sizes.k);
//   + a_tile[local.y][local.x] = select(0.0, a[row * sizes.k + k], row < sizes.m);
//   - b_tile[local.y][local.x] = select(0.0, b[b_row * sizes.k + k], b_row < sizes.n && k < sizes.k);
//   + b_tile[local.y][local.x] = select(0.0, b[b_row * sizes.k + k], b_row < sizes.n);
// Mistake: only the last tile along K counts: the sum begins again in each round.
//   - sum += a_tile[local.y][k] * b_tile[local.x][k];
//   + sum = a_tile[local.y][k] * b_tile[local.x][k] + select(sum, 0.0, k == 0u);
// Grid: N / 16, M / 16
struct Sizes {
    m: u32,
    k: u32,
    n: u32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

var<workgroup> a_tile: array<array<f32, 16>, 16>;
var<workgroup> b_tile: array<array<f32, 16>, 16>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let row = 16u * group.y + local.y;
    let col = 16u * group.x + local.x;
    var sum = 0.0;
    for (var first = 0u; first < sizes.k; first += 16u) {
        // GAP: fill both tiles, wait, add to `sum`, wait
        let k = first + local.x;
        let b_row = 16u * group.x + local.y;
        a_tile[local.y][local.x] = select(0.0, a[row * sizes.k + k], row < sizes.m && k < sizes.k);
        b_tile[local.y][local.x] = select(0.0, b[b_row * sizes.k + k], b_row < sizes.n && k < sizes.k);
        workgroupBarrier();
        for (var k = 0u; k < 16u; k++) {
            sum += a_tile[local.y][k] * b_tile[local.x][k];
        }
        workgroupBarrier();
        // END
    }
    if (row < sizes.m && col < sizes.n) {
        c[row * sizes.n + col] = sum;
    }
}
