// The data set in device memory, and the one place where its bytes become numbers:
//     y = (v - mean) / deviation,    v = byte / 255 in 0 to 1
//
// images        the whole data set, bytes, four per word, image after image
// labels        [images]
// order         the images of the epoch, shuffled
// place         [2], where in `order` this batch starts, and the epoch, from 0
// y             [batch, height, width]
// batch_labels  [batch], or [batch, 2] when images are mixed
// Threads: the kernels that use this have one thread per pixel of the batch, 64 per workgroup.
// Bytes:   1 read and 4 written per pixel.
// Why:     the data set crosses the bus once, as bytes (47 MB for 60,000 images of 28 x 28). A step sends its place in
//          `order` and little else. Training, validation and prediction all go through normalised(), so they cannot differ.
struct Params {
    batch: u32,       // images of the batch
    height: u32,      // rows of an image
    width: u32,       // columns of an image
    order_len: u32,   // indices in `order`
    images_len: u32,  // images in the data set
    mean: f32,        // subtracted, in 0 to 1
    deviation: f32,   // divided by
    seed: u32,        // of augmentation
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> images: array<u32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read> place: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<storage, read_write> batch_labels: array<u32>;

// The image at place i of the batch. Places past the end of `order` repeat its last image, so a batch is always full.
fn image_at(i: u32) -> u32 {
    return min(order[min(place[0] + i, p.order_len - 1u)], p.images_len - 1u);
}

// A pixel as it is stored in the data set, in 0 to 1.
fn stored(image: u32, row: u32, col: u32) -> f32 {
    let at = (image * p.height + row) * p.width + col;
    let byte = (images[at / 4u] >> (at % 4u * 8u)) & 0xffu;
    return f32(byte) / 255.0;
}

fn normalised(v: f32) -> f32 {
    return (v - p.mean) / p.deviation;
}
