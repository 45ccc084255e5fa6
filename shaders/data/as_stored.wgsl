// Images as they are:  seen(image, row, col) = the stored pixel
//
// Threads: called once a pixel by gather.wgsl and mix.wgsl.
// Bytes:   1 read a pixel.
// Why:     validation and prediction see every image so; training without augmentation too. augment.wgsl is the
//          other way to see one.
#import data/images.wgsl
fn seen(image: u32, row: u32, col: u32) -> f32 {
    return stored(image, row, col);
}
