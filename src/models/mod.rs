//! The networks.

mod cnn4;
mod inception;
mod resnet;

pub use cnn4::Cnn4;
pub use inception::InceptionV3;
pub use resnet::{ResNet, ResNetShape};

use crate::data::CLASSES;
use crate::nn::{Model, ParameterBuilder};
use crate::settings::{NetworkSettings, ResNetSettings, SettingsError, TrainConfig};

/// Declares the parameters of the network that the settings ask for, for greyscale images and this many `classes`.
pub fn declare(settings: &NetworkSettings, builder: &mut ParameterBuilder, classes: usize) -> Box<dyn Model> {
    let mut resnet = |shape, settings: &ResNetSettings| -> Box<dyn Model> {
        Box::new(ResNet::new(builder, shape, *settings, 1, classes))
    };
    match settings {
        NetworkSettings::Resnet18(own) => resnet(ResNetShape::RESNET18, own),
        NetworkSettings::Resnet20(own) => resnet(ResNetShape::cifar(3), own),
        NetworkSettings::Resnet32(own) => resnet(ResNetShape::cifar(5), own),
        NetworkSettings::Resnet44(own) => resnet(ResNetShape::cifar(7), own),
        NetworkSettings::Resnet56(own) => resnet(ResNetShape::cifar(9), own),
        NetworkSettings::Cnn(own) => Box::new(Cnn4::new(builder, *own, classes)),
        NetworkSettings::Inception(own) => Box::new(InceptionV3::new(builder, *own, classes)),
    }
}

/// Checks that the layers named by the phases of a training exist.
///
/// # Errors
/// [`SettingsError::Setting`] names the first that does not, and those that do.
pub fn check_layers(config: &TrainConfig) -> Result<(), SettingsError> {
    let mut builder = ParameterBuilder::default();
    declare(&config.network, &mut builder, CLASSES);
    let names = builder.names();
    config.phases().iter().try_for_each(|phase| phase.learned.frozen(&names).map(|_| ()))
}
