//! Batched matrix products, on every core, with leading axes repeated.

use crate::common::{assert_same, check_on, cores, gpu, gpu_with, random};
use selvedge::gradcheck::{Array, reference as f64_of};
use selvedge::tensor::Graph;

/// Each product by itself; the position of each matrix is computed index by index.
fn products(a: &Array, b: &Array) -> Vec<f64> {
    let parts = |x: &Array| {
        let (lead, matrix) = x.shape.axes().split_at(x.shape.rank() - 2);
        (lead.to_vec(), [matrix[0], matrix[1]])
    };
    let ((a_lead, a_size), (b_lead, b_size)) = (parts(a), parts(b));
    let rank = a_lead.len().max(b_lead.len());
    let padded = |lead: &[usize]| [vec![1; rank - lead.len()], lead.to_vec()].concat();
    let (a_lead, b_lead) = (padded(&a_lead), padded(&b_lead));
    let lead: Vec<usize> = a_lead.iter().zip(&b_lead).map(|(a, b)| *a.max(b)).collect();
    let matrix = |x: &Array, own: &[usize], [rows, cols]: [usize; 2], mut i: usize| {
        let (mut place, mut stride) = (0, 1);
        for (size, own) in lead.iter().zip(own).rev() {
            place += (i % size) % own * stride;
            stride *= own;
            i /= size;
        }
        let start = place * rows * cols;
        Array::new([rows, cols], x.data[start..start + rows * cols].to_vec())
    };
    (0..lead.iter().product())
        .flat_map(|i| f64_of::matmul(&matrix(a, &a_lead, a_size, i), &matrix(b, &b_lead, b_size, i)))
        .collect()
}

#[test]
fn many_products_in_every_core() {
    for core in cores() {
        for (a, b) in [
            (&[1, 1, 1][..], &[1, 1, 1][..]),
            (&[3, 5, 7], &[3, 7, 2]),
            (&[2, 3, 4, 8], &[2, 3, 8, 4]),
            // One operand repeated, or both along different axes.
            (&[3, 5, 68], &[68, 9]),
            (&[5, 7], &[3, 7, 2]),
            (&[2, 1, 3, 5], &[4, 5, 3]),
            (&[2, 1, 3, 4], &[1, 2, 4, 1]),
        ] {
            check_on(
                &gpu_with(core),
                &format!("{core:?} {a:?} x {b:?}"),
                &[random(a, 1), random(b, 2)],
                |x| x[0].matmul(&x[1]),
                |x| products(&x[0], &x[1]),
            );
        }
    }
}

#[test]
fn products_of_nothing_are_empty_or_zero_and_have_gradients() {
    let g = Graph::new(&gpu());
    for (a, b, output) in [
        ([0, 2, 3], [0, 3, 4], vec![0, 2, 4]),
        ([2, 0, 3], [2, 3, 4], vec![2, 0, 4]),
        ([2, 2, 0], [2, 0, 4], vec![2, 2, 4]),
        ([1, 2, 3], [0, 3, 4], vec![0, 2, 4]),
    ] {
        let [a, b] = [a, b].map(|shape| g.tensor(shape, &vec![1.0; shape.iter().product()]).unwrap());
        let y = a.matmul(&b).unwrap();
        assert_eq!(y.shape().axes(), output);
        assert_same("product", &y, &vec![0.0; output.iter().product()]);
        for (gradient, of) in y.sum().unwrap().backward(&[&a, &b]).unwrap().iter().zip([&a, &b]) {
            assert_same("gradient", gradient, &vec![0.0; of.shape().len()]);
        }
    }
}

#[test]
fn what_does_not_fit_is_said_at_the_call() {
    let g = Graph::new(&gpu());
    let says = |a: &[usize], b: &[usize], part: &str| {
        let (a, b) = (g.zeros(a).unwrap(), g.zeros(b).unwrap());
        let text = a.matmul(&b).unwrap_err().to_string();
        assert!(text.contains(part) && text.contains("matmul"), "'{part}' is not in: {text}");
    };
    says(&[2, 3, 4], &[2, 5, 4], "the second matrices must have 4 rows");
    says(&[2, 3, 4], &[3, 4, 5], "do not go together");
    says(&[2, 3, 4], &[4], "must have 2 axes");
}
