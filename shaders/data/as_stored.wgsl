// Images as they are:  seen(image, row, col, channel) = the stored pixel
//
// Threads: called once per number by gather.wgsl and mix.wgsl.
// Bytes:   1 read per number.
// Why:     validation and prediction see every image this way, as does training without augmentation. augment.wgsl is the
//          alternative.
#import data/images.wgsl
fn seen(image: Image, row: u32, col: u32, channel: u32) -> f32 {
    return stored(image, row, col, channel);
}
