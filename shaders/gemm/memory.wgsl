// How A, B and C are loaded and stored: how many neighbours at once.
//
//     a_quad(run), a_eight(run)      four or eight neighbours of A, from the first of a run on
//     b_quad(run), b_eight(run)      the same of B
//     c_store(place, col, value)     four columns of a row of C
// The wide files have eight neighbours only, which the subgroup core alone asks for.
#choose a: gemm/a_scalar.wgsl | gemm/a_vec4.wgsl | gemm/a_wide.wgsl
#choose b: gemm/b_scalar.wgsl | gemm/b_vec4.wgsl | gemm/b_wide.wgsl
#choose c: gemm/c_scalar.wgsl | gemm/c_vec4.wgsl
