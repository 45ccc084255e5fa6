//! How far off a result may be: WebNN's own bounds, from `webnn/resources/utils.js` and the files of the operations in
//! web-platform-tests.

use super::case::Case;
use super::reductions;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Units in the last place of a 32-bit float.
    Ulp(f64),
    Absolute(f64),
}

impl Bound {
    pub fn of(case: &Case) -> Self {
        let shape = |operand: &str| &case.operand(operand).expect("an operand").shape;
        let terms = || reductions::count(case) as f64;
        Self::Ulp(match case.operation.as_str() {
            "abs" | "neg" | "clamp" | "max" | "min" | "relu" | "reduceMax" | "reduceMin" => 0.0,
            "concat" | "expand" | "gather" | "reshape" | "slice" | "split" | "transpose" => 0.0,
            "add" | "sub" | "mul" | "sqrt" | "leakyRelu" => 1.0,
            "div" | "linear" => 2.0,
            "pow" | "exp" => 32.0,
            "sigmoid" => 34.0,
            "tanh" => 16.0,
            "log" | "layerNormalization" => return Self::Absolute(1.0 / 1024.0),
            "batchNormalization" => 6.0,
            "softmax" => 3.0 * shape("input")[1] as f64 + 3.0,
            "matmul" => 2.0 * *shape("a").last().expect("columns") as f64,
            "conv2d" => {
                let filter: usize = shape("filter").iter().product();
                let outputs = case.expected[0].shape[channels_of(case)];
                // Filters hold only the input channels of their group.
                2.0 * (filter / outputs) as f64
            }
            "reduceL1" | "reduceSum" | "reduceProduct" => terms(),
            "reduceL2" => 2.0 * terms() + 1.0,
            "reduceMean" => terms() + 2.0,
            "reduceSumSquare" => 2.0 * terms(),
            "reduceLogSum" => terms() + 18.0,
            "reduceLogSumExp" => 2.0 * terms() + 18.0,
            other => panic!("no bound for {other}"),
        })
    }

    /// The error as a fraction of the allowed error.
    pub fn error(self, value: f32, expected: f32) -> f64 {
        if value.is_nan() && expected.is_nan() || value == expected {
            return 0.0;
        }
        if value.is_nan() || expected.is_nan() {
            return f64::INFINITY;
        }
        match self {
            Self::Ulp(allowed) => (place(value) - place(expected)).unsigned_abs() as f64 / allowed,
            Self::Absolute(allowed) => (f64::from(value) - f64::from(expected)).abs() / allowed,
        }
    }
}

/// The channel axis of the output of a convolution.
fn channels_of(case: &Case) -> usize {
    if case.text("inputLayout") == Some("nhwc") { 3 } else { 1 }
}

/// The position of a float in the ordered sequence of all floats.
fn place(x: f32) -> i64 {
    let size = i64::from(x.to_bits() & 0x7fff_ffff);
    if x.is_sign_negative() { -size } else { size }
}
