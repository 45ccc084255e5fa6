//! The sizes of a batch norm.

use crate::tensor::{Arena, Info, Shape};

use super::NormSettings;

/// An image batch and the windows over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Images {
    pub n: usize,
    pub image: [usize; 2],
    pub windows: [usize; 2],
    pub channels: usize,
}

impl Images {
    pub fn pixels(&self) -> usize {
        self.n * self.image[0] * self.image[1]
    }

    pub fn window_count(&self) -> usize {
        self.n * self.windows[0] * self.windows[1]
    }

    /// Channels that a thread processes together.
    pub fn width(&self) -> usize {
        if self.channels.is_multiple_of(4) { 4 } else { 1 }
    }

    pub fn groups(&self) -> usize {
        self.channels / self.width()
    }

    /// Elements of one row of the moments: the channels, rounded up to the alignment of an arena's parts.
    pub fn pitch(&self) -> usize {
        self.channels.next_multiple_of(Arena::ALIGN)
    }

    pub fn elements(&self) -> u64 {
        (self.pixels() * self.channels) as u64
    }

    /// The outputs that training and inference share for `x`: Y, the coefficients for the backward pass, the pooling's winners.
    pub fn outputs(&self, settings: &NormSettings, x: &Shape) -> Vec<Info> {
        let Images { n, windows, channels, .. } = *self;
        let pooled = Info::f32([n, windows[0], windows[1], channels]);
        let (y, winners) =
            if settings.is_pooled() { (pooled.clone(), pooled) } else { (Info::f32(x.clone()), Info::f32([1])) };
        vec![y, Info::f32([4, channels]), winners]
    }
}
