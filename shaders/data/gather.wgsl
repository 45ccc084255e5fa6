// A batch from the data set, image order[place + i] at place i:
//     y[i, row, col] = normalised(seen(order[place + i], row, col)),    batch_labels[i] = labels[order[place + i]]
//
// Bindings are in images.wgsl; seen() is in as_stored.wgsl or augment.wgsl.
// Threads: one per pixel of the batch, 64 per workgroup; the thread of an image's first pixel also copies the label.
// Bytes:   1 read and 4 written per pixel.
// Why:     images and labels are looked up in `order` together, so they cannot get out of step.
#import common/grid.wgsl
#import data/images.wgsl
#choose seen: data/as_stored.wgsl | data/augment.wgsl
@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * 64u + local;
    let pixels = p.height * p.width;
    if (number >= p.batch * pixels) {
        return;
    }
    let i = number / pixels;
    let pixel = number - i * pixels;
    let image = image_at(i);
    y[number] = normalised(seen(image, pixel / p.width, pixel % p.width));
    if (pixel == 0u) {
        batch_labels[i] = labels[image];
    }
}
