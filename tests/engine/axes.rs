//! Reductions over any axes, and tensors permuted, sliced, repeated, joined and split, against computation index by index.

use crate::common::{assert_same, check, gpu, random};
use selvedge::gradcheck::{Array, gradcheck};
use selvedge::tensor::{Graph, Result, Tensor, TensorError};

/// The index of element `i` along each axis.
fn indices(axes: &[usize], mut i: usize) -> Vec<usize> {
    let mut found = vec![0; axes.len()];
    for (index, size) in found.iter_mut().zip(axes).rev() {
        *index = i % size;
        i /= size;
    }
    found
}

fn at(x: &Array, index: &[usize]) -> f64 {
    let place = index.iter().zip(x.shape.axes()).fold(0, |place, (i, size)| place * size + i);
    x.data[place]
}

/// Gathers element by element; `from` maps an index of the output to an index of x.
fn gathered(x: &Array, output: &[usize], from: impl Fn(&[usize]) -> Vec<usize>) -> Vec<f64> {
    (0..output.iter().product()).map(|i| at(x, &from(&indices(output, i)))).collect()
}

/// The elements that a reduction combines, for each element of its output.
fn groups(x: &Array, reduced: &[usize]) -> Vec<Vec<f64>> {
    let axes = x.shape.axes();
    let kept: Vec<usize> = (0..axes.len()).map(|i| if reduced.contains(&i) { 1 } else { axes[i] }).collect();
    let mut groups = vec![Vec::new(); kept.iter().product()];
    for i in 0..x.data.len() {
        let index = indices(axes, i);
        let place = index.iter().zip(&kept).fold(0, |place, (i, size)| place * size + i.min(&(size - 1)));
        groups[place].push(x.data[i]);
    }
    groups
}

const REDUCED: [&[usize]; 8] = [&[], &[0], &[1], &[2], &[0, 1], &[2, 0], &[1, 2], &[0, 1, 2]];

#[test]
fn sums_and_means_over_any_axes() {
    for shape in [[1, 1, 1], [3, 5, 7], [2, 1, 68], [4, 3, 1], [1, 700, 3]] {
        for axes in REDUCED {
            for keep in [true, false] {
                let x = [random(&shape, 1)];
                let sums = |x: &[Array]| groups(&x[0], axes).iter().map(|group| group.iter().sum()).collect();
                check(&x, |x| x[0].sum_axes(axes, keep), sums);
                let mean = |group: &Vec<f64>| group.iter().sum::<f64>() / group.len() as f64;
                let means = |x: &[Array]| groups(&x[0], axes).iter().map(mean).collect();
                check(&x, |x| x[0].mean_axes(axes, keep), means);
            }
        }
    }
    // Axes that are not adjacent, in three runs.
    let x = [random(&[2, 3, 1, 2, 3, 2, 2], 1)];
    let sums = |x: &[Array]| groups(&x[0], &[0, 3, 5]).iter().map(|group| group.iter().sum()).collect();
    check(&x, |x| x[0].sum_axes(&[5, 0, 3], false), sums);
}

/// Numbers that differ by more than the step of the finite differences.
fn apart(shape: &[usize]) -> Array {
    let count: usize = shape.iter().product();
    // A prime that divides no count here: each position of 0 .. count occurs once, in mixed order.
    let mixed = |i: usize| (i * 7919 % count) as f64 / count as f64 - 0.5;
    Array::new(shape, (0..count).map(|i| f64::from(mixed(i) as f32)).collect())
}

#[test]
fn extremes_over_any_axes() {
    for shape in [[1, 1, 1], [3, 5, 7], [2, 1, 68], [4, 3, 1], [1, 700, 3]] {
        for axes in REDUCED {
            for keep in [true, false] {
                let x = [apart(&shape)];
                let by = |f: fn(f64, f64) -> f64| {
                    move |x: &[Array]| -> Vec<f64> {
                        let groups = groups(&x[0], axes);
                        groups.iter().map(|group| group.iter().copied().reduce(f).unwrap()).collect()
                    }
                };
                check(&x, |x| x[0].max_axes(axes, keep), by(f64::max));
                check(&x, |x| x[0].min_axes(axes, keep), by(f64::min));
            }
        }
    }
}

#[test]
fn extremes_by_teams_of_threads() {
    // Large GPUs compare long axes so. A team has 32 threads: some have one number more than others, or none of their own.
    let gpu = crate::common::gpu_as_large_gpu();
    for shape in [[1, 33, 3], [2, 700, 5], [3, 1100, 1]] {
        let x = [apart(&shape)];
        let most =
            |x: &[Array]| groups(&x[0], &[1]).into_iter().map(|g| g.into_iter().reduce(f64::max).unwrap()).collect();
        crate::common::check_on(&gpu, &format!("{shape:?}"), &x, |x| x[0].max_axes(&[1], false), most);
    }
    let g = Graph::new(&gpu);
    let mut values = vec![0.0; 200];
    (values[70], values[130]) = (f32::NAN, f32::INFINITY);
    let x = g.tensor([2, 100], &values).unwrap();
    assert_same("max", &x.max_axes(&[1], false).unwrap(), &[f32::NAN, f32::INFINITY]);
    assert_same("min", &x.min_axes(&[1], false).unwrap(), &[f32::NAN, 0.0]);
}

#[test]
fn shapes_after_a_reduction() {
    let g = Graph::new(&gpu());
    let x = g.zeros([2, 3, 4]).unwrap();
    let shape = |result: Result<Tensor>| result.unwrap().shape().axes().to_vec();
    assert_eq!(shape(x.sum_axes(&[1], false)), [2, 4]);
    assert_eq!(shape(x.sum_axes(&[1], true)), [2, 1, 4]);
    assert_eq!(shape(x.max_axes(&[0, 2], false)), [3]);
    assert_eq!(shape(x.mean_axes(&[0, 1, 2], false)), [0; 0]);
    assert_eq!(shape(x.min_axes(&[], false)), [2, 3, 4]);
}

#[test]
fn equal_winners_share_the_gradient_and_nan_wins() {
    let g = Graph::new(&gpu());
    // Three equal maxima over two runs of axes: each gets a third of the gradient.
    let x = g.tensor([2, 1, 2], &[5.0, 5.0, 5.0, 1.0]).unwrap();
    let y = x.max_axes(&[0, 2], false).unwrap();
    let dx = &y.backward_from(&g.tensor([1], &[6.0]).unwrap(), &[&x]).unwrap()[0];
    assert_same("max", dx, &[2.0, 2.0, 2.0, 0.0]);
    let x = g.tensor([2, 3], &[1.0, f32::NAN, 2.0, f32::NEG_INFINITY, 3.0, f32::INFINITY]).unwrap();
    assert_same("max", &x.max_axes(&[1], false).unwrap(), &[f32::NAN, f32::INFINITY]);
    assert_same("min", &x.min_axes(&[1], false).unwrap(), &[f32::NAN, f32::NEG_INFINITY]);
    assert_same("max", &x.max_axes(&[0], false).unwrap(), &[1.0, f32::NAN, f32::INFINITY]);
}

#[test]
fn permutations() {
    for (shape, order) in [
        (&[3, 5][..], &[1, 0][..]),
        (&[2, 3, 4], &[0, 1, 2]),
        (&[2, 3, 5, 68], &[0, 3, 1, 2]),
        (&[2, 68, 3, 5], &[0, 2, 3, 1]),
        (&[1, 2, 1, 3, 2, 3], &[5, 3, 1, 0, 2, 4]),
        (&[1], &[0]),
        (&[], &[]),
    ] {
        let output: Vec<usize> = order.iter().map(|axis| shape[*axis]).collect();
        let from = |index: &[usize]| {
            let mut place = vec![0; index.len()];
            order.iter().zip(index).for_each(|(axis, i)| place[*axis] = *i);
            place
        };
        check(&[random(shape, 1)], |x| x[0].permute(order), |x| gathered(&x[0], &output, from));
    }
}

#[test]
fn slices_with_and_without_a_step() {
    for shape in [[4, 6, 8], [1, 7, 3], [5, 9, 68]] {
        for axis in 0..3 {
            let size = shape[axis];
            for (from, to, step) in
                [(0_usize, size, 1_usize), (size / 2, size, 1), (0, size, 2), (size / 3, size, 3), (0, 1, 5)]
            {
                let mut output = shape.to_vec();
                output[axis] = (to - from).div_ceil(step);
                let place = |index: &[usize]| {
                    let mut place = index.to_vec();
                    place[axis] = from + step * index[axis];
                    place
                };
                check(
                    &[random(&shape, 1)],
                    |x| x[0].slice_step(axis, from, to, step),
                    |x| gathered(&x[0], &output, place),
                );
            }
        }
    }
}

#[test]
fn repetition() {
    for (shape, output) in [
        (&[3, 1][..], &[3, 4][..]),
        (&[4], &[2, 3, 4]),
        (&[1], &[5]),
        (&[], &[3, 2]),
        (&[2, 1, 3, 1], &[4, 2, 5, 3, 68]),
        (&[3], &[3]),
    ] {
        let missing = output.len() - shape.len();
        let from = |index: &[usize]| -> Vec<usize> {
            shape.iter().zip(&index[missing..]).map(|(size, i)| if *size == 1 { 0 } else { *i }).collect()
        };
        check(&[random(shape, 1)], |x| x[0].broadcast_to(output), |x| gathered(&x[0], output, from));
    }
}

#[test]
fn joining_and_splitting_along_any_axis() {
    for axis in 0..3 {
        let shapes = [1, 3, 68].map(|size| {
            let mut shape = [2, 3, 5];
            shape[axis] = size;
            shape
        });
        let inputs: Vec<Array> = shapes.iter().zip(1..).map(|(shape, seed)| random(shape, seed)).collect();
        let mut output = [2, 3, 5];
        output[axis] = 72;
        let joined = |x: &[Array]| -> Vec<f64> {
            let element = |i: usize| {
                let mut index = indices(&output, i);
                let mut part = 0;
                while index[axis] >= x[part].shape.axes()[axis] {
                    index[axis] -= x[part].shape.axes()[axis];
                    part += 1;
                }
                at(&x[part], &index)
            };
            (0..output.iter().product()).map(element).collect()
        };
        check(&inputs, |x| Tensor::concat_along(&[&x[0], &x[1], &x[2]], axis), joined);
        // A split into three parts; the loss uses the last two, each differently.
        let from = |index: &[usize], by: usize| {
            let mut place = index.to_vec();
            place[axis] += by;
            place
        };
        check(
            &[random(&output, 1)],
            |x| {
                let parts = x[0].split(axis, &[1, 3, 68])?;
                Tensor::concat_along(&[&parts[2], &parts[1].scale(2.0)?], axis)
            },
            |x| {
                let mut half = output;
                half[axis] = 71;
                let element = |i: usize| {
                    let index = indices(&half, i);
                    match index[axis] {
                        place if place < 68 => at(&x[0], &from(&index, 4)),
                        _ => {
                            let mut index = index;
                            index[axis] -= 67;
                            2.0 * at(&x[0], &index)
                        }
                    }
                };
                (0..half.iter().product()).map(element).collect()
            },
        );
    }
}

#[test]
fn stacking_along_every_axis() {
    let inputs = [random(&[3, 5], 1), random(&[3, 5], 2)];
    for axis in 0..3 {
        let mut output = vec![3, 5];
        output.insert(axis, 2);
        let stacked = |x: &[Array]| -> Vec<f64> {
            let element = |i: usize| {
                let mut index = indices(&output, i);
                let part = index.remove(axis);
                at(&x[part], &index)
            };
            (0..30).map(element).collect()
        };
        check(&inputs, |x| Tensor::stack(&[&x[0], &x[1]], axis), stacked);
    }
}

#[test]
fn nothing_can_be_moved_and_summed_too() {
    let g = Graph::new(&gpu());
    let x = g.zeros([3, 0, 2]).unwrap();
    assert_same("sum", &x.sum_axes(&[1], false).unwrap(), &[0.0; 6]);
    assert_same("sum", &x.sum_axes(&[0, 2], false).unwrap(), &[]);
    assert_same("max", &x.max_axes(&[0], false).unwrap(), &[]);
    assert_same("permute", &x.permute(&[1, 2, 0]).unwrap(), &[]);
    assert_same("slice", &x.slice(0, 1, 1).unwrap(), &[]);
    assert_same("repeat", &g.zeros([1, 0]).unwrap().broadcast_to([4, 0]).unwrap(), &[]);
    assert_same("concat", &Tensor::concat_along(&[&x, &g.zeros([3, 1, 2]).unwrap()], 1).unwrap(), &[0.0; 6]);
    let full = g.tensor([2, 2], &[1.0; 4]).unwrap();
    let none = full.slice(1, 1, 1).unwrap();
    let dx = &none.sum().unwrap().backward(&[&full]).unwrap()[0];
    assert_same("gradient of nothing", dx, &[0.0; 4]);
}

#[test]
fn what_cannot_be_done_is_said_at_the_call() {
    let g = Graph::new(&gpu());
    let x = g.zeros([2, 3, 4]).unwrap();
    let flat = g.zeros([5]).unwrap();
    let deep = g.zeros([2, 2, 2, 2, 2, 2, 2]).unwrap();
    for (result, says) in [
        (x.sum_axes(&[3], false), "sum_axes: the axes [3] must be different ones of its 3"),
        (x.sum_axes(&[1, 1], false), "different ones"),
        (x.max_axes(&[1], false).and_then(|_| g.zeros([2, 0])?.max_axes(&[1], true)), "no extreme of no elements"),
        (g.zeros([2, 0]).and_then(|x| x.mean_axes(&[1], true)), "mean_axes: there is no mean of no elements"),
        (x.permute(&[0, 1]), "the order [0, 1] must name each of its 3 axes once"),
        (x.permute(&[0, 1, 1]), "permute"),
        (flat.transpose(), "transpose: it must have at least two axes"),
        (x.slice(1, 2, 5), "no elements 2 .. 5 with step 1 along axis 1"),
        (x.slice(3, 0, 1), "along axis 3"),
        (x.slice_step(0, 0, 2, 0), "step 0"),
        (x.broadcast_to([2, 3, 5]), "cannot be repeated to [2, 3, 5]"),
        (x.broadcast_to([4]), "cannot be repeated to [4]"),
        (Tensor::concat_along(&[&x, &flat], 0), "all axes but axis 0 must agree"),
        (Tensor::concat_along(&[&x], 3), "there is no axis 3"),
        (Tensor::stack(&[&x, &flat], 0), "stack: all must have one shape"),
        (Tensor::stack(&[], 0), "there is nothing to join"),
        (x.split(1, &[1, 1]).map(|_| x.clone()), "parts of [1, 1] are not the whole of axis 1"),
        (x.split(1, &[]).map(|_| x.clone()), "split"),
        (deep.permute(&[6, 5, 4, 3, 2, 1, 0]), "permute: an output of shape [2, 2, 2, 2, 2, 2, 2] has 7 axes"),
    ] {
        let text = result.expect_err(says).to_string();
        assert!(text.contains(says), "'{says}' is not in: {text}");
    }
}

#[test]
fn a_wrong_reduction_is_found() {
    let off = |x: &[Tensor]| -> std::result::Result<Tensor, TensorError> { x[0].sum_axes(&[0, 1], false) };
    let report = gradcheck(&gpu(), &[random(&[2, 3, 2], 1)], Default::default(), off, |x| {
        groups(&x[0], &[0, 1]).iter().map(|group| group[1..].iter().sum()).collect()
    });
    assert!(!report.unwrap().passed());
}
