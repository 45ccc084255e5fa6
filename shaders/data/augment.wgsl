// Random augmentation:  seen(image, row, col, channel), in this order, each step only when it is on:
//     moved       the image zoomed, shifted and rotated about its centre, as in Keras' ImageDataGenerator:
//                 (r, c) - middle = Turn (Zoom ((row, col) - middle) + shift), sampled bilinearly at (r, c)
//     flipped     left and right swapped
//     cropped     padded by CROP black pixels on each side, then cropped to height x width at a random place
//     brightened  v = min(v brightness, 1)
//     erased      a rectangle filled (Zhong et al. 2017, algorithm 1): its share of the image's area is in ERASE_AREA, its
//                 height / width in ERASE_ASPECT; redrawn until it fits
//     cut out     a square around a random pixel, clipped to the image, is 0 after normalisation (DeVries and Taylor 2017)
//
// Bindings are in images.wgsl.
// Threads: called once per number by gather.wgsl and mix.wgsl.
// Bytes:   1 read per number, 4 when it is interpolated between pixels.
// Why:     every random number is a hash of (image, epoch, purpose, seed), so an image looks the same throughout an epoch,
//          whatever the batch and the order, and nothing is stored; all colours of a pixel are moved alike. Each thread draws
//          its image's numbers again: three hashes cost less than a separate pass. Each output pixel is traced back to where
//          it comes from, so each is written once. Settings are pipeline constants: steps that are off are not compiled.
#import common/random.wgsl
#import data/images.wgsl
override FLIP: u32;            // 0 never, 1 at random, 2 at random in the first epoch, then alternating from epoch to epoch
override MOVES_PIXELS: bool;   // whether zoom, shift or turn is on
override SHIFT_ROWS: f32;      // pixels, drawn from -SHIFT_ROWS to SHIFT_ROWS
override SHIFT_COLS: f32;
override WHOLE_ROWS: bool;     // only whole pixels
override WHOLE_COLS: bool;
override ZOOM_LOW: f32;        // the part of the image that is seen, 1 for all of it; drawn separately for rows and columns
override ZOOM_HIGH: f32;
override TURN: f32;            // radians, drawn from -TURN to TURN
override BRIGHTNESS_LOW: f32;
override BRIGHTNESS_HIGH: f32;
override FILL: u32;            // outside the image: 0 the nearest pixel, 1 FILL_VALUE, 2 the mirror image
override FILL_VALUE: f32;
override CROP: u32;
override ERASE: f32;           // probability that an image is erased
override ERASE_AREA_LOW: f32;
override ERASE_AREA_HIGH: f32;
override ERASE_ASPECT_LOW: f32;
override ERASE_ASPECT_HIGH: f32;
override ERASE_NOISE: bool;    // every pixel uniform in 0 to 1, else ERASE_VALUE
override ERASE_VALUE: f32;
override CUTOUT: u32;          // side of the square, 0 for none

// Purposes of random numbers; each attempt to erase and each erased pixel has its own.
const MOVES: u32 = 0u;
const LOOKS: u32 = 1u;
const PLACES: u32 = 2u;
const ATTEMPTS: u32 = 16u;
const NOISE: u32 = 256u;

// With the ranges in use about every second rectangle fits; after this many attempts the image stays as it is.
const MOST_ATTEMPTS: u32 = 100u;

fn random_bits(image: u32, epoch: u32, what: u32) -> vec4<u32> {
    // Different from dropout's numbers with the same seed.
    return pcg4d(vec4<u32>(image, epoch, what, p.seed ^ 0x9e3779b9u));
}

// Uniform in 0 (included) to 1 (excluded), from the upper 24 bits, which a float holds exactly.
fn uniform4(bits: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(bits >> vec4<u32>(8u)) * (1.0 / 16777216.0);
}

fn is_flipped(image: u32, moves: vec4<u32>) -> bool {
    let first = random_bits(image, 0u, MOVES).x >> 31u;
    return (FLIP == 1u && (moves.x >> 31u) == 1u) || (FLIP == 2u && ((first + place[1]) & 1u) == 1u);
}

// The stored pixel, or the fill for one outside the image.
fn tap(image: Image, row: i32, col: i32, channel: u32) -> f32 {
    let size = vec2<i32>(i32(p.height), i32(p.width));
    var at = vec2<i32>(row, col);
    if (FILL == 1u && (any(at < vec2<i32>()) || any(at >= size))) {
        return FILL_VALUE;
    }
    if (FILL == 2u) {
        // d c b a | a b c d | d c b a
        at = ((at % (2 * size)) + 2 * size) % (2 * size);
        at = select(at, 2 * size - 1 - at, at >= size);
    }
    at = clamp(at, vec2<i32>(), size - 1);
    return stored(image, u32(at.x), u32(at.y), channel);
}

fn moved(image: Image, row: i32, col: i32, channel: u32, moves: vec4<u32>, looks: vec4<u32>) -> f32 {
    if (!MOVES_PIXELS) {
        return stored(image, u32(row), u32(col), channel);
    }
    let size = vec2<f32>(f32(p.height), f32(p.width));
    let most = vec2<i32>(i32(SHIFT_ROWS), i32(SHIFT_COLS));
    let whole = vec2<f32>(vec2<i32>(moves.yz % vec2<u32>(2 * most + 1)) - most);
    let between = (2.0 * uniform4(moves).yz - 1.0) * vec2<f32>(SHIFT_ROWS, SHIFT_COLS);
    let shift = select(between, whole, vec2<bool>(WHOLE_ROWS, WHOLE_COLS));
    let turn = TURN * (2.0 * uniform4(moves).w - 1.0);
    let zoom = ZOOM_LOW + (ZOOM_HIGH - ZOOM_LOW) * uniform4(looks).xy;
    let middle = 0.5 * (size - 1.0);
    let from_middle = zoom * (vec2<f32>(f32(row), f32(col)) - middle) + shift;
    let turned = vec2<f32>(
        cos(turn) * from_middle.x - sin(turn) * from_middle.y,
        sin(turn) * from_middle.x + cos(turn) * from_middle.y,
    );
    let source = turned + middle;
    let first = floor(source);
    let at = vec2<i32>(first);
    let beyond = source - first;
    let above = mix(tap(image, at.x, at.y, channel), tap(image, at.x, at.y + 1, channel), beyond.y);
    let below = mix(tap(image, at.x + 1, at.y, channel), tap(image, at.x + 1, at.y + 1, channel), beyond.y);
    return mix(above, below, beyond.x);
}

// Whether a pixel is in the rectangle that is erased.
fn is_erased(image: u32, row: u32, col: u32) -> bool {
    let size = vec2<f32>(f32(p.height), f32(p.width));
    for (var attempt = 0u; attempt < MOST_ATTEMPTS; attempt++) {
        let bits = random_bits(image, place[1], ATTEMPTS + attempt);
        let u = uniform4(bits);
        let area = (ERASE_AREA_LOW + (ERASE_AREA_HIGH - ERASE_AREA_LOW) * u.x) * size.x * size.y;
        let aspect = ERASE_ASPECT_LOW + (ERASE_ASPECT_HIGH - ERASE_ASPECT_LOW) * u.y;
        let sides = vec2<u32>(floor(sqrt(vec2<f32>(area * aspect, area / aspect))));
        let corner = bits.zw % vec2<u32>(p.height, p.width);
        if (all(corner + sides <= vec2<u32>(p.height, p.width))) {
            let at = vec2<u32>(row, col);
            return all(at >= corner) && all(at < corner + sides);
        }
    }
    return false;
}

fn is_cut_out(row: u32, col: u32, places: vec4<u32>) -> bool {
    // The square starts half its side before its centre; both sides of the comparison are shifted by that, so they are never
    // negative.
    let first = vec2<u32>(row, col) + CUTOUT / 2u;
    let middle = places.zw % vec2<u32>(p.height, p.width);
    return all(first >= middle) && all(first < middle + CUTOUT);
}

fn seen(image: Image, row: u32, col: u32, channel: u32) -> f32 {
    let moves = random_bits(image.number, place[1], MOVES);
    let looks = random_bits(image.number, place[1], LOOKS);
    let places = random_bits(image.number, place[1], PLACES);
    if (CUTOUT > 0u && is_cut_out(row, col, places)) {
        return mean_of(channel);
    }
    if (uniform4(looks).w < ERASE && is_erased(image.number, row, col)) {
        let noise = uniform4(random_bits(image.number, place[1], NOISE + (row * p.width + col) * p.channels + channel)).x;
        return select(ERASE_VALUE, noise, ERASE_NOISE);
    }
    var at = vec2<i32>(i32(row), i32(col));
    if (CROP > 0u) {
        at += vec2<i32>(places.xy % vec2<u32>(2u * CROP + 1u)) - i32(CROP);
        if (any(at < vec2<i32>()) || any(at >= vec2<i32>(i32(p.height), i32(p.width)))) {
            return 0.0;
        }
    }
    if (is_flipped(image.number, moves)) {
        at.y = i32(p.width) - 1 - at.y;
    }
    let brightness = BRIGHTNESS_LOW + (BRIGHTNESS_HIGH - BRIGHTNESS_LOW) * uniform4(looks).z;
    return min(moved(image, at.x, at.y, channel, moves, looks) * brightness, 1.0);
}
