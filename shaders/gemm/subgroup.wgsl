// Matrix product in registers and subgroup shuffles, for drivers that run on the CPU:  C = A B
//
// The files chosen in rows.wgsl, cols.wgsl and memory.wgsl define A, B and C.
//
// Threads: a workgroup is one subgroup, LANES threads, and computes a tile of C. One side of the tile is spread over the
//          lanes: each lane has eight rows (or columns) of its own. The other side, SHARED columns (or rows), is common to
//          all lanes. lanes_over_rows.wgsl and lanes_over_columns.wgsl define which is which; the host chooses the one that
//          wastes less at the edges. Workgroups go over row tiles first, then column tiles, then splits of K: neighbours
//          share B.
// Loop:    8 terms at a time. Each lane loads its own 8 x 8 numbers of one operand and an equal part of the other operand,
//          SHARED / LANES times eight numbers. subgroupShuffle broadcasts each of the latter to all lanes in turn.
// Bytes:   a lane loads 8 + SHARED / LANES times 32 bytes for 64 * SHARED multiply-adds: with SHARED 16 and 8 lanes, one
//          load per 102.
// Why:     lavapipe runs a subgroup as one SIMD vector on a CPU core. There, workgroup memory is ordinary memory and a
//          barrier suspends a coroutine, while a shuffle is a register broadcast. Loads dominate: each is done lane by lane,
//          and every element is checked against the end of the buffer. Hence much arithmetic per load, and wide loads
//          (a_wide.wgsl). The sums do not fit in registers, so each sum is fetched once for its eight terms: with the loop
//          over terms outside, each product took 20% longer.
//
// Every loop that indexes an array runs over the whole array, which is how the driver knows that the loop must be unrolled:
// an array that any loop indexes by a variable cannot be kept in registers.
#import common/grid.wgsl
#import gemm/product.wgsl
#import gemm/lanes.wgsl
#import gemm/runs.wgsl
#choose lanes: gemm/lanes_over_rows.wgsl | gemm/lanes_over_columns.wgsl

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    copy_params();
    // Not the private copy: WGSL requires uniform control flow at a shuffle, and a private variable is not uniform.
    let sizes = params.product;
    let tiles_m = (sizes.rows + TILE_ROWS - 1u) / TILE_ROWS;
    let tiles_n = (sizes.cols + TILE_COLS - 1u) / TILE_COLS;
    let tile = linear_workgroup(group, groups);
    let split = tile / tiles_m / tiles_n;
    if (split >= sizes.splits) {
        return;  // the whole subgroup returns
    }
    let part = begin_split(split);
    let row0 = tile % tiles_m * TILE_ROWS;
    if (row0 >= part.rows) {
        return;
    }
    let col0 = tile / tiles_m % tiles_n * TILE_COLS;

    // Load i of the lane's own block: along K, eight terms of line i; else, eight lines at term i.
    var own_start: array<Own, 8>;
    for (var i = 0u; i < 8u; i++) {
        own_start[i] = own_line(row0, col0, lane * 8u + select(0u, i, OWN_ALONG_K));
    }
    // Load n of the shared block: along K, eight terms of line n; else, eight lines (group n % (SHARED / 8)) at term n /
    // (SHARED / 8).
    var given_start: array<Given, SLOTS>;
    var given_term: array<u32, SLOTS>;
    for (var i = 0u; i < SLOTS; i++) {
        let n = i * LANES + lane;
        given_start[i] = given_line(row0, col0, select(n % (SHARED / 8u) * 8u, n, GIVEN_ALONG_K));
        given_term[i] = select(n / (SHARED / 8u), 0u, GIVEN_ALONG_K);
    }

    var sum: array<Eight, SHARED>;  // sum[s][i / 4][i % 4]: own line i with shared line s
    for (var segment = part.first; segment < part.end; segment++) {
        var own_span: array<OwnSpan, 8>;
        for (var i = 0u; i < 8u; i++) {
            own_span[i] = own_segment(own_start[i], segment);
        }
        var given_span: array<GivenSpan, SLOTS>;
        for (var i = 0u; i < SLOTS; i++) {
            given_span[i] = given_segment(given_start[i], segment);
        }
        for (var k = 0u; k < sizes.depth; k += 8u) {
            var given: array<Eight, SLOTS>;
            for (var i = 0u; i < SLOTS; i++) {
                given[i] = given_load(given_span[i], k + given_term[i]);
            }
            var loaded: array<Eight, 8>;
            for (var i = 0u; i < 8u; i++) {
                loaded[i] = own_load(own_span[i], k + select(i, 0u, OWN_ALONG_K));
            }
            var own: array<Eight, 8>;  // own[t]: the lane's eight lines at term t
            for (var t = 0u; t < 8u; t++) {
                for (var i = 0u; i < 8u; i++) {
                    own[t][i / 4u][i % 4u] = select(loaded[t][i / 4u][i % 4u], loaded[i][t / 4u][t % 4u], OWN_ALONG_K);
                }
            }
            for (var s = 0u; s < SHARED; s++) {
                for (var t = 0u; t < 8u; t++) {
                    // Shared line s at term t: which load holds it, and which of the eight numbers it is.
                    let n = select(t * (SHARED / 8u) + s / 8u, s, GIVEN_ALONG_K);
                    let e = select(s % 8u, t, GIVEN_ALONG_K);
                    let x = vec4<f32>(subgroupShuffle(given[n / LANES][e / 4u][e % 4u], n % LANES));
                    sum[s][0] = fma(x, own[t][0], sum[s][0]);
                    sum[s][1] = fma(x, own[t][1], sum[s][1]);
                }
            }
        }
    }
    store_tile(split, row0, col0, lane, &sum);
}
