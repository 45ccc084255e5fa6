//! Mixup and CutMix: the host draws, the device mixes.

use rand::RngExt;
use rand_distr::{Beta, Distribution};
use rand_pcg::Pcg64;

use crate::data::ImageShape;
use crate::settings::TrainConfig;
use crate::tensor::ops::MIXING;
use crate::tensor::{Graph, Result, Tensor};

/// Random streams for mixing start here, apart from those of the split and of epochs.
const MIXING_STREAM: u64 = 1 << 40;

/// Draws how each step mixes its images.
#[derive(Debug)]
pub(super) struct Mixer {
    /// What `shaders/data/mix.wgsl` reads.
    pub numbers: Tensor,
    mixup: Option<Beta<f64>>,
    cutmix: Option<Beta<f64>>,
    seed: u64,
    /// Rows and columns of an image.
    size: [usize; 2],
}

impl Mixer {
    /// A mixer of images of this shape, if the settings ask for one.
    pub fn new(graph: &Graph, config: &TrainConfig, shape: ImageShape) -> Result<Option<Self>> {
        if !config.regularisation.mixes() {
            return Ok(None);
        }
        // `Beta::new` refuses 0, which means off. It accepts every other value that has passed the check of the settings.
        let beta = |alpha: f32| Beta::new(f64::from(alpha), f64::from(alpha)).ok();
        Ok(Some(Self {
            numbers: graph.zeros([MIXING])?,
            mixup: beta(config.regularisation.mixup),
            cutmix: beta(config.regularisation.cutmix),
            seed: config.seed,
            size: [shape.height, shape.width],
        }))
    }

    /// Uploads the random numbers for mixing in step `step`. They depend only on the step and the seed.
    pub fn start_step(&self, step: u64) -> Result<()> {
        self.numbers.write(&self.draw(step))
    }

    fn draw(&self, step: u64) -> [f32; MIXING] {
        let mut rng = Pcg64::new(u128::from(self.seed), u128::from(MIXING_STREAM + step));
        let cut = match (self.mixup, self.cutmix) {
            (Some(_), Some(_)) => rng.random::<bool>(),
            (_, cutmix) => cutmix.is_some(),
        };
        let [height, width] = self.size.map(|side| side as f64);
        let drawn = if cut { self.cutmix } else { self.mixup };
        let lambda = drawn.map_or(1.0, |beta| beta.sample(&mut rng));
        if !cut {
            return [lambda, lambda, 0.0, 0.0, height, width].map(|x| x as f32);
        }
        // Yun et al. 2019, equation 2: sides proportional to the square root of the share, random centre, clipped at the border.
        let sides = (1.0 - lambda).sqrt();
        let mut span = |size: f64| {
            let (middle, half) = (rng.random::<f64>() * size, 0.5 * sides * size);
            ((middle - half).round().max(0.0), (middle + half).round().min(size))
        };
        let ((top, bottom), (left, right)) = (span(height), span(width));
        let share = 1.0 - (bottom - top) * (right - left) / (height * width);
        [0.0, share, top, left, bottom, right].map(|x| x as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::{Gpu, GpuOptions};

    fn draws(mixup: f32, cutmix: f32) -> Vec<[f32; MIXING]> {
        let graph = Graph::new(&Gpu::open(&GpuOptions::default()).unwrap());
        let mut config = TrainConfig::default();
        (config.regularisation.mixup, config.regularisation.cutmix) = (mixup, cutmix);
        let mixer = Mixer::new(&graph, &config, ImageShape::grey(28, 28)).unwrap().unwrap();
        (0..4000).map(|step| mixer.draw(step)).collect()
    }

    #[test]
    fn mixup_draws_the_beta_distribution_and_mixes_the_whole_image() {
        let draws = draws(0.4, 0.0);
        let n = draws.len() as f64;
        let mean = draws.iter().map(|d| f64::from(d[0])).sum::<f64>() / n;
        let variance = draws.iter().map(|d| (f64::from(d[0]) - mean).powi(2)).sum::<f64>() / n;
        // Beta(a, a) has mean 1/2 and variance 1 / (4 (2 a + 1)), here 0.1389; four standard errors.
        assert!((mean - 0.5).abs() < 4.0 * 0.373 / n.sqrt(), "{mean}");
        assert!((variance - 0.1389).abs() < 0.005, "{variance}");
        assert!(draws.iter().all(|d| d[0] == d[1] && d[2..] == [0.0, 0.0, 28.0, 28.0]));
    }

    #[test]
    fn cutmix_counts_the_pixels_of_its_box() {
        for [share, label_share, top, left, bottom, right] in draws(0.0, 1.0) {
            assert_eq!(share, 0.0);
            assert!(0.0 <= top && top <= bottom && bottom <= 28.0 && 0.0 <= left && left <= right && right <= 28.0);
            let covered = (bottom - top) * (right - left) / 784.0;
            approx::assert_relative_eq!(label_share, 1.0 - covered, epsilon = 1e-6);
        }
    }

    #[test]
    fn both_together_take_turns_by_a_coin_and_a_step_decides_its_draw() {
        let first = draws(1.0, 1.0);
        let cut = first.iter().filter(|d| d[0] == 0.0).count() as f64 / first.len() as f64;
        assert!((cut - 0.5).abs() < 0.04, "{cut}");
        assert_eq!(first, draws(1.0, 1.0));
    }
}
