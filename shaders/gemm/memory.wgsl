// How A, B and C are loaded and stored: how many neighbours at a time.
//
//     a_quad(run), a_eight(run)      the first four or eight neighbours of a run of A
//     b_quad(run), b_eight(run)      the same for B
//     c_store(place, col, value)     four columns of a row of C
// The wide files load only eight at a time, which only the subgroup core needs.
#choose a: gemm/a_scalar.wgsl | gemm/a_vec4.wgsl | gemm/a_wide.wgsl
#choose b: gemm/b_scalar.wgsl | gemm/b_vec4.wgsl | gemm/b_wide.wgsl
#choose c: gemm/c_scalar.wgsl | gemm/c_vec4.wgsl
