// The tile of the subgroup core, and how it is spread over the lanes of a subgroup.
//
// Threads: LANES a workgroup, which is one subgroup.
// Bytes:   none.
// Why:     register arrays need `const`, not `override`, so that the numbers are part of the text.
#const LANES = 8    // lanes of a subgroup
#const SHARED = 16  // lines of the tile that all lanes share: rows or columns
const LANE_SIDE: u32 = 8u * LANES;      // lines of the tile over the lanes, eight a lane
const SLOTS: u32 = SHARED / LANES;      // loads of eight numbers with which a lane helps to bring the shared lines
