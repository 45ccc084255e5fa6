// The subgroup core, columns of B spread over the lanes and rows of A shared: for results that are wide or have few rows.
//
//     own        B: each lane has eight columns of its own; a tile has 8 * LANES columns
//     given      A: the tile's SHARED rows, spread over the lanes
// Neighbouring lanes then read neighbours in memory if B is stored by terms.
#import gemm/lanes.wgsl
#import gemm/rows.wgsl
#import gemm/cols.wgsl
#import gemm/memory.wgsl
#import gemm/finish.wgsl
const TILE_ROWS: u32 = SHARED;
const TILE_COLS: u32 = LANE_SIDE;
const OWN_ALONG_K: bool = B_ALONG_K;
const GIVEN_ALONG_K: bool = A_ALONG_K;
alias Own = Column;
alias OwnSpan = ColumnSpan;
alias Given = Row;
alias GivenSpan = Span;

fn own_line(row0: u32, col0: u32, line: u32) -> Own {
    return b_col(col0 + line);
}

fn own_segment(start: Own, segment: u32) -> OwnSpan {
    return b_segment(start, segment);
}

fn own_load(span: OwnSpan, k: u32) -> Eight {
    return b_eight(b_run(span, k));
}

fn given_line(row0: u32, col0: u32, line: u32) -> Given {
    return a_row(row0 + line);
}

fn given_segment(start: Given, segment: u32) -> GivenSpan {
    return a_segment(start, segment);
}

fn given_load(span: GivenSpan, k: u32) -> Eight {
    return a_eight(a_run(span, k));
}

fn store_tile(split: u32, row0: u32, col0: u32, lane: u32, sum: ptr<function, array<Eight, SHARED>>) {
    let col = col0 + lane * 8u;
    let extra = array<vec4<f32>, 2>(finish_load(col), finish_load(col + 4u));
    for (var s = 0u; s < SHARED; s++) {
        let row = row0 + s;
        let place = c_place(split, row);
        for (var half = 0u; half < 2u; half++) {
            let here = col + 4u * half;
            let value = (*sum)[s][half];
            if (s % 8u == 0u) {
                finish_row(row, here, value);
            }
            c_store(place, here, finish(place, here, value, extra[half]));
        }
    }
}
