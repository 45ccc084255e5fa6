// The data set in device memory, and the one place where its bytes become numbers:
//     y = (v - mean) / deviation,    v = byte / 255 in 0 to 1,    each colour with a mean and a deviation of its own
//
// images        the whole data set, bytes, four per word, image after image: [images, height, width, channels];
//               if STREAMED the images of this batch alone, in its order
// labels        [images]
// order         the images of the epoch, shuffled
// place         [2], where in `order` this batch starts, and the epoch, from 0
// y             [batch, height, width, channels]
// batch_labels  [batch], or [batch, 2] when images are mixed
// Threads: the kernels that use this have one thread per number of the batch, 64 per workgroup: a grey image has
//          one number per pixel, a coloured one three.
// Bytes:   1 read and 4 written per number.
// Why:     the data set crosses the bus once, as bytes (47 MB for 60,000 images of 28 x 28). A step sends its place in
//          `order` and little else. One that is too large for that is streamed: the host sends each batch before its step,
//          while the device computes the steps before, and every number stays the same. Training, validation and prediction all go through normalised(), so they cannot differ.
struct Params {
    batch: u32,       // images of the batch
    height: u32,      // rows of an image
    width: u32,       // columns of an image
    channels: u32,    // numbers of a pixel: 1 for grey, 3 for red, green and blue
    order_len: u32,   // indices in `order`
    images_len: u32,  // images in the data set
    seed: u32,        // of augmentation
    mean_0: f32,      // subtracted from the first channel, in 0 to 1
    mean_1: f32,      // from the second
    mean_2: f32,      // from the third
    deviation_0: f32, // the first channel is divided by it
    deviation_1: f32, // the second
    deviation_2: f32, // the third
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> images: array<u32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read> place: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<storage, read_write> batch_labels: array<u32>;

override STREAMED: bool;

// An image of the batch: its number in the data set, and where its bytes are in `images`.
struct Image {
    number: u32,
    slot: u32,
}

// The image at place i of the batch. Places past the end of `order` repeat its last image, so a batch is always full.
fn image_at(i: u32) -> Image {
    let number = min(order[min(place[0] + i, p.order_len - 1u)], p.images_len - 1u);
    return Image(number, select(number, i, STREAMED));
}

// Which number of the batch a thread computes.
struct Place {
    i: u32,
    row: u32,
    col: u32,
    channel: u32,
    is_first: bool,
}

fn place_of(number: u32) -> Place {
    let pixel = number / p.channels;
    let pixels = p.height * p.width;
    let i = pixel / pixels;
    let within = pixel - i * pixels;
    let channel = number - pixel * p.channels;
    return Place(i, within / p.width, within % p.width, channel, within + channel == 0u);
}

// A number of a pixel as it is stored in the data set, in 0 to 1.
fn stored(image: Image, row: u32, col: u32, channel: u32) -> f32 {
    let at = ((image.slot * p.height + row) * p.width + col) * p.channels + channel;
    let byte = (images[at / 4u] >> (at % 4u * 8u)) & 0xffu;
    return f32(byte) / 255.0;
}

fn of_channel(channel: u32, first: f32, second: f32, third: f32) -> f32 {
    return select(select(third, second, channel == 1u), first, channel == 0u);
}

fn mean_of(channel: u32) -> f32 {
    return of_channel(channel, p.mean_0, p.mean_1, p.mean_2);
}

fn normalised(v: f32, channel: u32) -> f32 {
    return (v - mean_of(channel)) / of_channel(channel, p.deviation_0, p.deviation_1, p.deviation_2);
}
