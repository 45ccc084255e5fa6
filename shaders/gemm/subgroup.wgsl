// Matrix product in registers and subgroup shuffles, for drivers that run on the processor:  C = A B
//
// A, B and C are whatever the joined operand files say (see rows_dense.wgsl for their interface).
//
// Threads: a subgroup of LANES threads computes a tile of ROWS x (LANES * 4 * VECS) of C. Each lane keeps 4 * VECS columns
//          of all ROWS rows in registers. Subgroups go over column tiles first, then row tiles, then splits of K.
// Loop:    4 terms at a time. The lanes share the loading of A: each brings ROWS / LANES vec4, and subgroupShuffle gives
//          every lane each of them in turn. Each lane loads its own columns of B.
// Bytes:   for 4 terms a lane loads ROWS/LANES + 4*VECS vec4 and does 16 * ROWS * VECS multiply-adds: with 16 rows, 8
//          lanes and VECS 2, 10 loads for 512.
// Why:     lavapipe runs a subgroup as one SIMD vector on a processor core. Workgroup memory is only memory there and a
//          barrier suspends a coroutine, while a shuffle is a register broadcast. Loads are what costs: each lane's load
//          is a scalar load. Spreading A over the lanes divides its loads by LANES.
//
// The host joins the constants: LANES, SUBGROUPS (a workgroup), ROWS, VECS. Register arrays need `const`, not `override`.
const SLOTS: u32 = ROWS / LANES;  // vec4 of A that each lane holds for 4 terms

@compute @workgroup_size(LANES * SUBGROUPS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    let width = LANES * 4u * VECS;
    let tiles_n = (p.cols + width - 1u) / width;
    let tiles_m = (p.rows + ROWS - 1u) / ROWS;
    let tile = linear_workgroup(group, groups) * SUBGROUPS + subgroup;
    let split = tile / tiles_n / tiles_m;
    if (split >= p.splits) {
        return;  // the whole subgroup leaves
    }
    let row0 = tile / tiles_n % tiles_m * ROWS;
    let col0 = tile % tiles_n * width + lane * 4u;

    // vec4 number i of the A tile: along K, the four terms of row i; else, four rows (i % (ROWS/4)) at term i / (ROWS/4).
    var start: array<Row, SLOTS>;
    var term: array<u32, SLOTS>;
    for (var i = 0u; i < SLOTS; i++) {
        let number = i * LANES + lane;
        start[i] = a_row(row0 + select(number % (ROWS / 4u) * 4u, number, A_ALONG_K));
        term[i] = select(number / (ROWS / 4u), 0u, A_ALONG_K);
    }

    var sum: array<vec4<f32>, ROWS * VECS>;
    let end = min((split + 1u) * p.segments_per_split, p.segments);
    for (var s = split * p.segments_per_split; s < end; s++) {
        var span: array<Span, SLOTS>;
        for (var i = 0u; i < SLOTS; i++) {
            span[i] = a_segment(start[i], s);
        }
        for (var k = 0u; k < p.depth; k += 4u) {
            var x: array<vec4<f32>, SLOTS>;
            for (var i = 0u; i < SLOTS; i++) {
                x[i] = a_load(span[i], k + term[i]);
            }
            for (var t = 0u; t < 4u; t++) {
                var y: array<vec4<f32>, VECS>;
                for (var v = 0u; v < VECS; v++) {
                    y[v] = b_load(s, k + t, col0 + v * LANES * 4u);
                }
                for (var r = 0u; r < ROWS; r++) {
                    // A[row r][term t]: which vec4, and which of its four numbers.
                    let number = select(t * (ROWS / 4u) + r / 4u, r, A_ALONG_K);
                    let element = select(r % 4u, t, A_ALONG_K);
                    let given = vec4<f32>(subgroupShuffle(x[number / LANES][element], number % LANES));
                    for (var v = 0u; v < VECS; v++) {
                        sum[r * VECS + v] = fma(given, y[v], sum[r * VECS + v]);
                    }
                }
            }
        }
    }
    // These loops must stay small enough for the driver to unroll: an array that any loop indexes by a variable
    // cannot live in registers. Hence the bias is fetched outside, once for all rows.
    for (var v = 0u; v < VECS; v++) {
        let col = col0 + v * LANES * 4u;
        let extra = finish_load(col);
        for (var r = 0u; r < ROWS; r++) {
            c_store(split, row0 + r, col, finish(sum[r * VECS + v], extra));
        }
    }
}
