//! Kernels of whole training and inference steps, as a large GPU gets them.

use std::sync::Arc;

use selvedge::data::{Form, ImageSet, ImageShape, Normalisation};
use selvedge::gpu::{Gpu, Kernel};
use selvedge::settings::{Architecture, Learned, OptimiserKind, Policy, Shortcut, TrainConfig};
use selvedge::settings::{NetworkSettings, Recipe};
use selvedge::train::{inference_step, training_step};

/// The pixels of an image of Fashion-MNIST.
const PIXELS: usize = 28 * 28;

/// A name, settings, and the images in a batch.
fn steps() -> Vec<(String, TrainConfig, usize)> {
    let mut steps = Vec::new();
    for architecture in Architecture::ALL {
        // The deeper residual networks only repeat the layers of resnet20.
        let name = architecture.name();
        let batches: &[usize] = match architecture {
            Architecture::Cnn => &[128, 1024],
            Architecture::Resnet18 | Architecture::Resnet20 => &[128],
            Architecture::Inception => &[16],
            Architecture::Resnet32 | Architecture::Resnet44 | Architecture::Resnet56 => &[],
        };
        for batch in batches {
            let mut config = TrainConfig::default();
            config.network = config.network.of(architecture);
            steps.push((format!("{name} {batch}"), config, *batch));
        }
    }
    let recipes = [Recipe::IcdssCnn, Recipe::IcdssResnet, Recipe::RandomErasing];
    steps.extend(recipes.map(|recipe| (format!("{recipe:?}"), recipe.config(), 100)));

    let mut everything = TrainConfig::default();
    everything.optimisation.optimiser = OptimiserKind::Sgd;
    everything.optimisation.clip_norm = Some(1.0);
    everything.optimisation.ema = Some(0.9);
    everything.regularisation.mixup = 0.2;
    everything.augment = Policy::IcdssCnn.augment();
    everything.network = everything.network.of(Architecture::Resnet20);
    if let NetworkSettings::Resnet20(resnet) = &mut everything.network {
        resnet.shortcut = Shortcut::Zeros;
        resnet.slope = 0.1;
    }
    steps.push(("everything".to_owned(), everything, 37));
    steps
}

/// All kernels of all steps, with names.
pub fn kernels_of_networks(gpu: &Arc<Gpu>) -> Vec<(String, Kernel)> {
    let mut kernels = Vec::new();
    let blank = |batch: usize| {
        ImageSet::new("blank", ImageShape::grey(28, 28), vec![0; batch * PIXELS], vec![0; batch]).unwrap()
    };
    for (name, config, batch) in steps() {
        let mut training =
            training_step(gpu, &config, &Form::default(), &Learned::All, Normalisation::UNIT, &blank(batch)).unwrap();
        kernels
            .extend(training.program().kernels().map(|kernel| (format!("{} of {name}", kernel.label), kernel.clone())));
        let mut inference =
            inference_step(gpu, &config, &Form::default(), Normalisation::UNIT, &blank(batch.min(250))).unwrap();
        let named = |kernel: &Kernel| (format!("{} of {name}, inference", kernel.label), kernel.clone());
        kernels.extend(inference.program().kernels().map(named));
    }
    kernels
}
