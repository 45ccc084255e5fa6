//! The pictures that a page prepares in JavaScript (web/photo/photo.js) are those of `selvedge predict`, to the byte.
#![cfg(feature = "cli")]

use std::path::Path;
use std::process::Command;

use image::{Rgba, RgbaImage};
use selvedge::data::{DataError, Fit, ImageShape, Inversion, Photo, Preparation};
use serde_json::{Value, json};

const FITS: [Fit; 3] = [Fit::Stretch, Fit::Crop, Fit::Pad];
const INVERSIONS: [Inversion; 3] = [Inversion::Automatic, Inversion::Always, Inversion::Never];
const GREY: ImageShape = ImageShape::grey(28, 28);
const COLOUR: ImageShape = ImageShape { height: 32, width: 32, channels: 3 };

/// A number from 0 to 1 that looks random, for each place.
fn noise(x: u32, y: u32, channel: usize) -> f64 {
    let mut bits = (x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b)).wrapping_add(channel as u32);
    for factor in [0x7feb_352d, 0x846c_a68b] {
        bits = (bits ^ (bits >> 15)).wrapping_mul(factor);
    }
    f64::from(bits ^ (bits >> 16)) / f64::from(u32::MAX)
}

/// How a picture is painted: from a place, 0 to 1 across and down, and the pixel's own numbers.
type Paint = fn([f64; 2], [u32; 2]) -> [f64; 4];

/// Whether a place is within an upright ellipse.
fn in_ellipse([x, y]: [f64; 2], [middle_x, middle_y]: [f64; 2], [half_width, half_height]: [f64; 2]) -> bool {
    ((x - middle_x) / half_width).powi(2) + ((y - middle_y) / half_height).powi(2) < 1.0
}

fn plain(grey: f64) -> [f64; 4] {
    [grey, grey, grey, 255.0]
}

/// Colours whose channels are up to `range` above the least.
fn grainy(least: f64, range: f64, [x, y]: [u32; 2]) -> [f64; 4] {
    let [red, green, blue] = [0, 1, 2].map(|channel| least + range * noise(x, y, channel));
    [red, green, blue, 255.0]
}

/// An ellipse and a smaller one on its rim, like a cup with a handle.
fn is_cup(at: [f64; 2]) -> bool {
    in_ellipse(at, [0.45, 0.55], [0.2, 0.3]) || in_ellipse(at, [0.66, 0.5], [0.08, 0.12])
}

const PAINTS: [(&str, Paint); 14] = [
    ("dark on light", |at, _| plain(if is_cup(at) { 31.0 } else { 243.0 })),
    ("light on dark", |at, _| plain(if is_cup(at) { 231.0 } else { 12.0 })),
    ("colour on colour", |at, _| if is_cup(at) { [200.0, 40.0, 90.0, 255.0] } else { [70.0, 140.0, 60.0, 255.0] }),
    ("a textured thing", |at, place| if is_cup(at) { grainy(20.0, 180.0, place) } else { plain(245.0) }),
    ("a noisy background", |at, place| grainy(if is_cup(at) { 60.0 } else { 180.0 }, 40.0, place)),
    ("light from one side, with a shadow", |[x, y], place| {
        if is_cup([x, y]) {
            grainy(50.0, 30.0, place)
        } else if in_ellipse([x, y], [0.55, 0.85], [0.3, 0.08]) {
            plain(130.0 + 60.0 * x)
        } else {
            [150.0 + 90.0 * x, 140.0 + 80.0 * x + 20.0 * y, 120.0 + 70.0 * y, 255.0]
        }
    }),
    ("cut out", |at, _| if is_cup(at) { [30.0, 60.0, 90.0, 255.0] } else { [255.0, 0.0, 0.0, 0.0] }),
    ("light and cut out, with soft edges", |[x, y], _| {
        let away = ((x - 0.5).powi(2) + (y - 0.5).powi(2)).sqrt();
        [220.0, 230.0, 210.0, (255.0 * (4.0 - 10.0 * away)).clamp(0.0, 255.0)]
    }),
    ("half transparent", |at, _| if is_cup(at) { [20.0, 20.0, 80.0, 130.0] } else { [210.0, 220.0, 200.0, 200.0] }),
    ("a frame", |[x, y], _| {
        if x.min(y).min(1.0 - x).min(1.0 - y) < 0.03 {
            [90.0, 50.0, 20.0, 255.0]
        } else {
            plain(if is_cup([x, y]) { 70.0 } else { 225.0 })
        }
    }),
    ("patches and specks", |at, [x, y]| {
        let patches = [[0.2, 0.3], [0.5, 0.5], [0.75, 0.7]].iter().any(|middle| in_ellipse(at, *middle, [0.09, 0.11]));
        plain(if patches || noise(x / 5, y / 5, 0) > 0.999 { 40.0 } else { 200.0 + 10.0 * noise(x, y, 1) })
    }),
    ("ever smaller patches", |at, _| {
        // Of 1 to 4 % of the largest one's area, the smallest on the left.
        let is_small = (0..8).any(|i| {
            let half = 0.2 * (0.01 + 0.004 * f64::from(i)).sqrt();
            in_ellipse(at, [0.1 + 0.1 * f64::from(i), 0.15], [half, half])
        });
        plain(if is_small || in_ellipse(at, [0.6, 0.6], [0.2, 0.2]) { 40.0 } else { 205.0 })
    }),
    ("coloured glass", |_, place| {
        let [red, green, blue, _] = grainy(0.0, 255.0, place);
        [red, green, blue, 255.0 * noise(place[0], place[1], 3)]
    }),
    ("all over", |at, [x, y]| [90.0 + 160.0 * at[0], 250.0 * noise(x / 3, y / 3, 0), 20.0 + 200.0 * at[1], 255.0]),
];

const SIZES: [[u32; 2]; 11] =
    [[1, 1], [2, 3], [9, 8], [28, 28], [32, 32], [61, 47], [400, 30], [23, 500], [320, 240], [701, 533], [901, 1210]];

fn painted([width, height]: [u32; 2], paint: Paint) -> RgbaImage {
    let middle = |at: u32, size: u32| (f64::from(at) + 0.5) / f64::from(size);
    RgbaImage::from_fn(width, height, |x, y| {
        Rgba(paint([middle(x, width), middle(y, height)], [x, y]).map(|value| value.round() as u8))
    })
}

fn words(preparation: Preparation) -> Value {
    let Preparation { shape: ImageShape { height, width, channels }, fit, thing } = preparation;
    let thing = thing.map(|inversion| match inversion {
        Inversion::Automatic => "auto",
        Inversion::Always => "yes",
        Inversion::Never => "no",
    });
    json!({ "shape": { "height": height, "width": width, "channels": channels }, "fit": fit, "thing": thing })
}

/// Pictures with what is expected of them, as scripts/web/photo.mjs reads them.
struct Cases<'a> {
    folder: &'a Path,
    cases: Vec<Value>,
}

impl Cases<'_> {
    fn add(&mut self, name: &str, picture: &RgbaImage, preparations: &[Preparation], found: Option<[u32; 4]>) {
        let [width, height] = <[u32; 2]>::from(picture.dimensions());
        let number = self.cases.len();
        let (png, file) = (self.folder.join(format!("{number}.png")), format!("{number}.rgba"));
        picture.save(&png).unwrap();
        std::fs::write(self.folder.join(&file), picture.as_raw()).unwrap();
        for preparation in preparations {
            let expected = match Photo::read(&png, *preparation) {
                Ok(photo) => json!({ "pixels": photo.pixels, "inverted": photo.inverted }),
                Err(DataError::Picture { problem, .. }) if problem.contains("stands out") => Value::Null,
                Err(error) => panic!("{name}: {error}"),
            };
            let found = found.map(
                |[left, top, width, height]| json!({ "left": left, "top": top, "width": width, "height": height }),
            );
            let preparation = words(*preparation);
            self.cases.push(json!({
                "name": format!("{name}, {width}x{height}, {preparation}"),
                "file": file, "width": width, "height": height,
                "preparation": preparation, "expected": expected, "box": found,
            }));
        }
    }
}

/// Things cut out, and pictures fitted to several shapes.
fn preparations() -> Vec<Preparation> {
    let things = INVERSIONS.map(|inversion| Preparation { shape: GREY, fit: Fit::Stretch, thing: Some(inversion) });
    let shapes = [GREY, COLOUR, ImageShape { height: 48, width: 20, channels: 3 }];
    let fitted = shapes.into_iter().flat_map(|shape| FITS.map(|fit| Preparation { shape, fit, thing: None }));
    things.into_iter().chain(fitted).collect()
}

#[test]
#[ignore = "needs Node: scripts/web/photo.sh says whether there is one"]
fn the_page_prepares_pictures_as_the_command_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut cases = Cases { folder: folder.path(), cases: Vec::new() };
    let preparations = preparations();
    for (name, paint) in PAINTS {
        for size in SIZES {
            cases.add(name, &painted(size, paint), &preparations, None);
        }
    }
    cases.add("large", &painted([4000, 3000], PAINTS[5].1), &preparations, None);

    for grey in 120..136 {
        let picture = RgbaImage::from_pixel(28, 28, Rgba([grey, grey, grey, 255]));
        cases.add("a plain one of the network's size", &picture, &preparations[..1], None);
    }

    let rectangle = RgbaImage::from_fn(400, 300, |x, y| {
        let is_thing = (17..117).contains(&x) && (200..250).contains(&y);
        let is_inside = (5..395).contains(&x) && (5..295).contains(&y);
        let grey = match (is_inside, is_thing) {
            (false, _) => 120,
            (true, true) => 20,
            (true, false) => 250,
        };
        Rgba([grey, grey, grey, 255])
    });
    cases.add("a rectangle in a frame", &rectangle, &preparations[..1], Some([17, 200, 100, 50]));

    std::fs::write(folder.path().join("cases.json"), serde_json::to_vec(&cases.cases).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/web/photo.mjs");
    let status = Command::new("node").arg(script).arg(folder.path()).status().expect("Node can be started");
    assert!(status.success(), "{status}");
}
