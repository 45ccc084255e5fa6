//! The table of pointwise ops: every row, forward and backward, with ordinary and extreme numbers.

use crate::common::{assert_same, gpu};
use selvedge::gradcheck;
use selvedge::tensor::ops::{Binary, Unary};
use selvedge::tensor::{Graph, Tensor, TensorError};

/// One and four numbers at a time: 1, 3 and 68 channels, odd lengths, many workgroups, no axes.
const SHAPES: [&[usize]; 7] = [&[1], &[3], &[2, 68], &[5, 7], &[3, 5, 68], &[4100], &[]];

#[test]
fn every_row_of_one_input_agrees_with_its_reference_forward_and_backward() {
    for row in Unary::ALL {
        for shape in SHAPES {
            let report = gradcheck::unary(&gpu(), row, shape).unwrap_or_else(|e| panic!("{}: {e}", row.name));
            assert!(report.passed(), "{} {shape:?}: {report}", row.name);
        }
    }
}

#[test]
fn every_row_of_two_inputs_agrees_with_its_reference_forward_and_backward() {
    for row in Binary::ALL {
        for shape in SHAPES {
            let shapes = [shape.into(), shape.into()];
            let report = gradcheck::binary(&gpu(), row, shapes).unwrap_or_else(|e| panic!("{}: {e}", row.name));
            assert!(report.passed(), "{} {shape:?}: {report}", row.name);
        }
    }
}

#[test]
fn rows_are_complete() {
    let mut names: Vec<&str> = Unary::ALL.iter().map(|row| row.name).collect();
    names.extend(Binary::ALL.iter().map(|row| row.name));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two rows have one name");
    for row in Unary::ALL {
        assert!(!row.about.is_empty() && row.about.ends_with('.'), "{}: {}", row.name, row.about);
        assert!(row.domain[0] < row.domain[1], "{}", row.name);
        assert!(!row.tried.is_empty(), "{} is tried with nothing", row.name);
        for constants in row.tried {
            assert_eq!(constants.len(), row.constants.len(), "{}", row.name);
        }
    }
    for row in Binary::ALL {
        assert!(!row.about.is_empty() && row.about.ends_with('.'), "{}: {}", row.name, row.about);
        assert!(row.domains.iter().all(|[low, high]| low < high), "{}", row.name);
    }
}

/// NaN, infinities, zeros of both signs, and numbers whose exponentials overflow.
const EXTREMES: [f32; 16] = [
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    0.0,
    -0.0,
    100.0,
    -100.0,
    20.0,
    -20.0,
    1e4,
    -1e4,
    1e30,
    -1e30,
    3e38,
    -3e38,
    1e-20,
];

/// Whether the device agrees with the reference: NaN, an infinity of the same sign, or a close number.
fn agree(device: f32, reference: f64) -> bool {
    if reference.is_nan() || device.is_nan() {
        return reference.is_nan() && device.is_nan();
    }
    let rounded = reference as f32;
    if rounded.is_infinite() || device.is_infinite() {
        return rounded == device;
    }
    (f64::from(device) - reference).abs() <= 2e-5 * reference.abs() + 1e-6
}

#[test]
fn rows_of_one_input_treat_extreme_numbers_as_ieee_arithmetic_does() {
    let graph = Graph::new(&gpu());
    for row in Unary::ALL {
        for constants in row.tried {
            // Four at a time and one at a time.
            for len in [16, 15] {
                let x = graph.tensor([len], &EXTREMES[..len]).unwrap();
                let y = row.apply(&x, constants).unwrap().to_vec().unwrap();
                let exact: Vec<f64> = constants.iter().map(|c| f64::from(*c)).collect();
                for (x, y) in EXTREMES.iter().zip(y) {
                    let expected = (row.reference)(f64::from(*x), &exact);
                    assert!(agree(y, expected), "{} {constants:?} of {x} is {y} instead of {expected}", row.name);
                }
            }
        }
    }
}

#[test]
fn rows_of_two_inputs_treat_extreme_numbers_as_ieee_arithmetic_does() {
    let graph = Graph::new(&gpu());
    let pairs: Vec<(f32, f32)> = EXTREMES.iter().flat_map(|a| EXTREMES.iter().map(|b| (*a, *b))).collect();
    let (a, b): (Vec<f32>, Vec<f32>) = pairs.iter().copied().unzip();
    for row in Binary::ALL {
        for len in [pairs.len(), pairs.len() - 1] {
            let [a, b] = [&a, &b].map(|values| graph.tensor([len], &values[..len]).unwrap());
            let y = row.apply(&a, &b).unwrap().to_vec().unwrap();
            for ((a, b), y) in pairs.iter().zip(y) {
                let expected = (row.reference)(f64::from(*a), f64::from(*b));
                assert!(agree(y, expected), "{} of {a} and {b} is {y} instead of {expected}", row.name);
            }
        }
    }
}

#[test]
fn gradients_are_finite_where_the_function_is_and_changes_little() {
    let graph = Graph::new(&gpu());
    let large: Vec<f32> = EXTREMES.iter().copied().filter(|x| x.is_finite()).collect();
    for row in Unary::ALL {
        for constants in row.tried {
            let exact: Vec<f64> = constants.iter().map(|c| f64::from(*c)).collect();
            let x = graph.tensor([large.len()], &large).unwrap();
            let y = row.apply(&x, constants).unwrap();
            let dx = y.sum().unwrap().backward(&[&x]).unwrap()[0].to_vec().unwrap();
            for (x, dx) in large.iter().zip(dx) {
                let at = |factor: f64| (row.reference)(f64::from(*x) * factor, &exact);
                // A slope steeper than this would itself overflow.
                let slope = (at(1.001) - at(0.999)).abs() / (0.002 * f64::from(x.abs()));
                if at(1.0).abs() < 1e38 && slope < 1e37 && *x != 0.0 {
                    assert!(dx.is_finite(), "{} {constants:?}: the gradient at {x} is {dx}", row.name);
                }
            }
        }
    }
}

#[test]
fn maximum_and_minimum_pass_nan_and_share_the_gradient_of_ties() {
    let g = Graph::new(&gpu());
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    for len in [8, 7] {
        let a = g.tensor([len], &[1.0, 2.0, 3.0, nan, 1.0, inf, -inf, 5.0][..len]).unwrap();
        let b = g.tensor([len], &[2.0, 2.0, 1.0, 1.0, nan, 1.0, 2.0, 5.0][..len]).unwrap();
        let dy = g.tensor([len], &[inf, 4.0, inf, 1.0, 1.0, 1.0, 1.0, 2.0][..len]).unwrap();
        let y = a.maximum(&b).unwrap();
        assert_same("max", &y, &[2.0, 2.0, 3.0, nan, nan, inf, 2.0, 5.0][..len]);
        let dx = y.backward_from(&dy, &[&a, &b]).unwrap();
        assert_same("da", &dx[0], &[0.0, 2.0, inf, 1.0, 1.0, 1.0, 0.0, 1.0][..len]);
        assert_same("db", &dx[1], &[inf, 2.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0][..len]);
        let y = a.minimum(&b).unwrap();
        assert_same("min", &y, &[1.0, 2.0, 1.0, nan, nan, 1.0, -inf, 5.0][..len]);
        let dx = y.backward_from(&dy, &[&a, &b]).unwrap();
        assert_same("da", &dx[0], &[inf, 2.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0][..len]);
        assert_same("db", &dx[1], &[0.0, 2.0, inf, 1.0, 1.0, 1.0, 0.0, 1.0][..len]);
    }
}

/// The largest error of a row from `low` to `high`, absolute or relative, whichever is smaller.
fn error_of(row: &Unary, constants: &[f32], low: f32, high: f32) -> f64 {
    let count = 4001;
    let at = |i: usize| low + (high - low) * i as f32 / (count - 1) as f32;
    let x: Vec<f32> = (0..count).map(at).collect();
    let exact: Vec<f64> = constants.iter().map(|c| f64::from(*c)).collect();
    let graph = Graph::new(&gpu());
    let y = row.apply(&graph.tensor([count], &x).unwrap(), constants).unwrap().to_vec().unwrap();
    let errors = x.iter().zip(y).map(|(x, y)| {
        let expected = (row.reference)(f64::from(*x), &exact);
        (f64::from(y) - expected).abs() / expected.abs().max(1.0)
    });
    errors.fold(0.0, f64::max)
}

#[test]
fn smooth_activations_are_accurate_to_a_millionth() {
    for row in [Unary::SIGMOID, Unary::TANH, Unary::SILU, Unary::GELU, Unary::SOFTPLUS] {
        let error = error_of(&row, &[], -12.0, 12.0);
        println!("{}: {error:e}", row.name);
        assert!(error < 1e-6, "{}: off by {error:e}", row.name);
    }
}

#[test]
fn small_results_keep_their_digits() {
    let graph = Graph::new(&gpu());
    let x = [1e-4_f32, -3e-5, 0.2, -0.6, 1e-20];
    let y = graph.tensor([5], &x).unwrap().tanh().unwrap().to_vec().unwrap();
    for (x, y) in x.iter().zip(y) {
        approx::assert_relative_eq!(f64::from(y), f64::from(*x).tanh(), max_relative = 1e-6);
    }
    let x = [-20.0_f32, -30.0, -10.0, -5.0];
    let [soft, log] =
        [Tensor::softplus, Tensor::sigmoid].map(|f| f(&graph.tensor([4], &x).unwrap()).unwrap().to_vec().unwrap());
    for (i, x) in x.iter().enumerate() {
        let e = f64::from(*x).exp();
        approx::assert_relative_eq!(f64::from(soft[i]), e.ln_1p(), max_relative = 1e-5);
        approx::assert_relative_eq!(f64::from(log[i]), e / (1.0 + e), max_relative = 1e-5);
    }
}

#[test]
fn a_power_of_a_negative_number_has_its_sign() {
    let g = Graph::new(&gpu());
    let x = g.tensor([4], &[-2.0, -0.5, 0.0, 3.0]).unwrap();
    for (exponent, expected) in [
        (3.0, [-8.0, -0.125, 0.0, 27.0]),
        (2.0, [4.0, 0.25, 0.0, 9.0]),
        (0.0, [1.0; 4]),
        (-1.0, [-0.5, -2.0, f64::INFINITY, 1.0 / 3.0]),
    ] {
        let y = x.powf(exponent).unwrap().to_vec().unwrap();
        assert!(y.iter().zip(expected).all(|(y, expected)| agree(*y, expected)), "{exponent}: {y:?}");
    }
    let root = x.powf(0.5).unwrap().to_vec().unwrap();
    assert!(root[0].is_nan() && root[1].is_nan() && root[2] == 0.0, "{root:?}");
}

#[test]
fn operators_are_the_methods() {
    let g = Graph::new(&gpu());
    let [a, b] = [[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]].map(|values| g.tensor([3], &values).unwrap());
    assert_same("+", &(&a + &b).unwrap(), &[5.0, 3.0, -3.0]);
    assert_same("-", &(&a - &b).unwrap(), &[-3.0, -7.0, 9.0]);
    assert_same("*", &(&a * &b).unwrap(), &[4.0, -10.0, -18.0]);
    assert_same("/", &(&a / &b).unwrap(), &[0.25, -0.4, -0.5]);
    assert_same("+ 1", &(&a + 1.0).unwrap(), &[2.0, -1.0, 4.0]);
    assert_same("- 1", &(&a - 1.0).unwrap(), &[0.0, -3.0, 2.0]);
    assert_same("* 2", &(&a * 2.0).unwrap(), &[2.0, -4.0, 6.0]);
    assert_same("/ 2", &(&a / 2.0).unwrap(), &[0.5, -1.0, 1.5]);
    assert_same("-a", &(-&a).unwrap(), &[-1.0, 2.0, -3.0]);
}

#[test]
fn a_gradient_keeps_no_more_than_its_expression_names() {
    let g = Graph::new(&gpu());
    let x = g.tensor([4], &[0.5; 4]).unwrap();
    let inputs_of = |y: &Tensor| -> Vec<usize> {
        let dx = y.sum().unwrap().backward(&[&x]).unwrap().remove(0);
        let nodes = g.nodes(&[&dx]).unwrap();
        nodes.iter().filter(|n| n.settings == "gradient").map(|n| n.inputs.len()).collect()
    };
    // exp keeps y, log keeps x, the negation keeps neither, and a sum has no kernel at all.
    assert_eq!(inputs_of(&x.exp().unwrap()), [2]);
    assert_eq!(inputs_of(&x.log().unwrap()), [2]);
    assert_eq!(inputs_of(&x.neg().unwrap()), [1]);
    assert_eq!(inputs_of(&x.add_constant(1.0).unwrap()), [0; 0]);
}

#[test]
fn rows_that_cannot_work_are_refused_with_the_reason() {
    let g = Graph::new(&gpu());
    let x = g.tensor([2], &[1.0, 2.0]).unwrap();
    let says = |result: Result<Tensor, TensorError>, part: &str| {
        let text = result.unwrap_err().to_string();
        assert!(text.contains(part), "'{part}' is not in: {text}");
    };
    says(Unary::POWF.apply(&x, &[]), "powf: 0 constants were given, but the row names 1");
    let both = Unary { gradient: "dy * x * y", ..Unary::SQUARE };
    says(both.apply(&x, &[]), "the gradient must name dy, and x or y at most");
    let without_dy = Binary { gradients: ["dy", "a"], ..Binary::MUL };
    says(without_dy.apply(&x, &x), "both gradients must name dy");
    // A wrong expression gives the compiler's message, not a panic.
    let wrong = Unary { f: "no_such_function(x)", ..Unary::SQUARE };
    says(wrong.apply(&x, &[]).unwrap().to_vec().map(|_| x.clone()), "no_such_function");
}

#[test]
fn integers_are_refused_by_every_row_with_its_name() {
    let g = Graph::new(&gpu());
    let (floats, integers) = (g.zeros([2]).unwrap(), g.tensor_u32([2], &[0; 2]).unwrap());
    let refused = |result: Result<Tensor, TensorError>, name: &str, at: usize| match result {
        Err(TensorError::Type { op, input, .. }) => assert_eq!((op, input), (name, at)),
        other => panic!("{name}: {other:?}"),
    };
    for row in Unary::ALL {
        refused(row.apply(&integers, row.tried[0]), row.name, 0);
    }
    for row in Binary::ALL {
        refused(row.apply(&integers, &floats), row.name, 0);
        refused(row.apply(&floats, &integers), row.name, 1);
    }
}

#[test]
fn a_wrong_gradient_in_a_row_is_found() {
    let wrong = Unary { gradient: "x * dy", ..Unary::SQUARE };
    assert!(!gradcheck::unary(&gpu(), &wrong, [5]).unwrap().passed());
    let wrong = Binary { gradients: ["dy", "dy"], ..Binary::SUB };
    assert!(!gradcheck::binary(&gpu(), &wrong, [[5].into(), [5].into()]).unwrap().passed());
}
