// Images as they are:  seen(image, row, col) = the stored pixel
//
// Threads: called once per pixel by gather.wgsl and mix.wgsl.
// Bytes:   1 read per pixel.
// Why:     validation and prediction see every image this way, as does training without augmentation. augment.wgsl is the
//          alternative.
#import data/images.wgsl
fn seen(image: u32, row: u32, col: u32) -> f32 {
    return stored(image, row, col);
}
