// What is done to a sum before it is stored.
//
//     finish_load(col)                       fetches what four columns need, once for all rows of a tile
//     finish(place, col, value, extra)       what is stored for the sums `value` of four columns in row `place` of C; extra
//                                            is from finish_load; `place` is NOWHERE past the edge
//     finish_row(row, col, value)            may also store sums of a row elsewhere; called for every eighth row only
// Fetching separately from applying keeps the loop over rows small (see subgroup.wgsl).
#choose finish: gemm/finish_plain.wgsl | gemm/finish_bias.wgsl | gemm/finish_dropout.wgsl
#choose finish: gemm/finish_bias_grad.wgsl | gemm/finish_add.wgsl
