//! Initial values of parameters.

use rand::RngExt;
use rand_pcg::Pcg64;

/// How a parameter is initialised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// Every element is this number.
    Constant(f32),
    /// Uniform in `±sqrt(6 / (fan_in + fan_out))` (Glorot and Bengio 2010, equation 16).
    GlorotUniform {
        /// Inputs of one unit.
        fan_in: usize,
        /// Units that one input feeds.
        fan_out: usize,
    },
    /// Normal with deviation `sqrt(2 / fan_in)` (He et al. 2015, equation 10).
    HeNormal {
        /// Inputs of one unit.
        fan_in: usize,
    },
}

impl Init {
    /// `len` initial values. `seed` and `stream` (the number of the parameter) determine them, identically on every machine.
    pub fn values(self, len: usize, seed: u64, stream: u64) -> Vec<f32> {
        // PCG's streams are independent sequences, so adding a layer does not change the others' values.
        let mut rng = Pcg64::new(u128::from(seed), u128::from(stream));
        match self {
            Self::Constant(value) => vec![value; len],
            Self::GlorotUniform { fan_in, fan_out } => {
                let limit = (6.0 / (fan_in + fan_out).max(1) as f64).sqrt();
                (0..len).map(|_| ((2.0 * rng.random::<f64>() - 1.0) * limit) as f32).collect()
            }
            Self::HeNormal { fan_in } => {
                let deviation = (2.0 / fan_in.max(1) as f64).sqrt();
                (0..len).map(|_| (normal(&mut rng) * deviation) as f32).collect()
            }
        }
    }
}

/// A standard normal number (Box and Muller 1958).
fn normal(rng: &mut Pcg64) -> f64 {
    // 1 - u is in (0, 1], so the logarithm is finite.
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_and_deviation(values: &[f32]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let variance = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n;
        (mean, variance.sqrt())
    }

    #[test]
    fn glorot_fills_its_interval() {
        let init = Init::GlorotUniform { fan_in: 4, fan_out: 2 };
        let values = init.values(20_000, 1, 0);
        let (mean, deviation) = mean_and_deviation(&values);
        // The limit is 1, so the deviation is 1 / sqrt(3).
        assert!(values.iter().all(|v| v.abs() <= 1.0));
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((deviation - 0.577).abs() < 0.01, "{deviation}");
    }

    #[test]
    fn he_has_its_deviation() {
        let (mean, deviation) = mean_and_deviation(&Init::HeNormal { fan_in: 8 }.values(20_000, 1, 0));
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((deviation - 0.5).abs() < 0.01, "{deviation}");
    }

    #[test]
    fn seeds_and_streams_differ_and_repeat() {
        let init = Init::HeNormal { fan_in: 8 };
        assert_eq!(init.values(10, 1, 2), init.values(10, 1, 2));
        assert_ne!(init.values(10, 1, 2), init.values(10, 2, 2));
        assert_ne!(init.values(10, 1, 2), init.values(10, 1, 3));
    }
}
