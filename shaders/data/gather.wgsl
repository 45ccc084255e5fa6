// A batch from the data set in device memory, image order[cursor + i] at place i:
//     y[i, ..] = (byte / 255 - mean) / deviation,    batch_labels[i] = labels[order[cursor + i]]
//
// images        the whole data set, bytes, four a word, image after image
// labels        [images]
// order         the images of the epoch, shuffled
// cursor        [1], where in `order` this batch starts
// y             [batch, pixels]
// batch_labels  [batch]
// Threads: one a pixel of the batch, 64 a workgroup; that of an image's first pixel also takes the label.
// Bytes:   1 read and 4 written a pixel.
// Why:     the data set crosses the bus once, as bytes (47 MB for 60,000 images of 28 x 28). A step sends its cursor
//          and nothing else. Images and labels come by one look at `order`, so they cannot part. Numbers past the end
//          of `order` repeat its last image, so a batch is always full.
struct Params {
    batch: u32,
    pixels: u32,     // in one image
    order_len: u32,
    images_len: u32, // images in the data set
    scale: f32,      // 1 / (255 deviation)
    shift: f32,      // -mean / deviation
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> images: array<u32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read> cursor: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<storage, read_write> batch_labels: array<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let number = linear_workgroup(group, groups) * 64u + local;
    if (number >= p.batch * p.pixels) {
        return;
    }
    let i = number / p.pixels;
    let pixel = number - i * p.pixels;
    let image = min(order[min(cursor[0] + i, p.order_len - 1u)], p.images_len - 1u);
    let at = image * p.pixels + pixel;
    let byte = (images[at / 4u] >> (at % 4u * 8u)) & 0xffu;
    y[number] = fma(f32(byte), p.scale, p.shift);
    if (pixel == 0u) {
        batch_labels[i] = labels[image];
    }
}
