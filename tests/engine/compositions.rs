//! Things on backgrounds of every kind: the networks must be given the thing alone, light on black.

use crate::common::pictures::{Color, Shape, framed, grey, mix, noise};
use image::RgbaImage;
use selvedge::data::{Fit, ImageSet, ImageShape, Inversion, Photo, Preparation, load};

type Background = &'static dyn Fn(u32, u32) -> Color;
type Thing = &'static dyn Fn(f32) -> Color;

/// A kind of picture.
struct Kind {
    name: &'static str,
    /// `None` is a transparent background.
    background: Option<Background>,
    thing: Thing,
    /// Thickness and grey of the frame.
    frame: (u32, u8),
    /// Whether light and dark must be swapped; `None` where thing and background are equally light.
    inverted: Option<bool>,
}

const LIGHT: Thing = &|light| grey(150.0 + 105.0 * light);
const DARK: Thing = &|light| grey(95.0 - 80.0 * light);
const BLACK: Thing = &|light| grey(40.0 - 40.0 * light);
const WHITE: Thing = &|light| grey(215.0 + 40.0 * light);
const PALE: Thing = &|light| grey(235.0 - 60.0 * light);
const RED: Thing = &|light| mix([120.0, 15.0, 20.0], [225.0, 35.0, 40.0], light);
const BLUE: Thing = &|light| mix([20.0, 30.0, 120.0], [40.0, 60.0, 220.0], light);
const YELLOW: Thing = &|light| mix([200.0, 185.0, 40.0], [250.0, 235.0, 60.0], light);
/// Between dark stripes, stripes as light as the background would vanish; these are lighter and darker than the background.
const TWO_TONED: Thing = &|light| grey(if light > 0.5 { 245.0 } else { 40.0 });

macro_rules! plain {
    ($level:literal) => {
        Some(&|_, _| grey($level))
    };
}
const BLACK_GROUND: Option<Background> = plain!(0.0);
const DARK_GROUND: Option<Background> = plain!(50.0);
const DIM_GROUND: Option<Background> = plain!(80.0);
const MID_GROUND: Option<Background> = plain!(128.0);
const LIGHT_MID_GROUND: Option<Background> = plain!(150.0);
const LIGHT_GROUND: Option<Background> = plain!(200.0);
const WHITE_GROUND: Option<Background> = plain!(253.0);
const GREEN: Option<Background> = Some(&|_, _| [40.0, 120.0, 50.0]);
const BLUE_GROUND: Option<Background> = Some(&|_, _| [30.0, 40.0, 150.0]);
const NOISY_MID: Option<Background> = Some(&|x, y| grey(128.0 + 45.0 * noise(x, y)));
const NOISY_LIGHT: Option<Background> = Some(&|x, y| grey(205.0 + 40.0 * noise(x, y)));
const ACROSS: Option<Background> = Some(&|x, _| grey(130.0 - 0.18 * x as f32));
const DOWN: Option<Background> = Some(&|_, y| grey(240.0 - 0.25 * y as f32));
const STRIPES: Option<Background> = Some(&|x, _| grey(if x / 8 % 2 == 0 { 90.0 } else { 140.0 }));
const LIGHT_STRIPES: Option<Background> = Some(&|x, _| grey(if x / 10 % 2 == 0 { 190.0 } else { 240.0 }));
const CHECKED: Option<Background> = Some(&|x, y| {
    if (x / 12 + y / 12) % 2 == 0 { [60.0, 80.0, 60.0] } else { [110.0, 130.0, 110.0] }
});
const WOOD: Option<Background> = Some(&|x, y| {
    let grain = 14.0 * (y as f32 / 5.0 + 3.0 * (x as f32 / 60.0).sin()).sin() + 8.0 * noise(x, y);
    [150.0 + grain, 105.0 + grain, 70.0 + grain]
});
const WEAVE: Option<Background> = Some(&|x, y| grey(180.0 + 25.0 * (x as f32 / 2.0).sin() * (y as f32 / 2.0).sin()));

const fn kind(name: &'static str, background: Option<Background>, thing: Thing, inverted: Option<bool>) -> Kind {
    Kind { name, background, thing, frame: (0, 0), inverted }
}

const fn with_frame(thickness: u32, level: u8, kind: Kind) -> Kind {
    Kind { frame: (thickness, level), ..kind }
}

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);

const KINDS: [Kind; 38] = [
    kind("light on black", BLACK_GROUND, LIGHT, NO),
    kind("light on dark", DARK_GROUND, LIGHT, NO),
    kind("light on mid grey", MID_GROUND, LIGHT, NO),
    kind("white on mid grey", MID_GROUND, WHITE, NO),
    kind("white on lighter than mid grey", LIGHT_MID_GROUND, WHITE, NO),
    kind("dark on white", WHITE_GROUND, DARK, YES),
    kind("dark on light", LIGHT_GROUND, DARK, YES),
    kind("dark on mid grey", MID_GROUND, DARK, YES),
    kind("black on dark", DIM_GROUND, BLACK, YES),
    kind("pale on white", WHITE_GROUND, PALE, YES),
    kind("two-toned on mid grey", MID_GROUND, TWO_TONED, None),
    kind("red on white", WHITE_GROUND, RED, YES),
    kind("red on green", GREEN, RED, None),
    kind("blue on mid grey", MID_GROUND, BLUE, YES),
    kind("yellow on mid grey", MID_GROUND, YELLOW, NO),
    kind("yellow on blue", BLUE_GROUND, YELLOW, NO),
    kind("yellow on white", WHITE_GROUND, YELLOW, YES),
    kind("light on noisy mid grey", NOISY_MID, LIGHT, NO),
    kind("dark on noisy mid grey", NOISY_MID, BLACK, YES),
    kind("dark on noisy light", NOISY_LIGHT, DARK, YES),
    kind("light on a gradient", ACROSS, LIGHT, NO),
    kind("dark on a gradient", DOWN, DARK, YES),
    kind("light on stripes", STRIPES, WHITE, NO),
    kind("dark on stripes", LIGHT_STRIPES, DARK, YES),
    kind("light on a checked cloth", CHECKED, LIGHT, NO),
    kind("light on wood", WOOD, LIGHT, NO),
    kind("black on wood", WOOD, BLACK, YES),
    kind("dark on a weave", WEAVE, DARK, YES),
    with_frame(1, 0, kind("light on mid grey, framed in black", MID_GROUND, LIGHT, NO)),
    with_frame(2, 0, kind("dark on white, framed in black", WHITE_GROUND, DARK, YES)),
    with_frame(1, 255, kind("dark on mid grey, framed in white", MID_GROUND, DARK, YES)),
    with_frame(2, 255, kind("light on dark, framed in white", DARK_GROUND, LIGHT, NO)),
    with_frame(8, 255, kind("dark on mid grey, framed thickly", MID_GROUND, DARK, YES)),
    with_frame(2, 30, kind("white on wood, framed in dark grey", WOOD, WHITE, NO)),
    kind("light on transparency", None, LIGHT, NO),
    kind("white on transparency", None, WHITE, NO),
    kind("dark on transparency", None, DARK, YES),
    kind("red on transparency", None, RED, YES),
];

/// Images of the test set: a boot, a pullover, trousers, a shirt, a bag, a dress.
const SHAPES: [usize; 6] = [0, 1, 2, 7, 30, 13];

fn read(picture: &RgbaImage, inversion: Inversion) -> Result<Photo, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.png");
    picture.save(&path).unwrap();
    let preparation = Preparation { shape: ImageShape::grey(28, 28), fit: Fit::Stretch, thing: Some(inversion) };
    Photo::read(&path, preparation).map_err(|e| e.to_string())
}

fn compose(kind: &Kind, shape: &Shape) -> RgbaImage {
    framed(shape.on(kind.background, kind.thing), kind.frame.0, kind.frame.1)
}

/// Intersection over union of two areas. The first is trimmed and centred like a picture.
fn overlap(cover: &[f32], pixels: &[u8]) -> f64 {
    let cover: Vec<u8> = cover.iter().map(|c| (255.0 * c) as u8).collect();
    let seen: Vec<bool> = pixels.iter().map(|p| *p > 40).collect();
    let whole = read(
        &image::DynamicImage::from(image::GrayImage::from_raw(28, 28, cover).unwrap())
            .resize_exact(112, 112, image::imageops::FilterType::Nearest)
            .into_rgba8(),
        Inversion::Never,
    );
    let expected: Vec<bool> = whole.unwrap().pixels.iter().map(|p| *p > 127).collect();
    let count = |both: &dyn Fn(bool, bool) -> bool| {
        let pairs = expected.iter().zip(&seen);
        pairs.filter(|(a, b)| both(**a, **b)).count() as f64
    };
    count(&|a, b| a && b) / count(&|a, b| a || b)
}

#[test]
fn the_thing_is_found_on_every_background() {
    let set: ImageSet = load(None).expect("these tests need the real data: run ./setup.sh").test;
    let mut wrong = Vec::new();
    for kind in &KINDS {
        for image in SHAPES {
            let shape = Shape::of(&set, image);
            match read(&compose(kind, &shape), Inversion::Automatic) {
                Err(error) => wrong.push(format!("{}, image {image}: {error}", kind.name)),
                Ok(photo) => {
                    let alike = overlap(shape.cover(), &photo.pixels);
                    if kind.inverted.is_some_and(|wanted| wanted != photo.inverted) || alike < 0.75 {
                        let inverted = photo.inverted;
                        wrong.push(format!("{}, image {image}: inverted {inverted}, alike {alike:.2}", kind.name));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n", wrong.join("\n"));
}

#[test]
fn a_background_alone_is_refused() {
    for kind in KINDS.iter().filter(|kind| kind.background.is_some()) {
        let nothing = Shape::of(&ImageSet::new("nothing", ImageShape::grey(28, 28), vec![0; 784], vec![0]).unwrap(), 0);
        let refused = read(&compose(kind, &nothing), Inversion::Automatic);
        let refused = refused.map(|photo| photo.pixels).expect_err(kind.name);
        assert!(refused.contains("nothing stands out"), "{}: {refused}", kind.name);
    }
    let clear = RgbaImage::new(50, 50);
    assert!(read(&clear, Inversion::Automatic).unwrap_err().contains("nothing stands out"));
}

#[test]
fn dust_and_rounded_corners_are_no_things() {
    let set = load(None).expect("these tests need the real data: run ./setup.sh").test;
    let shape = Shape::of(&set, 1);
    let clean = read(&shape.on(WHITE_GROUND, DARK), Inversion::Automatic).unwrap();
    // Dust in a corner, and the transparent corners of a screenshot.
    let mut dusty = shape.on(WHITE_GROUND, DARK);
    for (x, y) in [(8, 9), (9, 9), (8, 10), (380, 350), (381, 351)] {
        dusty.put_pixel(x, y, image::Rgba([0, 0, 0, 255]));
    }
    let is_clean = |picture: &RgbaImage| {
        let photo = read(picture, Inversion::Automatic).unwrap();
        let off = photo.pixels.iter().zip(&clean.pixels).map(|(a, b)| a.abs_diff(*b)).max();
        photo.inverted && off <= Some(2)
    };
    assert!(is_clean(&dusty));
    let mut rounded = shape.on(WHITE_GROUND, DARK);
    for (x, y) in (0..12).flat_map(|x| (0..12 - x).map(move |y| (x, y))) {
        rounded.put_pixel(x, y, image::Rgba([0, 0, 0, 0]));
        rounded.put_pixel(399 - x, 359 - y, image::Rgba([0, 0, 0, 0]));
    }
    assert!(is_clean(&rounded));
}

#[test]
fn real_images_and_their_negatives_are_told_apart() {
    let set = load(None).expect("these tests need the real data: run ./setup.sh").test;
    let mut wrong = Vec::new();
    // The four listed images fill their image up to the corners: shirts, bags and coats.
    for i in (0..300).chain([508, 509, 619, 1388]) {
        let image = image::GrayImage::from_raw(28, 28, set.image(i).to_vec()).unwrap();
        let mut picture = image::DynamicImage::from(image);
        for inverted in [false, true] {
            let photo = read(&picture.to_rgba8(), Inversion::Automatic).unwrap();
            if photo.inverted != inverted || photo.pixels != set.image(i) {
                wrong.push((i, inverted));
            }
            picture.invert();
        }
    }
    assert!(wrong.is_empty(), "images and whether they are negatives: {wrong:?}");
}
