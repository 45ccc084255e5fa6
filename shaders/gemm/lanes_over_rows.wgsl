// The subgroup core, rows of A spread over the lanes and columns of B shared: for results that are long and narrow.
//
//     own        A: each lane has eight rows of its own; a tile has 8 * LANES rows
//     given      B: the tile's SHARED columns, spread over the lanes
// A lane then reads runs of its own rows, which for an image are neighbouring pixels.
#import gemm/lanes.wgsl
#import gemm/rows.wgsl
#import gemm/cols.wgsl
#import gemm/memory.wgsl
#import gemm/finish.wgsl
const TILE_ROWS: u32 = LANE_SIDE;
const TILE_COLS: u32 = SHARED;
const OWN_ALONG_K: bool = A_ALONG_K;
const GIVEN_ALONG_K: bool = B_ALONG_K;
alias Own = Row;
alias OwnSpan = Span;
alias Given = Column;
alias GivenSpan = ColumnSpan;

fn own_line(row0: u32, col0: u32, line: u32) -> Own {
    return a_row(row0 + line);
}

fn own_segment(start: Own, segment: u32) -> OwnSpan {
    return a_segment(start, segment);
}

fn own_load(span: OwnSpan, k: u32) -> Eight {
    return a_eight(a_run(span, k));
}

fn given_line(row0: u32, col0: u32, line: u32) -> Given {
    return b_col(col0 + line);
}

fn given_segment(start: Given, segment: u32) -> GivenSpan {
    return b_segment(start, segment);
}

fn given_load(span: GivenSpan, k: u32) -> Eight {
    return b_eight(b_run(span, k));
}

// Four neighbouring sums of a row are in four different vectors, so they are gathered first.
fn store_tile(split: u32, row0: u32, col0: u32, lane: u32, sum: ptr<function, array<Eight, SHARED>>) {
    var rows: array<array<vec4<f32>, 8>, SHARED / 4u>;
    for (var s = 0u; s < SHARED; s++) {
        for (var i = 0u; i < 8u; i++) {
            rows[s / 4u][i][s % 4u] = (*sum)[s][i / 4u][i % 4u];
        }
    }
    let row = row0 + lane * 8u;
    var place: array<u32, 8>;
    for (var i = 0u; i < 8u; i++) {
        place[i] = c_place(split, row + i);
    }
    for (var q = 0u; q < SHARED / 4u; q++) {
        let col = col0 + q * 4u;
        let extra = finish_load(col);
        finish_row(row, col, rows[q][0]);
        for (var i = 0u; i < 8u; i++) {
            c_store(place[i], col, finish(place[i], col, rows[q][i], extra));
        }
    }
}
