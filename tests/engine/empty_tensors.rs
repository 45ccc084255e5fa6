//! Tensors without elements: correct results or errors at the call, for every op and core; and work that the device refuses,
//! which is what such tensors once led to.

use crate::common::{assert_same, cores, gpu, gpu_with};
use selvedge::gpu::{GpuError, Kernel, Source};
use selvedge::tensor::ops::{Batch, DataSet, MIXING, NormSettings, OptimiserInputs, Padding, Pixels, Rule, Window};
use selvedge::tensor::{Graph, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor, TensorError};

fn graph() -> Graph {
    Graph::new(&gpu())
}

fn settings(relu_before: bool, relu_after: bool, pool: [usize; 2]) -> NormSettings {
    NormSettings { relu_before, relu_after, pool, ..NormSettings::plain(1e-5) }
}

#[test]
fn ops_on_empty_tensors_give_what_is_left_and_the_device_works_on() {
    for core in cores() {
        let g = Graph::new(&gpu_with(core));
        let empty = |shape: &[usize]| g.zeros(shape).unwrap();
        let check = |case: &str, result: Result<Tensor>, shape: &[usize], values: &[f32]| {
            let tensor = result.unwrap_or_else(|e| panic!("{core:?} {case}: {e}"));
            assert_eq!(tensor.shape().axes(), shape, "{core:?} {case}");
            assert_same(&format!("{core:?} {case}"), &tensor, values);
        };
        let x = empty(&[0, 4]);
        let four = g.tensor([4], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        let seed_step_row = g.tensor_u32([3], &[0, 0, 0]).unwrap();
        check("relu", x.relu(), &[0, 4], &[]);
        check("leaky relu", x.leaky_relu(0.1), &[0, 4], &[]);
        check("add", x.add(&four), &[0, 4], &[]);
        check("mul", x.mul(&x), &[0, 4], &[]);
        check("scale", x.scale(2.0), &[0, 4], &[]);
        check("dropout", x.dropout(0.5, &seed_step_row, 1), &[0, 4], &[]);
        check("transpose", x.transpose(), &[4, 0], &[]);
        check("reshape", x.reshape([0, 7]), &[0, 7], &[]);
        check("flatten", empty(&[0, 3, 4]).flatten(), &[0, 12], &[]);
        check("softmax", x.softmax(), &[0, 4], &[]);
        check("log softmax", x.log_softmax(), &[0, 4], &[]);
        check("clip", x.clip_norm(1.0), &[0, 4], &[]);
        check("concat", Tensor::concat(&[&x, &empty(&[0, 2])]), &[0, 6], &[]);
        let wide = g.tensor([2, 1], &[5.0, 6.0]).unwrap();
        check("concat with nothing", Tensor::concat(&[&empty(&[2, 0]), &wide]), &[2, 1], &[5.0, 6.0]);
        check("no channels", wide.channels(1, 0), &[2, 0], &[]);
        check("pack", Tensor::pack(&[&empty(&[0]).relu().unwrap(), &four], &[0, 0], 4), &[4], &[1.0, 2.0, 3.0, 4.0]);
        // A sum of no terms is 0.
        check("sum", x.sum(), &[1], &[0.0]);
        check("sum of rows", x.sum_rows(), &[4], &[0.0; 4]);
        check("matmul", x.matmul(&empty(&[4, 3])), &[0, 3], &[]);
        check("no columns", empty(&[2, 4]).matmul(&empty(&[4, 0])), &[2, 0], &[]);
        check("no terms", empty(&[2, 0]).matmul(&empty(&[0, 8])), &[2, 8], &[0.0; 16]);
        let bias = g.tensor([3], &[-1.0, 2.0, 3.0]).unwrap();
        check(
            "bias alone",
            empty(&[2, 0]).linear(&empty(&[0, 3]), &bias, true),
            &[2, 3],
            &[0.0, 2.0, 3.0, 0.0, 2.0, 3.0],
        );
        let [w, b] = [empty(&[3, 3, 1, 4]), empty(&[4])];
        let images = empty(&[0, 6, 6, 1]);
        check("conv", images.conv2d(&w, Some(&b), [1, 1], Padding::Same, true), &[0, 6, 6, 4], &[]);
        let window = Window::new([2, 2], [2, 2], Padding::Valid);
        check("max pool", images.max_pool(window), &[0, 3, 3, 1], &[]);
        check("mean pool", images.avg_pool(window, true), &[0, 3, 3, 1], &[]);
        check("global mean", images.global_avg_pool(), &[0, 1], &[]);
        check("resize", images.resize_bilinear([3, 3]), &[0, 3, 3, 1], &[]);
        let pooled = settings(true, true, [2, 2]);
        let norm = empty(&[0, 6, 6, 4]).batch_norm_inference(&four, &four, &four, &four, pooled);
        check("batch norm", norm, &[0, 3, 3, 4], &[]);
        let labels = g.tensor_u32([0], &[]).unwrap();
        let loss = x.cross_entropy(&labels, 0.1).unwrap();
        check("loss", Ok(loss.losses.clone()), &[0], &[]);
        let pairs = g.tensor_u32([0, 2], &[]).unwrap();
        check("mixed loss", Ok(x.cross_entropy_mixed(&pairs, &empty(&[MIXING]), 0.0).unwrap().losses), &[0], &[]);
        check("totals", g.tensor([2], &[5.0, 6.0]).unwrap().add_to_totals(&loss.scores), &[2], &[5.0, 6.0]);
        check("after all that", four.scale(2.0), &[4], &[2.0, 4.0, 6.0, 8.0]);
    }
}

#[test]
fn gradients_through_empty_batches_are_zero() {
    for core in cores() {
        let g = Graph::new(&gpu_with(core));
        let given = |shape: &[usize]| g.tensor(shape, &vec![1.0; shape.iter().product()]).unwrap();
        let images = g.zeros([0, 4, 4, 1]).unwrap();
        let (w, b) = (given(&[3, 3, 1, 8]), given(&[8]));
        let frozen = settings(false, true, [2, 2]);
        let features = images
            .conv2d(&w, Some(&b), [1, 1], Padding::Same, true)
            .unwrap()
            .batch_norm_inference(&b, &b, &given(&[8]), &given(&[8]), frozen)
            .unwrap();
        let (dense, bias, factor) = (given(&[32, 5]), given(&[5]), given(&[1]));
        let logits = features.flatten().unwrap().linear(&dense, &bias, true).unwrap().mul(&factor).unwrap();
        let labels = g.tensor_u32([0], &[]).unwrap();
        let loss = logits.cross_entropy(&labels, 0.0).unwrap().losses.sum().unwrap();
        let parameters = [&w, &b, &dense, &bias, &factor];
        for (gradient, parameter) in loss.backward(&parameters).unwrap().iter().zip(parameters) {
            assert_eq!(gradient.shape(), parameter.shape());
            assert_same(core.name(), gradient, &vec![0.0; parameter.shape().len()]);
        }
        // No input features: the gradient of the input is empty, and that of the bias is complete.
        let (x, w) = (g.zeros([2, 0]).unwrap(), g.zeros([0, 5]).unwrap());
        let y = x.linear(&w, &bias, false).unwrap();
        let gradients = y.backward_from(&given(&[2, 5]), &[&x, &w, &bias]).unwrap();
        assert_same("dx", &gradients[0], &[]);
        assert_same("dw", &gradients[1], &[]);
        assert_same("dbias", &gradients[2], &[2.0; 5]);
        // No outputs: the gradient of the input is zero.
        let x = given(&[2, 3]);
        let y = x.matmul(&g.zeros([3, 0]).unwrap()).unwrap();
        assert_same("dx", &y.backward_from(&g.zeros([2, 0]).unwrap(), &[&x]).unwrap()[0], &[0.0; 6]);
    }
}

#[test]
fn an_optimiser_steps_over_nothing_and_over_parts_without_elements() {
    let g = graph();
    let arena = g.arena("parameters", &[([2].into(), vec![1.0, 2.0]), ([0, 3].into(), vec![])]).unwrap();
    let gradients: Vec<Tensor> = arena.parts.iter().map(|part| part.scale(1.0).unwrap()).collect();
    let group = selvedge::optim::Group::PLAIN;
    let groups = [Some(group), Some(group)];
    let mut optimiser = selvedge::optim::Optimiser::with_groups(&g, &arena, Rule::SGD, &groups).unwrap();
    let step = optimiser.record_clipped(&arena, &gradients, Some(100.0)).unwrap();
    let mut compiled = g.compile(&[&step]).unwrap();
    optimiser.start_step(0.5).unwrap();
    compiled.run().unwrap();
    assert_ne!(arena.parts[0].to_vec().unwrap(), [1.0, 2.0]);
    assert_same("nothing", &arena.parts[1], &[]);

    let empty = || g.zeros([0]).unwrap();
    let inputs = OptimiserInputs {
        gradients: empty(),
        group_of: g.tensor_u32([0], &[]).unwrap(),
        groups: g.zeros([1, 4]).unwrap(),
        this_step: g.zeros([4]).unwrap(),
        directions: None,
    };
    assert_same("nothing", &empty().optimiser_step(Rule::SGD, &[empty()], &inputs).unwrap(), &[]);
    assert_same("nothing", &empty().average(&empty(), &g.zeros([1]).unwrap()).unwrap(), &[]);
}

#[test]
fn what_nothing_does_not_have_is_refused_at_the_call() {
    let g = graph();
    let zeros = |shape: &[usize]| g.zeros(shape).unwrap();
    let labels = g.tensor_u32([3], &[0; 3]).unwrap();
    let plain = NormSettings::plain(1e-5);
    let empty = g.tensor_u32([0], &[]).unwrap();
    let place = g.tensor_u32([2], &[0; 2]).unwrap();
    let set = DataSet { images: labels.clone(), labels: labels.clone() };
    let batch = Batch { order: &labels, place: &place, size: 2, augment: None, mixing: None, streamed: false };
    let pixels = Pixels { height: 0, width: 2, channels: 1, mean: [0.0; 3], deviation: [1.0; 3] };
    for (result, says) in [
        (zeros(&[0, 4]).mean(), "mean: there is no mean of no elements"),
        (zeros(&[0, 4]).mean_rows(), "mean_rows"),
        (zeros(&[2, 0, 3, 4]).global_avg_pool(), "global_avg_pool"),
        (zeros(&[3, 0]).softmax(), "at least one class"),
        (zeros(&[3, 0]).cross_entropy(&labels, 0.0).map(|l| l.losses), "at least one class"),
        (zeros(&[0, 2, 2, 4]).batch_norm(&zeros(&[4]), &zeros(&[4]), plain).map(|n| n.y), "has no mean"),
        (
            zeros(&[1, 4, 4, 0]).conv2d(&zeros(&[3, 3, 0, 2]), None, [1, 1], Padding::Same, false),
            "at least one channel",
        ),
        (zeros(&[4, 2]).gather_rows(&empty, &place, 2), "the order (input 1)"),
        (zeros(&[0, 2]).gather_rows(&labels, &place, 2), "must have rows"),
        (set.gather(batch, pixels).map(|(x, _)| x), "0x2 have no pixel"),
    ] {
        let text = result.unwrap_err().to_string();
        assert!(text.contains(says), "'{says}' is not in: {text}");
    }
}

/// An op whose only dispatch the device refuses: it has too many workgroups.
#[derive(Debug)]
struct Refused;

impl Op for Refused {
    fn name(&self) -> &'static str {
        "refused"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, _: &Io, launches: &mut Launches) -> Result<()> {
        let text = "@group(0) @binding(1) var<storage, read> x: array<f32>;
            @group(0) @binding(2) var<storage, read_write> y: array<f32>;
            @compute @workgroup_size(1) fn main() { y[0] = x[0]; }";
        let mut kernel = Kernel::new("refused", Source::new("refused", text));
        kernel.workgroups = [1 << 20, 1, 1];
        launches.dispatch(kernel, &[Operand::Input(0).read(), Operand::Output(0).write()]);
        Ok(())
    }
}

#[test]
fn work_that_the_device_refuses_is_an_error_of_its_call_and_of_no_other() {
    let g = graph();
    let x = g.tensor([2], &[1.0, 2.0]).unwrap();
    for _ in 0..2 {
        let error = Tensor::apply_one(Refused, &[&x]).unwrap().to_vec().unwrap_err();
        assert!(matches!(error, TensorError::Gpu(GpuError::Invalid { .. })), "{error}");
        g.gpu().health().unwrap();
        assert_same("the same graph", &x.scale(2.0).unwrap(), &[2.0, 4.0]);
        assert_same("another", &graph().tensor([1], &[3.0]).unwrap().relu().unwrap(), &[3.0]);
    }
}
