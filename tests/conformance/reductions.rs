//! WebNN's reductions as compositions.

use selvedge::tensor::{Result, Tensor};

use super::case::Case;

/// The axes that are reduced: those given, or all.
fn axes(case: &Case) -> Vec<usize> {
    let rank = case.operand("input").expect("an input").shape.len();
    case.sizes("axes").unwrap_or_else(|| (0..rank).collect())
}

/// How many numbers are reduced to one.
pub fn count(case: &Case) -> usize {
    let shape = &case.operand("input").expect("an input").shape;
    axes(case).iter().map(|axis| shape[*axis]).product()
}

pub fn run(case: &Case, x: &Tensor) -> Result<Tensor> {
    let (axes, keep) = (axes(case), case.flag("keepDimensions"));
    let sum = |x: Tensor| x.sum_axes(&axes, keep);
    match case.operation.as_str() {
        "reduceL1" => sum(x.abs()?),
        "reduceL2" => sum(x.square()?)?.sqrt(),
        "reduceLogSum" => sum(x.clone())?.log(),
        "reduceLogSumExp" => {
            let largest = x.max_axes(&axes, true)?;
            let sum = sum((x - &largest)?.exp()?)?.log()?;
            let shape = sum.shape();
            &sum + &largest.reshape(shape)?
        }
        "reduceMax" => x.max_axes(&axes, keep),
        "reduceMean" => x.mean_axes(&axes, keep),
        "reduceMin" => x.min_axes(&axes, keep),
        "reduceSum" => sum(x.clone()),
        "reduceSumSquare" => sum(x.square()?),
        "reduceProduct" => product(x, &axes, keep),
        other => panic!("{other} is no reduction"),
    }
}

/// The product, axis by axis: the parts along each axis are multiplied one after the other.
fn product(x: &Tensor, axes: &[usize], keep: bool) -> Result<Tensor> {
    let mut y = x.clone();
    for axis in axes {
        let parts = y.split(*axis, &vec![1; y.shape().axes()[*axis]])?;
        let (first, others) = parts.split_first().expect("at least one part");
        y = others.iter().try_fold(first.clone(), |product, part| product.mul(part))?;
    }
    // Summing over axes of length 1 drops them.
    y.sum_axes(axes, keep)
}
