//! The networks.

mod cnn4;
mod inception;
mod resnet;

pub use cnn4::Cnn4;
pub use inception::InceptionV3;
pub use resnet::{ResNet, ResNetShape};

use crate::data::{Form, ImageShape};
use crate::nn::{Model, ParameterBuilder};
use crate::settings::{NetworkSettings, ResNetSettings, SettingsError, TrainConfig};

/// Declares the parameters of the network that the settings ask for, for images and classes of this form.
pub fn declare(settings: &NetworkSettings, builder: &mut ParameterBuilder, form: &Form) -> Box<dyn Model> {
    let mut resnet = |shape, settings: &ResNetSettings| -> Box<dyn Model> {
        Box::new(ResNet::new(builder, shape, *settings, form.shape.channels, form.classes()))
    };
    match settings {
        NetworkSettings::Resnet18(own) => resnet(ResNetShape::resnet18(form.shape), own),
        NetworkSettings::Resnet20(own) => resnet(ResNetShape::cifar(3), own),
        NetworkSettings::Resnet32(own) => resnet(ResNetShape::cifar(5), own),
        NetworkSettings::Resnet44(own) => resnet(ResNetShape::cifar(7), own),
        NetworkSettings::Resnet56(own) => resnet(ResNetShape::cifar(9), own),
        NetworkSettings::Cnn(own) => Box::new(Cnn4::new(builder, *own, form)),
        NetworkSettings::Inception(own) => Box::new(InceptionV3::new(builder, *own, form.classes())),
    }
}

/// Refuses images that are too small for the network: some layer would have no pixel left. Inception enlarges its images.
///
/// # Errors
/// [`SettingsError::Setting`] says how large they must be.
pub fn check_shape(settings: &NetworkSettings, shape: ImageShape) -> Result<(), SettingsError> {
    let least = match settings {
        NetworkSettings::Cnn(_) => Cnn4::SMALLEST_IMAGE,
        _ => 1,
    };
    if shape.height.min(shape.width) < least {
        let allowed = format!(
            "another network, or have larger images (`size` resizes pictures): it needs {least}x{least} pixels, and these are {shape}"
        );
        return Err(SettingsError::new("network", settings.architecture(), allowed));
    }
    Ok(())
}

/// Checks that the layers named by the phases of a training exist.
///
/// # Errors
/// [`SettingsError::Setting`] names the first that does not, and those that do.
pub fn check_layers(config: &TrainConfig) -> Result<(), SettingsError> {
    let mut builder = ParameterBuilder::default();
    declare(&config.network, &mut builder, &Form::default());
    let names = builder.names();
    config.phases().iter().try_for_each(|phase| phase.learned.frozen(&names).map(|_| ()))
}
