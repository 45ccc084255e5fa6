// The number of this workgroup, counted over the whole dispatch.
//
// WebGPU allows 65,535 workgroups along one axis, so the host folds a long launch into rows:
//     number = id.y * (workgroups along x) + id.x
// Launches are rounded up, so every kernel that uses this must check that its number is in range.
fn linear_workgroup(id: vec3<u32>, workgroups: vec3<u32>) -> u32 {
    return id.y * workgroups.x + id.x;
}
