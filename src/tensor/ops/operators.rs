//! `+ - * /` and the unary `-` of tensors, with tensors and with numbers.
//!
//! An op can fail, so each returns a [`Result`]: `(&a + &b)?`, and `((&a - &mean)? / &deviation)?` for two in a row.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::tensor::{Result, Tensor};

macro_rules! operators {
    ($($trait:ident $operator:ident: $of_tensor:ident, $of_number:expr;)+) => {
        $(
            impl $trait<&Tensor> for &Tensor {
                type Output = Result<Tensor>;

                fn $operator(self, other: &Tensor) -> Result<Tensor> {
                    self.$of_tensor(other)
                }
            }

            impl $trait<f32> for &Tensor {
                type Output = Result<Tensor>;

                fn $operator(self, number: f32) -> Result<Tensor> {
                    $of_number(self, number)
                }
            }
        )+
    };
}

operators! {
    Add add: add, Tensor::add_constant;
    Sub sub: sub, |x: &Tensor, number: f32| x.add_constant(-number);
    Mul mul: mul, Tensor::scale;
    Div div: div, Tensor::divided_by;
}

impl Neg for &Tensor {
    type Output = Result<Tensor>;

    fn neg(self) -> Result<Tensor> {
        Tensor::neg(self)
    }
}
