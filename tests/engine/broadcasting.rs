//! Broadcasting of two inputs as in NumPy, over all pairs of a set of shapes, and the sums in its gradient.

use crate::common::{assert_same, gpu};
use selvedge::gradcheck;
use selvedge::tensor::Graph;
use selvedge::tensor::ops::Binary;

/// Ordinary shapes, shapes repeated along leading, middle or trailing axes, and empty shapes.
const SHAPES: [&[usize]; 17] = [
    &[],
    &[1],
    &[4],
    &[1, 1],
    &[3, 4],
    &[3, 1],
    &[1, 4],
    &[2, 3, 4],
    &[2, 1, 4],
    &[2, 3, 1],
    &[1, 3, 1],
    &[2, 1, 1],
    &[5, 2, 3, 4],
    &[5, 1, 3, 1],
    &[1, 68],
    &[3, 68],
    &[3, 0],
];

/// NumPy's rule, implemented independently.
fn together(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let size = |shape: &[usize], from_last: usize| match from_last < shape.len() {
        true => shape[shape.len() - 1 - from_last],
        false => 1,
    };
    (0..a.len().max(b.len()))
        .rev()
        .map(|i| match (size(a, i), size(b, i)) {
            (a, b) if a == b || b == 1 => Some(a),
            (1, b) => Some(b),
            _ => None,
        })
        .collect()
}

#[test]
fn all_pairs_of_shapes_agree_with_index_by_index_computation() {
    let graph = Graph::new(&gpu());
    let mut fitting = 0;
    for a in SHAPES {
        for b in SHAPES {
            let [left, right] = [a, b].map(|shape| graph.zeros(shape).unwrap());
            let result = left.sub(&right);
            let Some(expected) = together(a, b) else {
                let text = result.unwrap_err().to_string();
                assert!(text.contains("do not go together") && text.contains("sub"), "{text}");
                continue;
            };
            assert_eq!(result.unwrap().shape().axes(), expected, "{a:?} and {b:?}");
            // One row whose gradients differ only in sign, and one whose gradients need both inputs.
            for row in [Binary::SUB, Binary::DIV] {
                let report = gradcheck::binary(&gpu(), &row, [a.into(), b.into()]).unwrap();
                let nothing = expected.contains(&0) && report.disagreements.is_empty();
                assert!(report.passed() || nothing, "{} {a:?} {b:?}: {report}", row.name);
                fitting += 1;
            }
        }
    }
    assert!(fitting > 200, "only {fitting} pairs were compared");
}

#[test]
fn every_row_repeats_both_inputs() {
    for row in Binary::ALL {
        for (a, b) in [(&[3, 1][..], &[5][..]), (&[2, 1, 4], &[3, 1]), (&[4], &[3, 4]), (&[3, 4], &[1])] {
            let report = gradcheck::binary(&gpu(), row, [a.into(), b.into()]).unwrap();
            assert!(report.passed(), "{} {a:?} {b:?}: {report}", row.name);
        }
    }
}

#[test]
fn six_axes_are_walked_and_more_are_one_clear_error() {
    let six = [[2, 1, 2, 1, 2, 1], [1, 2, 1, 2, 1, 3]];
    let report = gradcheck::binary(&gpu(), &Binary::SUB, six.map(|shape| shape.into())).unwrap();
    assert!(report.passed(), "{report}");
    // Adjacent axes that are repeated in the same way count as one.
    let graph = Graph::new(&gpu());
    let [a, b] = [[2, 2, 2, 2, 1, 1, 2, 2], [1, 1, 1, 1, 2, 2, 1, 1]].map(|shape| graph.zeros(shape).unwrap());
    assert_same("merged", &a.add(&b).unwrap(), &[0.0; 256]);
    let [a, b] = [[2, 1, 2, 1, 2, 1, 2], [1, 2, 1, 2, 1, 2, 1]].map(|shape| graph.zeros(shape).unwrap());
    let text = a.add(&b).unwrap_err().to_string();
    assert!(text.contains("add") && text.contains("7 axes") && text.contains("6 at most"), "{text}");
}

#[test]
fn what_was_fast_uses_the_kernel_that_it_always_used() {
    let graph = Graph::new(&gpu());
    let files = |a: &[usize], b: &[usize]| -> Vec<String> {
        let sum = graph.zeros(a).unwrap().add(&graph.zeros(b).unwrap()).unwrap();
        let mut compiled = graph.compile(&[&sum]).unwrap();
        let kernel = compiled.program().kernels().next().unwrap().clone();
        let names = kernel.source.names().unwrap();
        names.into_iter().map(str::to_owned).collect()
    };
    for (a, b) in [(&[2, 3, 68][..], &[2, 3, 68][..]), (&[2, 3, 68], &[68]), (&[2, 3, 68], &[1]), (&[68], &[2, 68])] {
        assert!(files(a, b).contains(&"elementwise/zip.wgsl".to_owned()), "{a:?} {b:?}");
    }
    assert!(files(&[2, 3, 68], &[2, 3, 1]).contains(&"elementwise/zip_strided.wgsl".to_owned()));
}
