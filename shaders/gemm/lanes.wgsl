// The tile of the subgroup core, and how it is spread over the lanes of a subgroup.
//
// Threads: LANES per workgroup, which is one subgroup.
// Bytes:   none.
// Why:     sizes of register arrays must be `const`, not `override`, so the numbers are part of the text.
#const LANES = 8    // lanes of a subgroup
#const SHARED = 16  // lines of the tile that all lanes share: rows or columns
const LANE_SIDE: u32 = 8u * LANES;      // lines of the tile spread over the lanes, eight per lane
const SLOTS: u32 = SHARED / LANES;      // loads of eight numbers that each lane contributes to the shared lines
