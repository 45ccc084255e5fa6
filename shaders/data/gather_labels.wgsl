// The labels of a batch:  y[i] = labels[order[cursor + i]]
//
// labels   of the whole data set
// order    the images of the epoch, shuffled
// cursor   [1], where in `order` this batch starts
// y        [batch]
// Threads: one a label, 64 a workgroup.
// Bytes:   12 a label: small.
// Why:     the companion of gather_images.wgsl; the two read the same order, so images and labels cannot part.
struct Params {
    batch: u32,
    order_len: u32,
    labels_len: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> cursor: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * 64u + local;
    if (i >= p.batch) {
        return;
    }
    let image = min(order[min(cursor[0] + i, p.order_len - 1u)], p.labels_len - 1u);
    y[i] = labels[image];
}
