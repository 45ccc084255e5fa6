// Eight floats from four 64-bit integers, as they are stored (little endian: the first float is the low half).
//
// Threads: called by a_wide.wgsl and b_wide.wgsl; no thread mapping of its own.
// Bytes:   none.
// Why:     the halves are separated in registers, which costs three instructions for eight lanes: little next to a load.
#import gemm/runs.wgsl
fn eight_of(pairs: vec4<u64>) -> Eight {
    let even = bitcast<vec4<f32>>(vec4<u32>(pairs));
    let odd = bitcast<vec4<f32>>(vec4<u32>(pairs >> vec4<u32>(32u)));
    return Eight(vec4<f32>(even.x, odd.x, even.y, odd.y), vec4<f32>(even.z, odd.z, even.w, odd.w));
}
