//! A window that slides over images: what convolution and pooling have in common.

use std::fmt;

use thiserror::Error;

/// Zeros around an image, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pad {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns to the left.
    pub left: usize,
    /// Columns to the right.
    pub right: usize,
}

/// How a window treats the image's border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// No padding.
    Valid,
    /// As TensorFlow's `same`: `ceil(size / stride)` outputs, with any odd zero after the image.
    Same,
    /// These zeros.
    Explicit(Pad),
}

impl Padding {
    /// The same number of zeros above and below, and left and right.
    pub fn symmetric(vertical: usize, horizontal: usize) -> Self {
        Self::Explicit(Pad { top: vertical, bottom: vertical, left: horizontal, right: horizontal })
    }
}

/// The sizes of a window that slides over images: a convolution's or a pooling's. `[height, width]` throughout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Pixels under the window.
    pub kernel: [usize; 2],
    /// Pixels from one window to the next.
    pub stride: [usize; 2],
    /// The padding around the image.
    pub padding: Padding,
}

impl Window {
    /// A window of `kernel` pixels at every `stride`th place.
    pub fn new(kernel: [usize; 2], stride: [usize; 2], padding: Padding) -> Self {
        Self { kernel, stride, padding }
    }

    /// The window applied to images of `[height, width]`.
    ///
    /// # Errors
    /// When it does not fit them.
    pub(super) fn over(&self, image: [usize; 2]) -> std::result::Result<Geometry, WindowError> {
        let pad = match self.padding {
            Padding::Valid => Pad::default(),
            Padding::Explicit(pad) => pad,
            Padding::Same => {
                let total = |i: usize| {
                    let outputs = image[i].div_ceil(self.stride[i].max(1));
                    (outputs.saturating_sub(1) * self.stride[i] + self.kernel[i]).saturating_sub(image[i])
                };
                let (vertical, horizontal) = (total(0), total(1));
                Pad {
                    top: vertical / 2,
                    bottom: vertical - vertical / 2,
                    left: horizontal / 2,
                    right: horizontal - horizontal / 2,
                }
            }
        };
        let sizes = [self.kernel, self.stride, image].concat();
        let pads = [pad.top, pad.bottom, pad.left, pad.right];
        if sizes.iter().any(|n| *n == 0 || *n > LARGEST) || pads.iter().any(|n| *n > LARGEST) {
            return Err(WindowError::Size { window: *self });
        }
        let padded = [image[0] + pad.top + pad.bottom, image[1] + pad.left + pad.right];
        if padded[0] < self.kernel[0] || padded[1] < self.kernel[1] {
            return Err(WindowError::LargerThanImage { window: *self, padded });
        }
        Ok(Geometry { kernel: self.kernel, stride: self.stride, pad, image, padded })
    }
}

/// The maximum number of pixels along an axis of a kernel, a stride, an image or its padding: kernels hold sizes in 32-bit
/// signed integers, and no image comes near this size.
const LARGEST: usize = 1 << 20;

/// Why a window cannot be applied to an image.
#[derive(Debug, Error)]
pub(super) enum WindowError {
    #[error("kernel, stride and image must be between 1 and {LARGEST} pixels and the padding at most that: {window}")]
    Size { window: Window },
    #[error("the kernel {window} is larger than the padded image {}x{}", padded[0], padded[1])]
    LargerThanImage { window: Window, padded: [usize; 2] },
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kernel, stride, .. } = self;
        write!(f, "{}x{} stride {}x{}", kernel[0], kernel[1], stride[0], stride[1])
    }
}

/// A [`Window`] over images of a known size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Geometry {
    /// Pixels under the window.
    pub kernel: [usize; 2],
    /// Pixels from one window to the next.
    pub stride: [usize; 2],
    pub pad: Pad,
    pub image: [usize; 2],
    padded: [usize; 2],
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kernel, stride, .. } = self;
        write!(f, "{}x{} stride {}x{}", kernel[0], kernel[1], stride[0], stride[1])
    }
}

impl Geometry {
    /// The window, with its padding on these images made explicit.
    pub fn window(&self) -> Window {
        Window::new(self.kernel, self.stride, Padding::Explicit(self.pad))
    }

    pub fn out_h(&self) -> usize {
        (self.padded[0] - self.kernel[0]) / self.stride[0] + 1
    }

    pub fn out_w(&self) -> usize {
        (self.padded[1] - self.kernel[1]) / self.stride[1] + 1
    }
}
