//! Batched matrix products.

use super::elementwise::broadcast_shapes;
use super::strides::repeated;
use crate::tensor::{Inputs, Result, Shape, Tensor};

/// `Y[.., i, j] = sum over k of A[.., i, k] B[.., k, j]`, with leading axes broadcast as in NumPy.
///
/// Each pair is a product of its own, by whichever core the adapter uses: both inputs are split, multiplied in pairs, and
/// the products joined. The gradient is that of these ops.
pub(super) fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let inputs = Inputs::of("matmul", &[a, b]);
    let (a_lead, [m, k]) = split_shape(inputs.shape(0)?);
    let (b_lead, [k_b, n]) = split_shape(inputs.shape(1)?);
    if k != k_b {
        return Err(
            inputs.mismatch(format!("the second matrices must have {k} rows, as many as the first have columns"))
        );
    }
    let lead = broadcast_shapes(&inputs, &[&a_lead, &b_lead])?;
    let mut output = lead.axes().to_vec();
    output.extend([m, n]);
    if output.contains(&0) {
        return by_definition(a, b);
    }
    if b_lead.len() == 1 {
        // One second matrix for all: the first matrices, stacked, are a single matrix.
        let product = a.reshape([a_lead.len() * m, k])?.matmul(&b.reshape([k, n])?)?;
        return product.reshape(output);
    }
    let (first, second) = (matrices(a, &a_lead, [m, k])?, matrices(b, &b_lead, [k, n])?);
    let (of_a, of_b) = (walk(&a_lead, &lead), walk(&b_lead, &lead));
    let products = of_a.zip(of_b).map(|(i, j)| first[i].matmul(&second[j]));
    let products = products.collect::<Result<Vec<_>>>()?;
    Tensor::stack(&products.iter().collect::<Vec<_>>(), 0)?.reshape(output)
}

/// The leading axes, and the sizes of a matrix.
fn split_shape(shape: &Shape) -> (Shape, [usize; 2]) {
    let (lead, matrix) = shape.axes().split_at(shape.rank() - 2);
    (lead.into(), [matrix[0], matrix[1]])
}

/// Every matrix of `x` as a tensor of its own.
fn matrices(x: &Tensor, lead: &Shape, [rows, cols]: [usize; 2]) -> Result<Vec<Tensor>> {
    let count = lead.len();
    let parts = x.reshape([count, rows * cols])?.split(0, &vec![1; count])?;
    parts.iter().map(|part| part.reshape([rows, cols])).collect()
}

/// For each element of `output`, in order, the index of the element of `shape` that is broadcast to it.
fn walk(shape: &Shape, output: &Shape) -> impl Iterator<Item = usize> {
    let strides = repeated(shape, output);
    let axes = output.axes().to_vec();
    (0..output.len()).map(move |mut i| {
        let mut place = 0;
        for (size, stride) in axes.iter().zip(&strides).rev() {
            place += i % size * stride;
            i /= size;
        }
        place
    })
}

/// A product without elements, whose gradients are zeros: all pairs of elements multiplied, then summed over k.
fn by_definition(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    // [.., m, k, 1] and [.., 1, k, n]
    let with_one = |x: &Tensor, from_last: usize| {
        let mut axes = x.shape().axes().to_vec();
        axes.insert(axes.len() - from_last, 1);
        x.reshape(axes)
    };
    let products = with_one(a, 0)?.mul(&with_one(b, 2)?)?;
    products.sum_axes(&[products.shape().rank() - 2], false)
}
