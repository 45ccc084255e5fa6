// What happens to a sum on its way to memory.
//
//     finish_load(col)                       fetches what four columns need, once for all rows of a tile
//     finish(row, col, value, extra)         what is stored for the sums `value` of four columns; extra is from finish_load
//     finish_row(row, col, value)            may keep sums of a row for itself; it is called for rows whose number 8 divides
// Fetching apart from applying keeps the loop over rows small (see subgroup.wgsl).
#choose finish: gemm/finish_plain.wgsl | gemm/finish_bias.wgsl | gemm/finish_dropout.wgsl | gemm/finish_bias_grad.wgsl
