// What happens to a sum before it is stored: nothing. (See finish_bias.wgsl for the interface.)
fn finish_load(col: u32) -> vec4<f32> {
    return vec4<f32>();
}

fn finish(value: vec4<f32>, extra: vec4<f32>) -> vec4<f32> {
    return value;
}
