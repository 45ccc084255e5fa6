//! The ops that `selvedge kernel` shows and runs by themselves: at sizes that a person chooses, against double precision.

use selvedge::gradcheck::{Array, reference as f64_of};
use selvedge::tensor::ops::{NormSettings, Pad, Padding, Window};
use selvedge::tensor::{Graph, Result, Tensor};

/// An op by itself.
pub struct Case {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it computes.
    pub computes: &'static str,
    /// The names of its sizes, as `--shape` takes them.
    pub sizes: &'static str,
    /// The sizes that it is timed at if none are given, and odd ones at which its gradient is checked.
    pub usual: &'static [usize],
    pub odd: &'static [usize],
    /// Whether a core of the matrix product computes it.
    pub is_product: bool,
    /// The shape of each input at these sizes.
    pub inputs: fn(&[usize]) -> Vec<Vec<usize>>,
    apply: fn(&[Tensor]) -> Result<Tensor>,
    reference: fn(&[Array]) -> Vec<f64>,
}

const SAME: Padding = Padding::Same;
const NO_PAD: Pad = Pad { top: 0, bottom: 0, left: 0, right: 0 };
const EPSILON: f32 = 1e-3;

/// The padding that keeps the size of an image at stride 1.
fn same(kernel: usize) -> Pad {
    let before = (kernel - 1) / 2;
    let after = kernel - 1 - before;
    Pad { top: before, bottom: after, left: before, right: after }
}

/// Labels of every class in turn.
fn labels(rows: usize, classes: usize) -> Vec<u32> {
    (0..rows).map(|row| ((row * 7 + 3) % classes) as u32).collect()
}

impl Case {
    pub const ALL: [Self; 13] = [
        Self {
            name: "matmul",
            computes: "C = A B",
            sizes: "MxKxN",
            usual: &[512, 512, 512],
            odd: &[65, 33, 68],
            is_product: true,
            inputs: |s| vec![vec![s[0], s[1]], vec![s[1], s[2]]],
            apply: |x| x[0].matmul(&x[1]),
            reference: |x| f64_of::matmul(&x[0], &x[1]),
        },
        Self {
            name: "linear",
            computes: "a dense layer: y = relu(x W + b)",
            sizes: "MxKxN",
            usual: &[128, 1024, 256],
            odd: &[19, 24, 7],
            is_product: true,
            inputs: |s| vec![vec![s[0], s[1]], vec![s[1], s[2]], vec![s[2]]],
            apply: |x| x[0].linear(&x[1], &x[2], true),
            reference: |x| {
                let product = Array::new([x[0].shape.rows(), x[2].shape.len()], f64_of::matmul(&x[0], &x[1]));
                f64_of::zip(&product, &x[2], |a, b| f64_of::relu(a + b))
            },
        },
        Self {
            name: "conv2d",
            computes: "a convolution at stride 1 that keeps the size: images, height, width, channels, side of the filter, filters",
            sizes: "BxHxWxCxKxO",
            usual: &[32, 28, 28, 32, 3, 64],
            odd: &[2, 5, 7, 3, 3, 5],
            is_product: true,
            inputs: |s| vec![vec![s[0], s[1], s[2], s[3]], vec![s[4], s[4], s[3], s[5]]],
            apply: |x| x[0].conv2d(&x[1], None, [1, 1], SAME, false),
            reference: |x| f64_of::conv2d(&x[0], &x[1], [1, 1], same(x[1].shape.axes()[0])),
        },
        Self {
            name: "max_pool",
            computes: "the largest of each 2x2 pixels",
            sizes: "BxHxWxC",
            usual: &[128, 28, 28, 32],
            odd: &[2, 7, 5, 3],
            is_product: false,
            inputs: |s| vec![s.to_vec()],
            apply: |x| x[0].max_pool(Window::new([2, 2], [2, 2], Padding::Explicit(NO_PAD))),
            reference: |x| f64_of::max_pool(&x[0], [2, 2], [2, 2], NO_PAD),
        },
        Self {
            name: "avg_pool",
            computes: "the mean of each 2x2 pixels",
            sizes: "BxHxWxC",
            usual: &[128, 28, 28, 32],
            odd: &[2, 7, 5, 3],
            is_product: false,
            inputs: |s| vec![s.to_vec()],
            apply: |x| x[0].avg_pool(Window::new([2, 2], [2, 2], Padding::Explicit(NO_PAD)), false),
            reference: |x| f64_of::avg_pool(&x[0], [2, 2], [2, 2], NO_PAD, false),
        },
        Self {
            name: "batch_norm",
            computes: "y = gamma (x - mean) / sqrt(variance + 0.001) + beta, per channel",
            sizes: "BxHxWxC",
            usual: &[128, 28, 28, 32],
            odd: &[4, 3, 5, 3],
            is_product: false,
            inputs: |s| vec![s.to_vec(), vec![s[3]], vec![s[3]]],
            apply: |x| Ok(x[0].batch_norm(&x[1], &x[2], NormSettings::plain(EPSILON))?.y),
            reference: |x| {
                let (mean, variance) = f64_of::moments(&x[0]);
                f64_of::normalise(&x[0], &x[1].data, &x[2].data, &mean, &variance, f64::from(EPSILON))
            },
        },
        Self {
            name: "softmax",
            computes: "exp(x) over its sum, row by row",
            sizes: "RxC",
            usual: &[8192, 128],
            odd: &[70, 7],
            is_product: false,
            inputs: |s| vec![s.to_vec()],
            apply: |x| x[0].softmax(),
            reference: |x| f64_of::log_softmax(&x[0]).into_iter().map(f64::exp).collect(),
        },
        Self {
            name: "cross_entropy",
            computes: "- log of the softmax at the label, row by row",
            sizes: "RxC",
            usual: &[8192, 128],
            odd: &[70, 7],
            is_product: false,
            inputs: |s| vec![s.to_vec()],
            apply: |x| {
                let shape = x[0].shape();
                let labels = x[0].graph().tensor_u32([shape.rows()], &labels(shape.rows(), shape.last()))?;
                Ok(x[0].cross_entropy(&labels, 0.0)?.losses)
            },
            reference: |x| f64_of::cross_entropy(&x[0], &labels(x[0].shape.rows(), x[0].shape.last()), 0.0),
        },
        Self {
            name: "sum",
            computes: "the sum of all numbers",
            sizes: "N",
            usual: &[4_194_304],
            odd: &[1007],
            is_product: false,
            inputs: |s| vec![s.to_vec()],
            apply: |x| x[0].sum(),
            reference: |x| vec![x[0].data.iter().sum()],
        },
        Self {
            name: "relu",
            computes: "max(x, 0), number by number",
            sizes: "N",
            usual: &[4_194_304],
            odd: &[1007],
            is_product: false,
            inputs: |s| vec![s.to_vec()],
            apply: |x| x[0].relu(),
            reference: |x| f64_of::map(&x[0], f64_of::relu),
        },
        Self {
            name: "add",
            computes: "a + b, with one row b added to every row of a",
            sizes: "RxC",
            usual: &[8192, 512],
            odd: &[70, 7],
            is_product: false,
            inputs: |s| vec![s.to_vec(), vec![s[1]]],
            apply: |x| x[0].add(&x[1]),
            reference: |x| f64_of::zip(&x[0], &x[1], |a, b| a + b),
        },
        Self {
            name: "transpose",
            computes: "rows as columns",
            sizes: "RxC",
            usual: &[2048, 2048],
            odd: &[70, 7],
            is_product: false,
            inputs: |s| vec![s.to_vec()],
            apply: |x| x[0].permute(&[1, 0]),
            reference: |x| f64_of::transpose(&x[0]),
        },
        Self {
            name: "resize",
            computes: "images of twice the height and width, bilinear",
            sizes: "BxHxWxC",
            usual: &[128, 28, 28, 3],
            odd: &[2, 5, 4, 3],
            is_product: false,
            inputs: |s| vec![s.to_vec()],
            apply: |x| {
                let axes = x[0].shape();
                x[0].resize_bilinear([2 * axes.axes()[1], 2 * axes.axes()[2]])
            },
            reference: |x| {
                let axes = x[0].shape.axes();
                f64_of::resize_bilinear(&x[0], 2 * axes[1], 2 * axes[2])
            },
        },
    ];

    /// The case with this name.
    pub fn find(name: &str) -> std::result::Result<&'static Self, String> {
        const ALL: &[Case] = &Case::ALL;
        ALL.iter().find(|case| case.name == name).ok_or_else(|| {
            let names: Vec<&str> = ALL.iter().map(|case| case.name).collect();
            format!("the ops are {}", names.join(", "))
        })
    }

    /// Random inputs at these sizes: the same ones each time, none near the kink that ReLU has at zero.
    pub fn inputs(&self, sizes: &[usize]) -> Vec<Array> {
        (1..).zip((self.inputs)(sizes)).map(|(seed, shape)| Array::away_from_zero(&shape[..], seed)).collect()
    }

    /// Records the op on random inputs, and its gradient with respect to each of them.
    ///
    /// # Errors
    /// Those of the op, such as sizes that the adapter cannot hold.
    pub fn record(&self, graph: &Graph, sizes: &[usize]) -> Result<(Tensor, Vec<Tensor>)> {
        let leaf = |x: Array| graph.tensor(x.shape.clone(), &x.to_f32());
        let inputs = self.inputs(sizes).into_iter().map(leaf).collect::<Result<Vec<_>>>()?;
        let output = self.apply(&inputs)?;
        let upstream = Array::away_from_zero(output.shape(), 99);
        let upstream = graph.tensor(output.shape(), &upstream.to_f32())?;
        let gradients = output.backward_from(&upstream, &inputs.iter().collect::<Vec<_>>())?;
        Ok((output, gradients))
    }

    /// Records the op.
    pub fn apply(&self, inputs: &[Tensor]) -> Result<Tensor> {
        (self.apply)(inputs)
    }

    /// The op in double precision.
    pub fn reference(&self, inputs: &[Array]) -> Vec<f64> {
        (self.reference)(inputs)
    }

    /// Multiply-adds, or numbers read, of the reference at these sizes: a measure of how long it takes.
    pub fn effort(&self, sizes: &[usize]) -> u64 {
        let factors: Vec<usize> = match self.name {
            // The side of the filter counts twice.
            "conv2d" => sizes.iter().copied().chain([sizes[4]]).collect(),
            _ => sizes.to_vec(),
        };
        factors.iter().fold(1, |all, size| all.saturating_mul(*size as u64))
    }
}

#[cfg(test)]
mod tests {
    use selvedge::gpu::{Gpu, GpuOptions};
    use selvedge::gradcheck::{Tolerance, gradcheck};

    use super::*;

    #[test]
    fn every_case_agrees_with_its_reference_forward_and_backward() {
        let gpu = Gpu::open(&GpuOptions::from_env().unwrap()).unwrap();
        for case in Case::ALL {
            assert_eq!(case.usual.len(), case.sizes.split('x').count(), "{}", case.name);
            let inputs = case.inputs(case.odd);
            let checked = gradcheck(&gpu, &inputs, Tolerance::default(), |x| case.apply(x), |x| case.reference(x));
            let report = checked.unwrap();
            assert!(report.passed(), "{}: {report}", case.name);
        }
        // An even filter has its extra pixel after the image.
        let case = Case::find("conv2d").unwrap();
        let inputs = case.inputs(&[2, 8, 7, 4, 2, 4]);
        let checked = gradcheck(&gpu, &inputs, Tolerance::default(), |x| case.apply(x), |x| case.reference(x));
        assert!(checked.unwrap().passed());
    }
}
