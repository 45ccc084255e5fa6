//! The element types of inputs: where floats and integers are confused, the error names the op, the input and the type.

use crate::common::gpu;
use selvedge::tensor::ops::{
    Batch, DataSet, MIXING, NormSettings, OptimiserInputs, Padding, Pixels, Rule, RunningUpdate, Window,
};
use selvedge::tensor::{DType, Graph, Result, Tensor, TensorError};

/// Calls, each with the op, the input with the wrong type and the right type.
type Cases<'a> = Vec<(Result<Tensor>, &'a str, usize, DType)>;

fn assert_refused(cases: Cases) {
    for (number, (result, name, at, type_)) in cases.into_iter().enumerate() {
        match result {
            Err(TensorError::Type { op, input, wanted, given }) => {
                assert_eq!((op, input, wanted), (name, at, type_), "case {number}");
                assert_ne!(given, wanted);
            }
            other => panic!("case {number}, {name}: {other:?}"),
        }
    }
}

#[test]
fn every_op_names_the_input_that_holds_the_wrong_type() {
    let g = Graph::new(&gpu());
    let floats = |shape: &[usize]| g.zeros(shape).unwrap();
    let integers = |shape: &[usize]| g.tensor_u32(shape, &vec![0; shape.iter().product()]).unwrap();
    let [f, u] = [floats(&[2, 2]), integers(&[2, 2])];
    let [f1, u1] = [floats(&[2]), integers(&[2])];
    let [image, numbers] = [floats(&[1, 2, 2, 2]), integers(&[1, 2, 2, 2])];
    let window = Window::new([1, 1], [1, 1], Padding::Valid);
    let plain = NormSettings::plain(1e-5);
    let kernel = floats(&[1, 1, 2, 2]);
    let mixing = [floats(&[MIXING]), integers(&[MIXING])];
    let arena = [floats(&[64]), integers(&[64])];
    let step = |parameters: usize, gradients: usize, group_of: &Tensor| {
        let inputs = OptimiserInputs {
            gradients: arena[gradients].clone(),
            group_of: group_of.clone(),
            groups: floats(&[1, 4]),
            this_step: floats(&[4]),
            directions: None,
        };
        arena[parameters].optimiser_step(Rule::SGD, &[arena[0].clone()], &inputs)
    };
    let gather = |labels: &Tensor, order: &Tensor| {
        let set = DataSet { images: u1.clone(), labels: labels.clone() };
        let batch = Batch { order, place: &u1, size: 1, augment: None, mixing: None, streamed: false };
        let pixels = Pixels { height: 1, width: 1, channels: 1, mean: [0.0; 3], deviation: [1.0; 3] };
        set.gather(batch, pixels).map(|(x, _)| x)
    };
    let conv = |x: &Tensor, b: &Tensor| x.conv2d(&kernel, Some(b), [1, 1], Padding::Same, true);
    let running = g.arena("running", &[([2].into(), vec![0.0; 2]), ([2].into(), vec![0.0; 2])]).unwrap();
    let moments = RunningUpdate { moments: integers(&[2, 64]), mean_part: 0 };
    let cases: Cases = vec![
        (u.add(&u), "add", 0, DType::F32),
        (f.add(&u), "add", 1, DType::F32),
        (u.mul(&f), "mul", 0, DType::F32),
        (f.mul(&u1), "mul", 1, DType::F32),
        (u.scale(2.0), "scale", 0, DType::F32),
        (u.relu(), "leaky_relu", 0, DType::F32),
        (u.sum(), "sum", 0, DType::F32),
        (u.transpose(), "transpose", 0, DType::F32),
        (u.softmax(), "softmax", 0, DType::F32),
        (u.log_softmax(), "log_softmax", 0, DType::F32),
        (u.clip_norm(1.0), "mul", 0, DType::F32),
        (u.channels(0, 1), "channels", 0, DType::F32),
        (Tensor::concat(&[&f, &u]), "concat", 1, DType::F32),
        (Tensor::pack(&[&f, &u], &[0, 64], 128), "pack", 1, DType::F32),
        (u.dropout(0.5, &u1, 0), "dropout", 0, DType::F32),
        (f.dropout(0.5, &f1, 0), "dropout", 1, DType::U32),
        (f.matmul(&u), "matmul", 1, DType::F32),
        (f.linear(&f, &u1, true), "linear", 2, DType::F32),
        (f.linear_dropout(&f, &f1, 0.5, &f1, 0), "linear", 3, DType::U32),
        (conv(&numbers, &f1), "conv2d", 0, DType::F32),
        (conv(&image, &u1), "conv2d", 2, DType::F32),
        (numbers.max_pool(window), "max_pool", 0, DType::F32),
        (numbers.avg_pool(window, true), "avg_pool", 0, DType::F32),
        (numbers.global_avg_pool(), "sum", 0, DType::F32),
        (numbers.resize_bilinear([1, 1]), "resize_bilinear", 0, DType::F32),
        (f.batch_norm(&f1, &u1, plain).map(|n| n.y), "batch_norm", 2, DType::F32),
        (f.batch_norm_inference(&f1, &f1, &u1, &f1, plain), "batch_norm", 3, DType::F32),
        (running.update_running(&[moments], 0.1), "pack", 0, DType::F32),
        (u.cross_entropy(&u1, 0.0).map(|l| l.losses), "cross_entropy", 0, DType::F32),
        (f.cross_entropy(&f1, 0.0).map(|l| l.losses), "cross_entropy", 1, DType::U32),
        (f.cross_entropy_mixed(&f, &mixing[0], 0.0).map(|l| l.losses), "cross_entropy", 1, DType::U32),
        (f.cross_entropy_mixed(&u, &mixing[1], 0.0).map(|l| l.losses), "cross_entropy", 2, DType::F32),
        (f1.add_to_totals(&u), "add_to_totals", 1, DType::F32),
        (arena[0].average(&arena[1], &floats(&[1])), "average", 1, DType::F32),
        (step(1, 0, &u1), "sgd", 0, DType::F32),
        (step(0, 1, &u1), "sgd", 2, DType::F32),
        (step(0, 0, &f1), "sgd", 3, DType::U32),
        (gather(&f1, &u1), "gather", 1, DType::U32),
        (gather(&u1, &f1), "gather", 2, DType::U32),
        (f.gather_rows(&f1, &u1, 1), "gather_rows", 1, DType::U32),
        (f.gather_rows(&u1, &f1, 1), "gather_rows", 2, DType::U32),
        (u.backward_from(&u, &[&u]).map(|mut g| g.remove(0)), "backward_from", 0, DType::F32),
        (f.scale(1.0).unwrap().backward_from(&u, &[&f]).map(|mut g| g.remove(0)), "backward_from", 1, DType::F32),
        (u.to_vec().map(|_| f.clone()), "to_vec", 0, DType::F32),
        (f.to_vec_u32().map(|_| f.clone()), "to_vec", 0, DType::U32),
    ];
    assert_refused(cases);
}

#[test]
fn an_error_says_both_types_and_what_only_moves_elements_takes_both() {
    let g = Graph::new(&gpu());
    let u = g.tensor_u32([2, 2], &[0; 4]).unwrap();
    let u1 = g.tensor_u32([2], &[0; 2]).unwrap();
    let text = g.zeros([2, 2]).unwrap().add(&u).unwrap_err().to_string();
    assert_eq!(text, "add: input 1 holds unsigned integers (u32), but must hold floats (f32)");
    assert_eq!(u.reshape([4]).unwrap().to_vec_u32().unwrap(), [0; 4]);
    assert_eq!(u.gather_rows(&u1, &u1, 1).unwrap().to_vec_u32().unwrap(), [0; 2]);
    let mut compiled = g.compile(&[&u]).unwrap();
    compiled.run().unwrap();
    assert!(matches!(compiled.read(&u), Err(TensorError::Type { op: "read", .. })));
    assert_eq!(compiled.read_u32(&u).unwrap(), [0; 4]);
}
