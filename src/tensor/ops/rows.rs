//! The table of pointwise ops. Each row defines an op's kernel, gradient, check in the tests, documentation and method.

use super::{Binary, Unary};
use crate::tensor::{Result, Tensor};

/// Rows of one input: each becomes a constant of [`Unary`] and a method of [`Tensor`], documented by the row's comment.
macro_rules! unary_rows {
    ($(
        $(#[doc = $about:literal])+
        $row:ident $method:ident($($constant:ident),*) {
            f: $f:literal,
            gradient: $gradient:literal,
            reference: $reference:expr,
            domain: $domain:expr,
            kinks: $kinks:expr,
            tried: $tried:expr $(,)?
        }
    )+) => {
        impl Unary {
            $(
                $(#[doc = $about])+
                pub const $row: Self = Self {
                    name: stringify!($method),
                    about: concat!($($about),+).trim_ascii(),
                    constants: &[$(stringify!($constant)),*],
                    f: $f,
                    gradient: $gradient,
                    reference: $reference,
                    domain: $domain,
                    kinks: $kinks,
                    tried: $tried,
                };
            )+

            /// Every built-in row.
            pub const ALL: &'static [Self] = &[Self::LEAKY_RELU, $(Self::$row),+];
        }

        impl Tensor {
            $(
                $(#[doc = $about])+
                ///
                /// Element by element: any shape; the result has the same one.
                ///
                /// # Errors
                /// None of its own.
                pub fn $method(&self, $($constant: f32),*) -> Result<Tensor> {
                    Unary::$row.apply_built_in(self, &[$($constant),*])
                }
            )+
        }
    };
}

/// As `unary_rows`, for two inputs.
macro_rules! binary_rows {
    ($(
        $(#[doc = $about:literal])+
        $row:ident $method:ident {
            f: $f:literal,
            gradients: $gradients:expr,
            reference: $reference:expr,
            domains: $domains:expr,
            kink_at_ties: $kink_at_ties:expr $(,)?
        }
    )+) => {
        impl Binary {
            $(
                $(#[doc = $about])+
                pub const $row: Self = Self {
                    name: stringify!($method),
                    about: concat!($($about),+).trim_ascii(),
                    f: $f,
                    gradients: $gradients,
                    reference: $reference,
                    domains: $domains,
                    kink_at_ties: $kink_at_ties,
                };
            )+

            /// Every built-in row.
            pub const ALL: &'static [Self] = &[$(Self::$row),+];
        }

        impl Tensor {
            $(
                $(#[doc = $about])+
                ///
                /// Element by element, broadcast as in NumPy: `[N, H, W, C]` and `[C]`, `[N, 1]` and `[M]` (which give
                /// `[N, M]`), or any shape and one element.
                ///
                /// # Errors
                /// A shape error when the shapes cannot be broadcast together, or when the result has more than six axes
                /// that are broadcast in different ways.
                pub fn $method(&self, other: &Tensor) -> Result<Tensor> {
                    Binary::$row.apply_built_in(self, other)
                }
            )+
        }
    };
}

/// For rows without constants.
const NO_CONSTANTS: &[&[f32]] = &[&[]];

unary_rows! {
    /// `-self`.
    NEG neg() {
        f: "-x",
        gradient: "-dy",
        reference: |x, _| -x,
        domain: [-1.0, 1.0],
        kinks: &[],
        tried: NO_CONSTANTS,
    }

    /// The absolute value. At 0 the gradient is 0.
    ABS abs() {
        f: "abs(x)",
        gradient: "dy * sign(x)",
        reference: |x, _| x.abs(),
        domain: [-1.0, 1.0],
        kinks: &[0.0],
        tried: NO_CONSTANTS,
    }

    /// `self * self`.
    SQUARE square() {
        f: "x * x",
        gradient: "2.0 * x * dy",
        reference: |x, _| x * x,
        domain: [-1.0, 1.0],
        kinks: &[],
        tried: NO_CONSTANTS,
    }

    /// The square root; NaN below 0. At 0 the gradient is infinite.
    SQRT sqrt() {
        f: "sqrt(x)",
        gradient: "0.5 * dy / y",
        reference: |x, _| x.sqrt(),
        domain: [0.2, 3.0],
        kinks: &[],
        tried: NO_CONSTANTS,
    }

    /// The reciprocal square root; NaN below 0.
    RSQRT rsqrt() {
        f: "inverseSqrt(x)",
        gradient: "-0.5 * dy * y * y * y",
        reference: |x, _| 1.0 / x.sqrt(),
        domain: [0.2, 3.0],
        kinks: &[],
        tried: NO_CONSTANTS,
    }

    /// `e` to the power of `self`.
    EXP exp() {
        f: "exp(x)",
        gradient: "dy * y",
        reference: |x, _| x.exp(),
        domain: [-3.0, 2.0],
        kinks: &[],
        tried: NO_CONSTANTS,
    }

    /// The natural logarithm; -infinity at 0 and NaN below.
    LOG log() {
        f: "log(x)",
        gradient: "dy / x",
        reference: |x, _| x.ln(),
        domain: [0.2, 3.0],
        kinks: &[],
        tried: NO_CONSTANTS,
    }

    /// The logistic function, `1 / (1 + e^-x)`.
    SIGMOID sigmoid() {
        f: "sigmoid(x)",
        gradient: "dy * y * (1.0 - y)",
        reference: |x, _| 1.0 / (1.0 + (-x).exp()),
        domain: [-4.0, 4.0],
        kinks: &[],
        tried: NO_CONSTANTS,
    }

    /// The hyperbolic tangent.
    TANH tanh() {
        f: "hyperbolic_tangent(x)",
        gradient: "dy * (1.0 - y * y)",
        reference: |x, _| x.tanh(),
        domain: [-3.0, 3.0],
        kinks: &[],
        tried: NO_CONSTANTS,
    }

    /// SiLU, also called Swish: `x sigmoid(x)` (Elfwing et al. 2017, Ramachandran et al. 2017).
    SILU silu() {
        f: "x * sigmoid(x)",
        gradient: "dy * sigmoid(x) * (1.0 + x * sigmoid(-x))",
        reference: |x, _| x / (1.0 + (-x).exp()),
        domain: [-4.0, 4.0],
        kinks: &[],
        tried: NO_CONSTANTS,
    }

    /// GELU in its exact form: x times the standard normal distribution function at x, `x erfc(-x / sqrt(2)) / 2` (Hendrycks
    /// and Gimpel 2016). Not the tanh approximation.
    GELU gelu() {
        f: "x * normal_below(x)",
        gradient: "dy * (normal_below(x) + x * normal_density(x))",
        reference: |x, _| x * normal_below(x),
        domain: [-4.0, 4.0],
        kinks: &[],
        tried: NO_CONSTANTS,
    }

    /// `log(1 + e^x)`, a smooth ReLU.
    SOFTPLUS softplus() {
        f: "softplus(x)",
        gradient: "dy * sigmoid(x)",
        reference: |x, _| x.max(0.0) + (-x.abs()).exp().ln_1p(),
        domain: [-4.0, 4.0],
        kinks: &[],
        tried: NO_CONSTANTS,
    }

    /// `self` to the power of a constant. NaN for a negative base unless the exponent is an integer; 1 where the exponent is 0.
    POWF powf(exponent) {
        f: "power(x, Value(exponent))",
        gradient: "select(dy * exponent * power(x, Value(exponent - 1.0)), Value(), exponent == 0.0)",
        reference: |x, c| x.powf(c[0]),
        domain: [0.2, 2.0],
        kinks: &[],
        tried: &[&[2.0], &[3.0], &[-1.5], &[0.5], &[0.0], &[1.0]],
    }

    /// Limits the numbers to `low ..= high`; gives `high` if `low` is above it. NaN stays NaN. The gradient is 0 outside.
    CLAMP clamp(low, high) {
        f: "smaller(larger(x, Value(low)), Value(high))",
        gradient: "select(Value(), dy, (x >= Value(low)) & (x <= Value(high)))",
        reference: |x, c| if x.is_nan() { x } else { x.max(c[0]).min(c[1]) },
        domain: [-1.0, 1.0],
        kinks: &[-0.5, 0.25],
        tried: &[&[-0.5, 0.25], &[-0.5, f32::INFINITY], &[f32::NEG_INFINITY, 0.25]],
    }

    /// `factor * self`.
    SCALE scale(factor) {
        f: "factor * x",
        gradient: "factor * dy",
        reference: |x, c| c[0] * x,
        domain: [-1.0, 1.0],
        kinks: &[],
        tried: &[&[-2.5]],
    }

    /// `self / divisor`.
    DIVIDE divided_by(divisor) {
        f: "x / divisor",
        gradient: "dy / divisor",
        reference: |x, c| x / c[0],
        domain: [-1.0, 1.0],
        kinks: &[],
        tried: &[&[-2.5]],
    }

    /// `self + constant`.
    ADD_CONSTANT add_constant(constant) {
        f: "x + constant",
        gradient: "dy",
        reference: |x, c| x + c[0],
        domain: [-1.0, 1.0],
        kinks: &[],
        tried: &[&[0.75]],
    }
}

binary_rows! {
    /// `self + other`.
    ADD add {
        f: "a + b",
        gradients: ["dy", "dy"],
        reference: |a, b| a + b,
        domains: [[-1.0, 1.0], [-1.0, 1.0]],
        kink_at_ties: false,
    }

    /// `self - other`.
    SUB sub {
        f: "a - b",
        gradients: ["dy", "-dy"],
        reference: |a, b| a - b,
        domains: [[-1.0, 1.0], [-1.0, 1.0]],
        kink_at_ties: false,
    }

    /// `self * other`.
    MUL mul {
        f: "a * b",
        gradients: ["dy * b", "dy * a"],
        reference: |a, b| a * b,
        domains: [[-1.0, 1.0], [-1.0, 1.0]],
        kink_at_ties: false,
    }

    /// `self / other`.
    DIV div {
        f: "a / b",
        gradients: ["dy / b", "-dy * (a / b) / b"],
        reference: |a, b| a / b,
        domains: [[-1.0, 1.0], [0.3, 1.5]],
        kink_at_ties: false,
    }

    /// The larger of the two, or NaN if either is NaN. Where they are equal, each gets half of the gradient, as in PyTorch.
    MAXIMUM maximum {
        f: "larger(a, b)",
        gradients: [
            "select(select(dy, 0.5 * dy, a == b), Value(), a < b)",
            "select(select(dy, 0.5 * dy, a == b), Value(), b < a)",
        ],
        reference: |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) },
        domains: [[-1.0, 1.0], [-1.0, 1.0]],
        kink_at_ties: true,
    }

    /// The smaller of the two, or NaN if either is NaN. Where they are equal, each gets half of the gradient, as in PyTorch.
    MINIMUM minimum {
        f: "smaller(a, b)",
        gradients: [
            "select(select(dy, 0.5 * dy, a == b), Value(), a > b)",
            "select(select(dy, 0.5 * dy, a == b), Value(), b > a)",
        ],
        reference: |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) },
        domains: [[-1.0, 1.0], [-1.0, 1.0]],
        kink_at_ties: true,
    }

    /// `self` to the power of `other`. NaN for a negative base unless the exponent is an integer; 1 where the exponent is 0.
    POW pow {
        f: "power(a, b)",
        gradients: [
            "select(dy * b * power(a, b - 1.0), Value(), b == Value())",
            "select(dy * power(a, b) * log(a), Value(), (a == Value()) & (b >= Value()))",
        ],
        reference: f64::powf,
        domains: [[0.2, 2.0], [-2.0, 2.0]],
        kink_at_ties: false,
    }
}

/// The standard normal distribution function, by the series of Marsaglia, "Evaluating the Normal Distribution" (Journal of
/// Statistical Software 11(4), 2004): 1/2 + density(x) (x + x^3 / 3 + x^5 / (3 5) + ..).
fn normal_below(x: f64) -> f64 {
    /// Beyond this, the tail is below 2e-19.
    const FAR: f64 = 9.0;
    if x.abs() > FAR {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut sum, mut term, mut divisor) = (x, x, 1.0);
    while term.abs() > f64::EPSILON * sum.abs() {
        divisor += 2.0;
        term *= x * x / divisor;
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
}
