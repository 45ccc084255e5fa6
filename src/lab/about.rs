//! What a page knows of a network besides its tape.

use serde::Serialize;

use crate::data::{Fit, Form, ImageShape, Inversion, Normalisation, Preparation};

/// `web/about.js` has the same type.
#[derive(Debug, Serialize)]
pub(super) struct About<'a> {
    /// What the page is of.
    title: &'a str,
    classes: &'a [String],
    shape: Shape,
    normalisation: Scale,
    preparation: Prepared,
    /// The command that made the page.
    made: &'a str,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Shape {
    height: usize,
    width: usize,
    channels: usize,
}

/// The channels' means and deviations.
#[derive(Debug, Serialize)]
struct Scale {
    mean: Vec<f32>,
    deviation: Vec<f32>,
}

/// How a reader's picture is prepared; `web/photo/photo.js` has the same type.
#[derive(Debug, Serialize)]
struct Prepared {
    shape: Shape,
    fit: Fit,
    thing: Option<&'static str>,
}

impl From<ImageShape> for Shape {
    fn from(ImageShape { height, width, channels }: ImageShape) -> Self {
        Self { height, width, channels }
    }
}

impl Scale {
    fn of(normalisation: Normalisation, channels: usize) -> Self {
        let Normalisation { mean, deviation } = normalisation;
        Self { mean: mean[..channels].to_vec(), deviation: deviation[..channels].to_vec() }
    }
}

impl From<Preparation> for Prepared {
    fn from(preparation: Preparation) -> Self {
        let thing = preparation.thing.map(|inversion| match inversion {
            Inversion::Automatic => "auto",
            Inversion::Always => "yes",
            Inversion::Never => "no",
        });
        Self { shape: preparation.shape.into(), fit: preparation.fit, thing }
    }
}

impl<'a> About<'a> {
    /// A network for images of this form that are scaled and resized so.
    pub fn new(title: &'a str, form: &'a Form, normalisation: Normalisation, fit: Fit, command: &'a str) -> Self {
        let thing = form.is_like_mnist().then_some(Inversion::Automatic);
        Self {
            title,
            classes: &form.class_names,
            shape: form.shape.into(),
            normalisation: Scale::of(normalisation, form.shape.channels),
            preparation: Preparation { shape: form.shape, fit, thing }.into(),
            made: command,
        }
    }
}
