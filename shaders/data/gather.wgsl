// A batch from the data set, image order[place + i] at place i:
//     y[i, row, col, channel] = normalised(seen(order[place + i], row, col, channel))
//     batch_labels[i] = labels[order[place + i]]
//
// Bindings are in images.wgsl; seen() is in as_stored.wgsl or augment.wgsl.
// Threads: one per number of the batch, 64 per workgroup; the thread of an image's first number also copies the label.
// Bytes:   1 read and 4 written per number.
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
    if (number >= p.batch * p.height * p.width * p.channels) {
        return;
    }
    let at = place_of(number);
    let image = image_at(at.i);
    y[number] = normalised(seen(image, at.row, at.col, at.channel), at.channel);
    if (at.is_first) {
        batch_labels[at.i] = labels[image.number];
    }
}
