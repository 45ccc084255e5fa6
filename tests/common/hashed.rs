//! Networks and images whose values are hashes of names; tests/interop/architectures.py generates the same ones.

use std::sync::Arc;

use selvedge::data::Form;
use selvedge::gpu::Gpu;
use selvedge::models;
use selvedge::nn::{Forward, Mode, ParameterBuilder, Parameters, weights};
use selvedge::settings::{InceptionSettings, NetworkSettings, ResNetSettings, Shortcut};
use selvedge::tensor::{Graph, Tensor};

/// Images per comparison.
pub const IMAGES: usize = 8;
/// The side of large images.
const LARGE: usize = 110;
/// Sets of images; the script explains why there are several.
pub const SETS: [&str; 3] = ["9", "2", "6"];

/// Numbers in -1 to 1.
pub fn hashed(name: &str, count: usize) -> Vec<f64> {
    let mix = |state: u32, byte: u8| (state ^ u32::from(byte)).wrapping_mul(16_777_619);
    let state = name.bytes().fold(2_166_136_261, mix);
    let number = |i: u32| {
        let mut x = state.wrapping_add(i.wrapping_mul(0x9E37_79B9));
        x = (x ^ (x >> 16)).wrapping_mul(0x85EB_CA6B);
        x = (x ^ (x >> 13)).wrapping_mul(0xC2B2_AE35);
        x ^= x >> 16;
        f64::from(x >> 8) / f64::from(1 << 23) - 1.0
    };
    (0..count as u32).map(number).collect()
}

/// The weights of the tensor with this name and shape, as PyTorch stores them.
pub fn weight(name: &str, shape: &[usize]) -> Vec<f32> {
    let fan_in: usize = shape.iter().skip(1).product();
    let (middle, width) = match shape.len() {
        _ if name.ends_with(".running_var") => (1.0, 0.5),
        _ if [".bn.bias", "bn1.bias", "bn2.bias"].iter().any(|end| name.ends_with(end)) => (2.0, 0.1),
        _ if name.ends_with(".running_mean") || name.ends_with(".bias") => (0.0, 0.1),
        1 => (1.0, 0.5),
        2 => (0.0, (3.0 / fan_in as f64).sqrt()),
        _ => (0.0, (6.0 / fan_in as f64).sqrt()),
    };
    let numbers = hashed(name, shape.iter().product());
    numbers.iter().map(|u| (middle + width * u) as f32).collect()
}

/// Patches with noise, `[IMAGES, side, side, channels]`; the script explains why. Numbers are drawn channel by channel.
fn images(name: &str, side: usize, channels: usize) -> Vec<f32> {
    let tiles = if side == 28 { 4 } else { 5 };
    let patches = hashed(&format!("{name} patches"), IMAGES * channels * tiles * tiles);
    let noise = hashed(&format!("{name} noise"), IMAGES * channels * side * side);
    let tile = side / tiles;
    let mut pixels = Vec::with_capacity(noise.len());
    for image in 0..IMAGES {
        for (row, col) in (0..side * side).map(|i| (i / side, i % side)) {
            for plane in (0..channels).map(|channel| image * channels + channel) {
                let patch = patches[(plane * tiles + row / tile) * tiles + col / tile];
                pixels.push((0.5 * patch + 0.5 * noise[(plane * side + row) * side + col]) as f32);
            }
        }
    }
    pixels
}

/// A network and what it is compared on.
pub struct Case {
    pub name: &'static str,
    make: fn() -> NetworkSettings,
}

/// All comparisons.
pub const CASES: [Case; 7] = [
    Case { name: "resnet18", make: || NetworkSettings::Resnet18(ResNetSettings::default()) },
    Case { name: "resnet20", make: || NetworkSettings::Resnet20(ResNetSettings::default()) },
    Case { name: "resnet32", make: || NetworkSettings::Resnet32(ResNetSettings::default()) },
    Case { name: "resnet44", make: || NetworkSettings::Resnet44(ResNetSettings::default()) },
    Case { name: "resnet56", make: || NetworkSettings::Resnet56(ResNetSettings::default()) },
    Case {
        name: "resnet20 zeros leaky",
        make: || {
            NetworkSettings::Resnet20(ResNetSettings {
                shortcut: Shortcut::Zeros,
                slope: 0.1,
                ..ResNetSettings::default()
            })
        },
    },
    Case {
        name: "inception",
        make: || {
            NetworkSettings::Inception(InceptionSettings { slope: 0.3, dropout: 0.0, ..InceptionSettings::default() })
        },
    },
];

/// A network's logits for the images, and the gradient of each parameter in PyTorch's layout.
pub struct Measured {
    pub inference: Vec<f32>,
    pub training: Vec<f32>,
    /// Name, shape and values.
    pub gradients: Vec<(String, Vec<usize>, Vec<f32>)>,
}

impl Case {
    /// Runs the network with hashed weights on a set of hashed images.
    pub fn measure(&self, gpu: &Arc<Gpu>, set: &str) -> Measured {
        let graph = Graph::new(gpu);
        let mut builder = ParameterBuilder::default();
        let settings = (self.make)();
        let model = models::declare(&settings, &mut builder, &Form::default());
        // The same parameters, for images that are large enough as they are.
        let for_large = match settings {
            NetworkSettings::Inception(own) => {
                NetworkSettings::Inception(InceptionSettings { image_size: LARGE, ..own })
            }
            other => other,
        };
        let for_large = models::declare(&for_large, &mut ParameterBuilder::default(), &Form::default());
        let parameters = builder.build(&graph, 1, 0).unwrap();
        fill(&parameters);
        let grey = graph.tensor([IMAGES, 28, 28, 1], &images(&format!("grey {set}"), 28, 1)).unwrap();
        let large = match self.name {
            "inception" => {
                graph.tensor([IMAGES, LARGE, LARGE, 3], &images(&format!("colour {set}"), LARGE, 3)).unwrap()
            }
            _ => grey.clone(),
        };
        let clock = graph.tensor_u32([3], &[0, 0, 0]).unwrap();

        let inference = model.forward(&mut Forward::new(&parameters, Mode::Inference), &grey).unwrap();
        let mut pass = Forward::new(&parameters, Mode::Training { seed_step_row: &clock });
        let training = for_large.forward(&mut pass, &large).unwrap();
        let labels: Vec<u32> = (0..IMAGES as u32).collect();
        let labels = graph.tensor_u32([IMAGES], &labels).unwrap();
        let loss = training.cross_entropy(&labels, 0.0).unwrap().losses.mean().unwrap();
        let learned: Vec<(String, &Tensor)> = parameters
            .named()
            .filter(|(name, _)| !name.contains(".running_"))
            .map(|(name, tensor)| (name.to_owned(), tensor))
            .collect();
        let tensors: Vec<&Tensor> = learned.iter().map(|(_, tensor)| *tensor).collect();
        let gradients = loss.backward(&tensors).unwrap();
        let mut outputs = vec![&inference, &training];
        outputs.extend(&gradients);
        let mut compiled = graph.compile(&outputs).unwrap();
        compiled.run().unwrap();
        let gradients = learned
            .iter()
            .zip(&gradients)
            .map(|((name, _), gradient)| {
                let (shape, values) = as_in_pytorch(gradient.shape().axes(), &compiled.read(gradient).unwrap());
                (name.clone(), shape, values)
            })
            .collect();
        Measured {
            inference: compiled.read(&inference).unwrap(),
            training: compiled.read(&training).unwrap(),
            gradients,
        }
    }
}

/// Convolutions `[KH, KW, in, out] -> [out, in, KH, KW]`, dense layers `[in, out] -> [out, in]`.
fn as_in_pytorch(shape: &[usize], values: &[f32]) -> (Vec<usize>, Vec<f32>) {
    let (taps, in_c, out_c, shape) = match *shape {
        [kernel_h, kernel_w, in_c, out_c] => (kernel_h * kernel_w, in_c, out_c, vec![out_c, in_c, kernel_h, kernel_w]),
        [in_c, out_c] => (1, in_c, out_c, vec![out_c, in_c]),
        _ => return (shape.to_vec(), values.to_vec()),
    };
    let mut moved = Vec::with_capacity(values.len());
    for co in 0..out_c {
        for ci in 0..in_c {
            moved.extend((0..taps).map(|tap| values[(tap * in_c + ci) * out_c + co]));
        }
    }
    (shape, moved)
}

/// Fills all parameters through a weight file.
fn fill(parameters: &Parameters) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    weights::save(parameters, 0, "", &path).unwrap();
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = weights::list(&path)
        .unwrap()
        .into_iter()
        .filter(|entry| entry.dtype == "F32")
        .map(|entry| {
            let bytes = weight(&entry.name, &entry.shape).iter().flat_map(|x| x.to_le_bytes()).collect();
            (entry.name, entry.shape, bytes)
        })
        .collect();
    write_safetensors(&path, &tensors);
    weights::load(parameters, &path).unwrap();
}

/// Writes tensors of 32-bit floats.
pub fn write_safetensors(path: &std::path::Path, tensors: &[(String, Vec<usize>, Vec<u8>)]) {
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes).unwrap();
        (name, view)
    });
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}
