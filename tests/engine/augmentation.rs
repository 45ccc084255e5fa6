//! Augmentation against a reference in double precision, and its random numbers against their expected distributions.

use crate::common::gpu;
use selvedge::settings::{PAPER_ERASING, Policy, STUDY_ERASING};
use selvedge::tensor::Graph;
use selvedge::tensor::ops::{Augment, Batch, DataSet, Erased, Erasing, Fill, Flip, MIXING, Pixels, Shift};

/// Not square, so that rows and columns cannot be mistaken for each other.
const SIZE: [usize; 2] = [13, 9];
const SEED: u32 = 77;

const PIXELS: Pixels = Pixels { height: SIZE[0], width: SIZE[1], channels: 1, mean: [0.25; 3], deviation: [0.5; 3] };

fn bytes(images: usize) -> Vec<u8> {
    (0..images * SIZE[0] * SIZE[1]).map(|i| (i * 7919 % 251) as u8).collect()
}

/// The images in `order`, as seen in `epoch`, before normalisation.
fn seen(pixels: &[u8], pixels_of: Pixels, augment: &Augment, order: &[u32], epoch: u32) -> Vec<f32> {
    let graph = Graph::new(&gpu());
    let mut padded = pixels.to_vec();
    padded.resize(padded.len().next_multiple_of(4), 0);
    let words: Vec<u32> = padded.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let count = pixels.len() / (pixels_of.height * pixels_of.width);
    let data = DataSet {
        images: graph.tensor_u32([words.len()], &words).unwrap(),
        labels: graph.tensor_u32([count], &vec![0; count]).unwrap(),
    };
    let batch = Batch {
        order: &graph.tensor_u32([order.len()], order).unwrap(),
        place: &graph.tensor_u32([2], &[0, epoch]).unwrap(),
        size: order.len(),
        augment: Some((augment, SEED)),
        mixing: None,
        streamed: false,
    };
    let (images, _) = data.gather(batch, pixels_of).unwrap();
    let normalised = images.to_vec().unwrap();
    normalised.iter().map(|y| y * pixels_of.deviation[0] + pixels_of.mean[0]).collect()
}

fn pcg4d(mut v: [u32; 4]) -> [u32; 4] {
    let mix = |v: &mut [u32; 4]| {
        v[0] = v[0].wrapping_add(v[1].wrapping_mul(v[3]));
        v[1] = v[1].wrapping_add(v[2].wrapping_mul(v[0]));
        v[2] = v[2].wrapping_add(v[0].wrapping_mul(v[1]));
        v[3] = v[3].wrapping_add(v[1].wrapping_mul(v[2]));
    };
    v = v.map(|x| x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    mix(&mut v);
    v = v.map(|x| x ^ (x >> 16));
    mix(&mut v);
    v
}

fn bits(image: u32, epoch: u32, what: u32) -> [u32; 4] {
    pcg4d([image, epoch, what, SEED ^ 0x9e37_79b9])
}

fn uniform(bits: u32) -> f64 {
    f64::from(bits >> 8) / 16_777_216.0
}

/// The value that a pixel is filled with, if it is erased.
fn erased(a: &Augment, image: u32, epoch: u32, at: [i64; 2]) -> Option<f64> {
    let [height, width] = SIZE.map(|n| n as i64);
    if let Some(erasing) = a.erasing
        && uniform(bits(image, epoch, 1)[3]) < f64::from(erasing.probability)
    {
        let between = |[low, high]: [f32; 2], u: f64| f64::from(low) + (f64::from(high) - f64::from(low)) * u;
        let rectangle = (0..100).find_map(|attempt| {
            let drawn = bits(image, epoch, 16 + attempt);
            let area = between(erasing.area, uniform(drawn[0])) * (height * width) as f64;
            let aspect = between(erasing.aspect, uniform(drawn[1]));
            let sides = [(area * aspect).sqrt().floor() as i64, (area / aspect).sqrt().floor() as i64];
            let corner = [i64::from(drawn[2]) % height, i64::from(drawn[3]) % width];
            let fits = corner[0] + sides[0] <= height && corner[1] + sides[1] <= width;
            fits.then_some((corner, sides))
        });
        if let Some((corner, sides)) = rectangle
            && (0..2).all(|i| (corner[i]..corner[i] + sides[i]).contains(&at[i]))
        {
            return Some(match erasing.fill {
                Erased::Noise => uniform(bits(image, epoch, 256 + (at[0] * width + at[1]) as u32)[0]),
                Erased::Constant(value) => f64::from(value),
            });
        }
    }
    None
}

/// One pixel as defined in the header of `shaders/data/augment.wgsl`, in double precision.
fn reference(pixels: &[u8], a: &Augment, image: u32, epoch: u32, row: usize, col: usize) -> f64 {
    let [height, width] = SIZE.map(|n| n as i64);
    let (moves, looks, places) = (bits(image, epoch, 0), bits(image, epoch, 1), bits(image, epoch, 2));
    let at = [row as i64, col as i64];

    let side = i64::from(a.cutout);
    let middle = [i64::from(places[2]) % height, i64::from(places[3]) % width];
    if (0..2).all(|i| (middle[i] - side / 2..middle[i] - side / 2 + side).contains(&at[i])) && side > 0 {
        return f64::from(PIXELS.mean[0]);
    }

    if let Some(value) = erased(a, image, epoch, at) {
        return value;
    }

    let [mut y, mut x] = at;
    if a.crop > 0 {
        let border = i64::from(a.crop);
        y += i64::from(places[0]) % (2 * border + 1) - border;
        x += i64::from(places[1]) % (2 * border + 1) - border;
        if !(0..height).contains(&y) || !(0..width).contains(&x) {
            return 0.0;
        }
    }
    let flipped = match a.flip {
        Flip::Never => false,
        Flip::Random => moves[0] >> 31 == 1,
        Flip::Alternating => ((bits(image, 0, 0)[0] >> 31) + epoch) % 2 == 1,
    };
    if flipped {
        x = width - 1 - x;
    }

    let shift = |axis: usize, size: i64| match a.shift[axis] {
        Shift::Fraction(share) => (2.0 * uniform(moves[axis + 1]) - 1.0) * f64::from(share) * size as f64,
        Shift::Pixels(most) => (i64::from(moves[axis + 1]) % (2 * i64::from(most) + 1) - i64::from(most)) as f64,
    };
    let zoom = |u: u32| f64::from(a.zoom[0]) + f64::from(a.zoom[1] - a.zoom[0]) * uniform(u);
    let middle = [(height - 1) as f64 / 2.0, (width - 1) as f64 / 2.0];
    let r = zoom(looks[0]) * (y as f64 - middle[0]) + shift(0, height);
    let c = zoom(looks[1]) * (x as f64 - middle[1]) + shift(1, width);
    let turn = f64::from(a.rotation).to_radians() * (2.0 * uniform(moves[3]) - 1.0);
    let source = [turn.cos() * r - turn.sin() * c + middle[0], turn.sin() * r + turn.cos() * c + middle[1]];
    let tap = |row: i64, col: i64| {
        let resolve = |i: i64, n: i64| match a.fill {
            Fill::Reflect => {
                let i = i.rem_euclid(2 * n);
                if i < n { i } else { 2 * n - 1 - i }
            }
            _ => i.clamp(0, n - 1),
        };
        if let Fill::Constant(value) = a.fill
            && (!(0..height).contains(&row) || !(0..width).contains(&col))
        {
            return f64::from(value);
        }
        let place = (i64::from(image) * height + resolve(row, height)) * width + resolve(col, width);
        f64::from(pixels[place as usize]) / 255.0
    };
    let (y0, x0) = (source[0].floor(), source[1].floor());
    let (dy, dx) = (source[0] - y0, source[1] - x0);
    let (y0, x0) = (y0 as i64, x0 as i64);
    let above = tap(y0, x0) * (1.0 - dx) + tap(y0, x0 + 1) * dx;
    let below = tap(y0 + 1, x0) * (1.0 - dx) + tap(y0 + 1, x0 + 1) * dx;
    let brightness = f64::from(a.brightness[0]) + f64::from(a.brightness[1] - a.brightness[0]) * uniform(looks[2]);
    ((above * (1.0 - dy) + below * dy) * brightness).min(1.0)
}

fn check(name: &str, augment: &Augment) {
    // With 40 images, every coin flip comes up on both sides. The last image comes first, so that its number is not its place.
    let images = 40;
    let pixels = bytes(images);
    let order: Vec<u32> = (0..images as u32).rev().collect();
    for epoch in [0, 1, 5] {
        let ours = seen(&pixels, PIXELS, augment, &order, epoch);
        let n = SIZE[0] * SIZE[1];
        for (i, value) in ours.iter().enumerate() {
            let image = order[i / n];
            let (row, col) = (i % n / SIZE[1], i % SIZE[1]);
            let expected = reference(&pixels, augment, image, epoch, row, col);
            assert!(
                (f64::from(*value) - expected).abs() < 1e-5,
                "{name}, epoch {epoch}, image {image}, row {row}, column {col}: {value} instead of {expected}"
            );
        }
    }
}

#[test]
fn every_change_alone_agrees_with_the_reference() {
    let with = |change: fn(&mut Augment)| {
        let mut augment = Augment::NONE;
        change(&mut augment);
        augment
    };
    check("nothing", &Augment::NONE);
    check("zoom", &with(|a| a.zoom = [0.7, 1.4]));
    check("shift by fractions", &with(|a| a.shift = [Shift::Fraction(0.3), Shift::Fraction(0.1)]));
    check("shift by pixels", &with(|a| a.shift = [Shift::Pixels(2), Shift::Pixels(5)]));
    check("one axis by pixels", &with(|a| a.shift = [Shift::Pixels(3), Shift::Fraction(0.2)]));
    check("rotation", &with(|a| a.rotation = 40.0));
    check("random flip", &with(|a| a.flip = Flip::Random));
    check("alternating flip", &with(|a| a.flip = Flip::Alternating));
    check("crop", &with(|a| a.crop = 3));
    check("brightness", &with(|a| a.brightness = [0.5, 1.5]));
    check("cutout", &with(|a| a.cutout = 5));
    check("even cutout", &with(|a| a.cutout = 4));
    check("erasing with the study's ranges", &with(|a| a.erasing = Some(STUDY_ERASING)));
    check("erasing with the paper's ranges", &with(|a| a.erasing = Some(PAPER_ERASING)));
    let constant = |a: &mut Augment| {
        a.erasing = Some(Erasing { probability: 1.0, fill: Erased::Constant(0.4), ..STUDY_ERASING });
    };
    check("erasing with a constant", &with(constant));
}

#[test]
fn all_changes_together_agree_with_the_reference_for_each_fill() {
    for fill in [Fill::Nearest, Fill::Constant(0.3), Fill::Reflect] {
        let augment = Augment {
            zoom: [0.6, 1.6],
            // Beyond the first mirror image, too.
            shift: [Shift::Fraction(0.9), Shift::Fraction(0.6)],
            rotation: 100.0,
            fill,
            flip: Flip::Alternating,
            crop: 2,
            brightness: [0.2, 2.0],
            erasing: Some(STUDY_ERASING),
            cutout: 3,
        };
        check(&format!("{fill:?}"), &augment);
    }
    for policy in [Policy::IcdssCnn, Policy::IcdssResnet, Policy::Standard] {
        check(&format!("{policy:?}"), &policy.augment());
    }
}

/// A batch of five images, mixed by these numbers: the pixels before normalisation, and both labels of each image.
fn mixed(numbers: [f32; MIXING], augment: Option<&Augment>) -> (Vec<f32>, Vec<u32>) {
    let graph = Graph::new(&gpu());
    let mut pixels = bytes(8);
    pixels.resize(pixels.len().next_multiple_of(4), 0);
    let words: Vec<u32> = pixels.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let data = DataSet {
        images: graph.tensor_u32([words.len()], &words).unwrap(),
        labels: graph.tensor_u32([8], &[0, 10, 20, 30, 40, 50, 60, 70]).unwrap(),
    };
    let batch = Batch {
        order: &graph.tensor_u32([7], &MIX_ORDER).unwrap(),
        place: &graph.tensor_u32([2], &[2, 4]).unwrap(),
        size: 5,
        augment: augment.map(|a| (a, SEED)),
        mixing: Some(&graph.tensor([MIXING], &numbers).unwrap()),
        streamed: false,
    };
    let (images, labels) = data.gather(batch, PIXELS).unwrap();
    let values = images.to_vec().unwrap();
    let values = values.iter().map(|y| y * PIXELS.deviation[0] + PIXELS.mean[0]).collect();
    (values, labels.to_vec_u32().unwrap())
}

const MIX_ORDER: [u32; 7] = [0, 1, 7, 3, 5, 2, 6];

#[test]
fn images_are_mixed_with_those_from_the_other_end_of_the_batch() {
    let policy = Policy::IcdssCnn.augment();
    let [height, width] = SIZE.map(|n| n as f32);
    // Mixup, CutMix with a box that touches no border, and CutMix with an empty box.
    let cases = [[0.3, 0.3, 0.0, 0.0, height, width], [0.0, 0.9, 2.0, 1.0, 7.0, 6.0], [0.0, 1.0, 4.0, 4.0, 4.0, 9.0]];
    for (numbers, augment) in cases.into_iter().flat_map(|n| [(n, None), (n, Some(&policy))]) {
        let (values, labels) = mixed(numbers, augment);
        let pixels = bytes(8);
        let shown = augment.cloned().unwrap_or(Augment::NONE);
        for (i, value) in values.iter().enumerate() {
            let (place, row, col) = (i / (SIZE[0] * SIZE[1]), i / SIZE[1] % SIZE[0], i % SIZE[1]);
            let of = |place: usize| reference(&pixels, &shown, MIX_ORDER[2 + place], 4, row, col);
            let [share, _, top, left, bottom, right] = numbers.map(f64::from);
            let inside = (top..bottom).contains(&(row as f64)) && (left..right).contains(&(col as f64));
            let expected = if inside { share * of(place) + (1.0 - share) * of(4 - place) } else { of(place) };
            assert!((f64::from(*value) - expected).abs() < 1e-5, "{numbers:?} at {i}: {value}, not {expected}");
        }
        assert_eq!(labels, [70, 60, 30, 20, 50, 50, 20, 30, 60, 70]);
    }
}

/// What 10,000 white images of 28x28 look like in an epoch: rows of values in 0 to 1.
fn white(augment: &Augment, epoch: u32) -> Vec<Vec<f32>> {
    let pixels = Pixels { height: 28, width: 28, channels: 1, mean: [0.0; 3], deviation: [1.0; 3] };
    let order: Vec<u32> = (0..10_000).collect();
    let all = seen(&vec![255; 10_000 * 784], pixels, augment, &order, epoch);
    all.chunks_exact(784).map(<[f32]>::to_vec).collect()
}

/// Pearson's chi-squared statistic of counts that should be equal.
fn chi_squared(counts: &[usize]) -> f64 {
    let expected = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
    counts.iter().map(|n| (*n as f64 - expected).powi(2) / expected).sum()
}

#[test]
fn brightness_is_uniform_in_its_range() {
    let augment = Augment { brightness: [0.2, 0.8], ..Augment::NONE };
    let mut counts = [0; 20];
    for image in white(&augment, 3) {
        assert!((0.2..=0.8).contains(&image[0]) && image.iter().all(|v| *v == image[0]));
        counts[(((image[0] - 0.2) / 0.6 * 20.0) as usize).min(19)] += 1;
    }
    // 19 degrees of freedom: above 43.8 with probability 0.001.
    assert!(chi_squared(&counts) < 43.8, "{counts:?}");
}

#[test]
fn every_crop_is_as_likely_as_any_other_and_epochs_differ() {
    let augment = Augment { crop: 2, ..Augment::NONE };
    let places = |epoch| -> Vec<usize> {
        let of = |image: &Vec<f32>| {
            let row = |r: usize| (0..28).any(|c| image[r * 28 + c] > 0.0);
            let col = |c: usize| (0..28).any(|r| image[r * 28 + c] > 0.0);
            let offset = |lit: &dyn Fn(usize) -> bool| {
                let (before, after) =
                    ((0..28).take_while(|i| !lit(*i)).count(), (0..28).rev().take_while(|i| !lit(*i)).count());
                2 + before - after
            };
            5 * offset(&row) + offset(&col)
        };
        white(&augment, epoch).iter().map(of).collect()
    };
    let (first, second) = (places(0), places(1));
    let mut counts = [0; 25];
    first.iter().for_each(|place| counts[*place] += 1);
    // 24 degrees of freedom: above 51.2 with probability 0.001.
    assert!(chi_squared(&counts) < 51.2, "{counts:?}");
    let same = first.iter().zip(&second).filter(|(a, b)| a == b).count();
    assert!((300..500).contains(&same), "{same} of 10,000 images had the same crop twice, 400 are expected");
}

#[test]
fn erasing_keeps_its_rate_and_ranges() {
    let black = Erasing { fill: Erased::Constant(0.0), ..STUDY_ERASING };
    let augment = Augment { erasing: Some(black), ..Augment::NONE };
    let images = white(&augment, 0);
    let mut erased = 0;
    let mut middle = [0.0, 0.0];
    for image in &images {
        let holes: Vec<(usize, usize)> = (0..784).filter(|i| image[*i] == 0.0).map(|i| (i / 28, i % 28)).collect();
        if holes.is_empty() {
            continue;
        }
        erased += 1;
        let (top, bottom) = (holes.iter().map(|h| h.0).min().unwrap(), holes.iter().map(|h| h.0).max().unwrap());
        let (left, right) = (holes.iter().map(|h| h.1).min().unwrap(), holes.iter().map(|h| h.1).max().unwrap());
        let (height, width) = (bottom - top + 1, right - left + 1);
        assert_eq!(holes.len(), height * width, "a rectangle without holes");
        // Sides are rounded down: the area is at most the maximum; with each side one longer, it is at least the minimum.
        assert!(height * width <= 78 && (height + 1) * (width + 1) > 15, "{height} x {width}");
        let aspect = |h: usize, w: usize| h as f64 / w as f64;
        assert!(aspect(height, width + 1) < 10.0 && aspect(height + 1, width) > 0.1, "{height} x {width}");
        middle[0] += (top + bottom) as f64 / 2.0 - 13.5;
        middle[1] += (left + right) as f64 / 2.0 - 13.5;
    }
    // Half of the 10,000, within four standard deviations of 50. (Aspects are uniform: most rectangles are tall and narrow.)
    assert!((4800..5200).contains(&erased), "{erased}");
    // Centred: the standard error of the mean of 5,000 positions among 28 pixels is about 0.11.
    assert!(middle.iter().all(|m| (m / f64::from(erased)).abs() < 0.45), "{middle:?}");
}

#[test]
fn erased_noise_is_uniform() {
    let augment = Augment {
        erasing: Some(Erasing { probability: 1.0, area: [0.5, 0.5], aspect: [1.0, 1.0], fill: Erased::Noise }),
        ..Augment::NONE
    };
    let images = white(&augment, 0);
    let noise: Vec<f32> = images.iter().flatten().filter(|v| **v < 1.0).copied().collect();
    assert!(noise.len() > 3_000_000, "{}", noise.len());
    let mut counts = [0; 50];
    noise.iter().for_each(|v| counts[(v * 50.0) as usize] += 1);
    // 49 degrees of freedom: above 85.4 with probability 0.001.
    assert!(chi_squared(&counts) < 85.4, "{counts:?}");
}

#[test]
fn flips_come_by_a_coin_and_alternate() {
    // A bright left column shows whether an image is flipped.
    let pixels: Vec<u8> = (0..2000 * 784).map(|i| if i % 28 == 0 { 255 } else { 0 }).collect();
    let of = Pixels { height: 28, width: 28, channels: 1, mean: [0.0; 3], deviation: [1.0; 3] };
    let order: Vec<u32> = (0..2000).collect();
    let flipped = |flip, epoch| -> Vec<bool> {
        let augment = Augment { flip, ..Augment::NONE };
        let all = seen(&pixels, of, &augment, &order, epoch);
        all.chunks_exact(784).map(|image| image[27] > 0.5).collect()
    };
    let count = |flips: &[bool]| flips.iter().filter(|f| **f).count();
    let first = flipped(Flip::Alternating, 0);
    assert!((900..1100).contains(&count(&first)));
    let second: Vec<bool> = first.iter().map(|f| !f).collect();
    assert_eq!(flipped(Flip::Alternating, 1), second);
    assert_eq!(flipped(Flip::Alternating, 2), first);
    let random = flipped(Flip::Random, 1);
    assert!((900..1100).contains(&count(&random)));
    let changed = random.iter().zip(flipped(Flip::Random, 2)).filter(|(a, b)| *a != b).count();
    assert!((900..1100).contains(&changed), "{changed}");
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let refused = |change: fn(&mut Augment)| {
        let mut augment = Augment::NONE;
        change(&mut augment);
        augment.validate("augment").unwrap_err().to_string()
    };
    assert!(refused(|a| a.zoom = [1.2, 0.8]).contains("zoom is 1.2,0.8"));
    assert!(refused(|a| a.zoom = [0.0, 1.0]).contains("zoom"));
    assert!(refused(|a| a.shift[0] = Shift::Fraction(1.5)).contains("height shift is 1.5"));
    assert!(refused(|a| a.shift[1] = Shift::Fraction(f32::NAN)).contains("width shift is NaN"));
    assert!(refused(|a| a.rotation = -1.0).contains("rotation is -1"));
    assert!(refused(|a| a.brightness = [-0.5, 1.0]).contains("brightness is -0.5,1"));
    assert!(refused(|a| a.crop = 4000).contains("crop is 4000"));
    assert!(refused(|a| a.fill = Fill::Constant(2.0)).contains("fill is 2"));
    let erasing = |change: fn(&mut Erasing)| {
        let mut erasing = STUDY_ERASING;
        change(&mut erasing);
        let augment = Augment { erasing: Some(erasing), ..Augment::NONE };
        augment.validate("augment").unwrap_err().to_string()
    };
    assert!(erasing(|e| e.probability = 1.5).contains("probability of erasing is 1.5"));
    assert!(erasing(|e| e.area = [0.5, 0.1]).contains("area is 0.5,0.1"));
    assert!(erasing(|e| e.aspect = [0.0, 1.0]).contains("aspect is 0,1"));
    assert!(erasing(|e| e.fill = Erased::Constant(-1.0)).contains("erased value is -1"));
}
