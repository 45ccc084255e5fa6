// A batch whose images are mixed in pairs: image i with image b = batch - 1 - i of the same batch,
//     y[i, row, col, channel] = normalised(s seen(i) + (1 - s) seen(b))   inside the box, normalised(seen(i)) outside
// with both labels, whose shares in the loss are t and 1 - t (loss/mixed_labels.wgsl).
//     mixup  (Zhang et al. 2018):  s = t = lambda, the box is the whole image
//     CutMix (Yun et al. 2019):    s = 0, t = 1 - the box's share of the image
//
// Bindings are in images.wgsl, plus:
// mixing   s, t and the box: first row, first column, and the row and column after its last
// Threads: one per number of the batch, 64 per workgroup; the thread of an image's first number also copies the labels.
// Bytes:   2 read and 4 written per number.
// Why:     the host draws lambda and the box, six numbers per step: sampling a Beta distribution needs rejection, which a
//          library does well. The order is reshuffled each epoch, so the partner from the other end of the batch is a random
//          one. Both images are augmented as they would be alone.
#import common/grid.wgsl
#import data/images.wgsl
#choose seen: data/as_stored.wgsl | data/augment.wgsl
struct Mixing {
    share: f32,
    label_share: f32,
    top: f32,
    left: f32,
    bottom: f32,
    right: f32,
}
@group(0) @binding(7) var<storage, read> mixing: Mixing;

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
    let partner = image_at(p.batch - 1u - at.i);
    var v = seen(image, at.row, at.col, at.channel);
    let pixel = vec2<f32>(f32(at.row), f32(at.col));
    if (all(pixel >= vec2<f32>(mixing.top, mixing.left)) && all(pixel < vec2<f32>(mixing.bottom, mixing.right))) {
        v = mixing.share * v + (1.0 - mixing.share) * seen(partner, at.row, at.col, at.channel);
    }
    y[number] = normalised(v, at.channel);
    if (at.is_first) {
        batch_labels[2u * at.i] = labels[image.number];
        batch_labels[2u * at.i + 1u] = labels[partner.number];
    }
}
