//! Finds the thing in a picture: what differs from its background, however light or dark, plain or textured that is.
//!
//! The background's colour is a plane through the picture's corners, so that light may fall from one side. The thing is what
//! is farther from that plane than the corners themselves, in large enough patches. How light the thing or its background is
//! does not matter for this, nor for what the networks see: the distance from the background.

use crate::data::error::Problem;
use image::{GrayImage, Luma, RgbaImage};

use super::Inversion;
use super::colors::{Colors, Plane, distance, luma};

/// A thing differs from its background by at least a sixteenth of the range,
const LEAST_DISTANCE: f32 = 16.0;
/// by this many times the median difference of the corners from it,
const TIMES_TEXTURE: f32 = 4.0;
/// and by this share of the difference that most of the thing has: shadows are fainter.
const SHADOW: f32 = 0.15;
/// Patches smaller than this share of the largest are specks.
const SPECK: f64 = 0.02;
/// A thing covers at least this share of its picture.
const LEAST_SHARE: f64 = 0.001;

/// A thing without its background.
pub(super) struct Thing {
    /// How far each pixel is from the background, 0 where it is background, cropped to the thing.
    pub distances: GrayImage,
    /// Whether it is darker than its background.
    pub dark: bool,
}

/// Finds the thing in a picture.
///
/// # Errors
/// When there is almost nothing but background.
pub(super) fn find(picture: &RgbaImage, inversion: Inversion) -> Result<Thing, Problem> {
    let colors = Colors::on_canvas(picture, inversion).without_frame();
    let smoothed = colors.smoothed();
    let background = Plane::through_corners(&smoothed);
    let contrast = |color: [f32; 3], background: [f32; 3]| match inversion {
        Inversion::Automatic => distance(color, background),
        Inversion::Always => luma(background) - luma(color),
        Inversion::Never => luma(color) - luma(background),
    };
    let distances = |colors: &Colors| -> Vec<f32> {
        let pixels = colors.enumerate();
        pixels.map(|([x, y], color)| contrast(color, background.at(x, y))).collect()
    };
    let (sharp, smooth) = (distances(&colors), distances(&smoothed));
    let mut texture: Vec<f32> = colors.corners().map(|[x, y]| smooth[y * colors.width + x].abs()).collect();
    let least = LEAST_DISTANCE.max(TIMES_TEXTURE * quantile(&mut texture, 0.5));
    let above = |least: f32| -> Vec<bool> {
        let both = sharp.iter().zip(&smooth);
        both.map(|(sharp, smooth)| sharp.min(*smooth) > least).collect()
    };
    let strong = |mask: &[bool]| {
        let inside = sharp.iter().zip(mask).filter(|(_, inside)| **inside);
        quantile(&mut inside.map(|(distance, _)| *distance).collect::<Vec<_>>(), 0.95)
    };
    let mut mask = above(least.max(SHADOW * strong(&above(least))));
    let kept = keep_patches(&mut mask, colors.width);
    if (kept as f64) < LEAST_SHARE * mask.len() as f64 || kept == 0 {
        return Err(Problem::from(
            "nothing stands out from its background (with `invert` yes or no light and dark can be forced)",
        ));
    }

    let inside = || mask.iter().zip(colors.enumerate()).filter(|(inside, _)| **inside);
    let lighter = |([x, y], color): ([usize; 2], [f32; 3])| luma(color) - luma(background.at(x, y));
    let dark = inside().map(|(_, pixel)| f64::from(lighter(pixel))).sum::<f64>() < 0.0;
    let columns = || inside().map(|(_, ([x, _], _))| x);
    let rows = || inside().map(|(_, ([_, y], _))| y);
    let (left, right) = (columns().min().unwrap_or(0), columns().max().unwrap_or(0));
    let (top, bottom) = (rows().min().unwrap_or(0), rows().max().unwrap_or(0));
    let scale = 255.0 / strong(&mask);
    let distances = GrayImage::from_fn((right - left + 1) as u32, (bottom - top + 1) as u32, |x, y| {
        let i = (top + y as usize) * colors.width + left + x as usize;
        Luma([if mask[i] { (scale * sharp[i]).round().min(255.0) as u8 } else { 0 }])
    });
    Ok(Thing { distances, dark })
}

/// Clears all but the large patches of a mask, and returns the number of pixels in these.
fn keep_patches(mask: &mut [bool], width: usize) -> usize {
    let mut patch_of = vec![usize::MAX; mask.len()];
    let mut sizes = Vec::new();
    let mut next = Vec::new();
    for start in 0..mask.len() {
        if !mask[start] || patch_of[start] != usize::MAX {
            continue;
        }
        let patch = sizes.len();
        sizes.push(0);
        patch_of[start] = patch;
        next.push(start);
        while let Some(i) = next.pop() {
            sizes[patch] += 1;
            let (x, y) = (i % width, i / width);
            for (x, y) in (x.saturating_sub(1)..(x + 2).min(width))
                .flat_map(|x| (y.saturating_sub(1)..y + 2).map(move |y| (x, y)))
            {
                let i = y * width + x;
                if mask.get(i) == Some(&true) && patch_of[i] == usize::MAX {
                    patch_of[i] = patch;
                    next.push(i);
                }
            }
        }
    }
    let largest = sizes.iter().copied().max().unwrap_or(0);
    let is_kept = |size: usize| size as f64 >= SPECK * largest as f64;
    for (inside, patch) in mask.iter_mut().zip(patch_of) {
        *inside &= sizes.get(patch).is_some_and(|size| is_kept(*size));
    }
    sizes.into_iter().filter(|size| is_kept(*size)).sum()
}

/// The value below which this share of the values lies.
pub(super) fn quantile(values: &mut [f32], share: f32) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let at = ((values.len() - 1) as f32 * share).round() as usize;
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}
