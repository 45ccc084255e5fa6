//! Graphs, the bookkeeping of gradients, memory and programs.

use crate::common::{gpu, random};
use selvedge::program::Ceiling;
use selvedge::tensor::ops::{Batch, DataSet, NormSettings, Padding, Pixels, RunningUpdate, Window};
use selvedge::tensor::{Graph, Tensor, TensorError};

fn graph() -> Graph {
    Graph::new(&gpu())
}

#[test]
fn shape_errors_come_at_the_call_and_name_op_shapes_and_parameter() {
    let g = graph();
    let zeros = |shape: &[usize]| g.zeros(shape).unwrap();
    let says = |result: selvedge::tensor::Result<Tensor>, parts: &[&str]| {
        let text = result.unwrap_err().to_string();
        for part in parts {
            assert!(text.contains(part), "'{part}' is not in: {text}");
        }
    };
    let image = zeros(&[2, 5, 5, 3]);
    says(zeros(&[2, 3]).matmul(&zeros(&[4, 5])), &["matmul", "[2, 3] and [4, 5]", "3 rows"]);
    says(zeros(&[2, 3]).linear(&zeros(&[3, 5]), &zeros(&[4]), false), &["linear", "bias", "[5]", "[4]"]);
    says(zeros(&[2, 3]).add(&zeros(&[2])), &["add", "[2, 3] and [2]"]);
    says(
        image.conv2d(&zeros(&[3, 3, 4, 8]), None, [1, 1], Padding::Same, false),
        &["conv2d", "[3, 3, 4, 8]", "3 input channels"],
    );
    says(image.conv2d(&zeros(&[7, 7, 3, 8]), None, [1, 1], Padding::Valid, false), &["7x7", "5x5"]);
    says(image.conv2d(&zeros(&[3, 3, 3, 8]), None, [0, 1], Padding::Same, false), &["stride 0x1"]);
    says(image.max_pool(Window::new([2, 2], [1, 1], Padding::symmetric(2, 2))), &["max_pool", "padding"]);
    says(zeros(&[2, 3]).max_pool(Window::new([2, 2], [2, 2], Padding::Valid)), &["max_pool", "4 axes", "[2, 3]"]);
    says(image.reshape([7]), &["reshape", "[7]"]);
    says(Tensor::concat(&[&image, &zeros(&[2, 5, 4, 3])]), &["concat", "[2, 5, 4, 3]"]);
    says(Tensor::concat(&[]), &["concat"]);
    says(image.channels(2, 2), &["channels"]);
    says(image.leaky_relu(-0.1), &["slope is -0.1"]);
    says(image.resize_bilinear([0, 4]), &["resize_bilinear", "0x4"]);
    let logits = zeros(&[4, 10]);
    says(
        logits.cross_entropy(&zeros(&[4]), 0.0).map(|l| l.losses),
        &["cross_entropy", "input 1", "must hold unsigned integers"],
    );
    let labels = g.tensor_u32([4], &[0; 4]).unwrap();
    says(logits.cross_entropy(&labels, 1.0).map(|l| l.losses), &["label smoothing is 1"]);
    says(logits.dropout(1.0, &g.tensor_u32([3], &[0, 0, 0]).unwrap(), 0), &["rate is 1"]);
    says(logits.dropout(0.5, &labels, 0), &["seed, step and first row"]);
    says(image.batch_norm(&zeros(&[4]), &zeros(&[3]), NormSettings::plain(1e-5)).map(|n| n.y), &["gamma", "[3]"]);
    says(image.batch_norm(&zeros(&[3]), &zeros(&[3]), NormSettings::plain(0.0)).map(|n| n.y), &["epsilon is 0"]);
    says(g.tensor([2, 2], &[0.0; 3]), &["[2, 2]", "3 values"]);
    says(g.zeros([1 << 40, 1 << 40]), &["too large"]);
    says(graph().zeros([1]).unwrap().add(&zeros(&[1])), &["different graphs"]);
}

#[test]
fn backward_wants_a_scalar_that_depends_on_the_parameters() {
    let g = graph();
    let (x, other) = (g.zeros([3]).unwrap(), g.zeros([3]).unwrap());
    assert!(matches!(x.scale(2.0).unwrap().backward(&[&x]), Err(TensorError::NotScalar { .. })));
    let loss = x.sum().unwrap();
    assert!(matches!(loss.backward(&[&x, &other]), Err(TensorError::Unreached { index: 1, .. })));
    // The backward pass of most ops cannot be differentiated itself.
    let (image, w) = (g.zeros([1, 3, 1, 1]).unwrap(), g.zeros([1, 1, 1, 2]).unwrap());
    let y = image.conv2d(&w, None, [1, 1], Padding::Same, false).unwrap().sum().unwrap();
    let dx = &y.backward(&[&image]).unwrap()[0];
    let no_gradient = dx.sum().unwrap().backward(&[&w]).unwrap_err();
    assert!(no_gradient.to_string().contains("conv2d_input_grad"), "{no_gradient}");
}

#[test]
fn backward_from_starts_at_a_given_gradient() {
    let g = graph();
    let x = g.tensor([3], &[1.0, 2.0, 3.0]).unwrap();
    let y = x.mul(&x).unwrap();
    let dy = g.tensor([3], &[1.0, 10.0, 100.0]).unwrap();
    assert_eq!(y.backward_from(&dy, &[&x]).unwrap()[0].to_vec().unwrap(), [2.0, 40.0, 600.0]);
    let short = g.zeros([2]).unwrap();
    assert!(y.backward_from(&short, &[&x]).unwrap_err().to_string().contains("[3]"));
}

#[test]
fn gradients_of_frozen_parts_are_not_computed() {
    let g = graph();
    let x = g.tensor([2, 6, 6, 4], &random(&[2, 6, 6, 4], 1).to_f32()).unwrap();
    let weight = |seed| g.tensor([3, 3, 4, 4], &random(&[3, 3, 4, 4], seed).to_f32()).unwrap();
    let (frozen, trained) = (weight(2), weight(3));
    let conv = |x: &Tensor, w| x.conv2d(w, None, [1, 1], Padding::Same, false).unwrap();
    let loss = conv(&conv(&x, &frozen), &trained).sum().unwrap();
    let count = |parameters: &[&Tensor]| {
        let gradients = loss.backward(parameters).unwrap();
        let outputs: Vec<&Tensor> = gradients.iter().collect();
        let mut compiled = g.compile(&outputs).unwrap();
        let kernels: Vec<&str> = compiled.program().kernels().map(|k| k.label).collect();
        kernels.iter().filter(|k| k.ends_with("_grad")).count()
    };
    // The last layer alone: its weight gradient. Both layers: two weight gradients and one input gradient between them.
    assert_eq!(count(&[&trained]), 1);
    assert_eq!(count(&[&frozen, &trained]), 3);
}

#[test]
fn updates_run_last_and_everyone_else_sees_the_old_value() {
    let g = graph();
    let total = g.tensor([2], &[1.0, 2.0]).unwrap();
    let added = total.add_to_totals(&total.scale(10.0).unwrap()).unwrap();
    // Recorded after the update, yet computed from the value before it.
    let before = total.scale(1.0).unwrap();
    let mut compiled = g.compile(&[&added, &before]).unwrap();
    compiled.run().unwrap();
    assert_eq!(compiled.read(&before).unwrap(), [1.0, 2.0]);
    assert_eq!(compiled.read(&added).unwrap(), [11.0, 22.0]);
    assert_eq!(total.to_vec().unwrap(), [11.0, 22.0]);
    compiled.run().unwrap();
    assert_eq!(compiled.read(&before).unwrap(), [11.0, 22.0]);
    assert_eq!(total.to_vec().unwrap(), [121.0, 242.0]);

    let computed = total.scale(2.0).unwrap();
    assert!(computed.add_to_totals(&total).unwrap_err().to_string().contains("in place"));
    assert!(matches!(computed.write(&[0.0; 2]), Err(TensorError::NotWritable { op: "scale" })));
}

#[test]
fn an_update_by_the_tensor_itself_is_refused_with_the_way_out() {
    let g = graph();
    let total = g.tensor([2], &[1.0, 2.0]).unwrap();
    let doubled = total.add_to_totals(&total).unwrap();
    let error = g.compile(&[&doubled]).unwrap_err().to_string();
    assert!(error.contains("add_to_totals") && error.contains("copy"), "{error}");
    let doubled = total.add_to_totals(&total.scale(1.0).unwrap()).unwrap();
    assert_eq!(doubled.to_vec().unwrap(), [2.0, 4.0]);
}

#[test]
fn packed_values_are_written_in_place_where_possible_and_copied_where_not() {
    let g = graph();
    let x = g.tensor([3], &[1.0, 2.0, 3.0]).unwrap();
    let (doubled, tripled) = (x.scale(2.0).unwrap(), x.scale(3.0).unwrap());
    let labels = |parts: &[&Tensor]| {
        let offsets: Vec<usize> = (0..parts.len()).map(|i| 64 * i).collect();
        let packed = Tensor::pack(parts, &offsets, 64 * parts.len()).unwrap();
        let mut compiled = g.compile(&[&packed]).unwrap();
        compiled.run().unwrap();
        let all = compiled.read(&packed).unwrap();
        let values: Vec<Vec<f32>> = offsets.iter().map(|o| all[*o..o + 3].to_vec()).collect();
        assert!(all[3..64].iter().all(|gap| *gap == 0.0));
        let copies = compiled.program().kernels().filter(|k| k.label == "copy").count();
        (values, copies)
    };
    let two = vec![2.0, 4.0, 6.0];
    let three = vec![3.0, 6.0, 9.0];
    // Each is computed directly in its place.
    assert_eq!(labels(&[&doubled, &tripled]), (vec![two.clone(), three], 0));
    // The same value in two places: both are copies.
    assert_eq!(labels(&[&doubled, &doubled]), (vec![two.clone(), two.clone()], 2));
    // A value made from data already has its own buffer.
    assert_eq!(labels(&[&x, &doubled]), (vec![vec![1.0, 2.0, 3.0], two.clone()], 1));
    // One is computed from the other: a kernel may not read and write the same buffer.
    let four = doubled.scale(2.0).unwrap();
    assert_eq!(labels(&[&doubled, &four]), (vec![two, vec![4.0, 8.0, 12.0]], 1));
}

#[test]
fn a_second_run_over_used_memory_gives_the_same() {
    // Values share memory, so a kernel that leaves elements unwritten would show an earlier value in the second run.
    let g = graph();
    let shape = [3, 9, 9, 5];
    let x = g.tensor(shape, &random(&shape, 1).to_f32()).unwrap();
    let w = g.tensor([3, 3, 5, 7], &random(&[3, 3, 5, 7], 2).to_f32()).unwrap();
    let ones = g.tensor([7], &[1.0; 7]).unwrap();
    let y = x.conv2d(&w, Some(&ones), [2, 2], Padding::Same, true).unwrap();
    let norm = y.batch_norm(&ones, &ones, NormSettings::plain(1e-3)).unwrap().y;
    let pooled = norm.max_pool(Window::new([3, 3], [2, 2], Padding::symmetric(1, 1))).unwrap();
    let joined = Tensor::concat(&[&pooled, &pooled.relu().unwrap()]).unwrap();
    let loss =
        joined.resize_bilinear([5, 4]).unwrap().mul(&joined.resize_bilinear([5, 4]).unwrap()).unwrap().sum().unwrap();
    let gradients = loss.backward(&[&x, &w, &ones]).unwrap();
    let outputs: Vec<&Tensor> = gradients.iter().collect();
    let mut compiled = g.compile(&outputs).unwrap();
    let mut run = || -> Vec<Vec<f32>> {
        compiled.run().unwrap();
        gradients.iter().map(|t| compiled.read(t).unwrap()).collect()
    };
    let first = run();
    assert!(first.iter().flatten().any(|v| *v != 0.0));
    assert_eq!(first, run());
    let memory = compiled.program().memory();
    assert!(memory.planned_bytes() < memory.bytes_without_reuse());
}

#[test]
fn the_dispatch_list_shows_kernels_shapes_memory_and_totals() {
    let g = graph();
    let x = g.zeros([2, 8]).unwrap();
    let y = x.matmul(&g.zeros([8, 4]).unwrap()).unwrap().relu().unwrap();
    let mut compiled = g.compile(&[&y]).unwrap();
    let text = compiled.program().to_string();
    for part in ["matmul", "leaky_relu", "[2, 8] [8, 4] -> [2, 4]", "fix fix s0*", "2 dispatches", "planned peak"] {
        assert!(text.contains(part), "'{part}' is not in:\n{text}");
    }
    assert_eq!(compiled.program().flops(), 2 * 2 * 8 * 4 + 8);
}

#[test]
fn a_profile_times_every_dispatch() {
    let g = graph();
    let x = g.tensor([64, 64], &[0.5; 4096]).unwrap();
    let y = x.matmul(&x).unwrap().matmul(&x).unwrap();
    let mut compiled = g.compile(&[&y]).unwrap();
    let profile = compiled.program().profile(2).unwrap();
    assert_eq!(profile.dispatches.len(), 2);
    assert!(profile.dispatches.iter().all(|d| d.seconds > 0.0));
    assert!(profile.host_seconds > 0.0 && profile.run_seconds > profile.host_seconds);
    let summary = profile.summary(64);
    assert_eq!((summary.dispatches, summary.planned_bytes), (2, 2 * 64 * 64 * 4));
    approx::assert_relative_eq!(summary.images_per_second, 64.0 / profile.run_seconds);
    let trace: serde_json::Value = serde_json::from_str(&profile.trace()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let times: Vec<[f64; 2]> = events.iter().map(|e| ["ts", "dur"].map(|key| e[key].as_f64().unwrap())).collect();
    assert_eq!(times.len(), 2);
    approx::assert_relative_eq!(times[0][0] + times[0][1], times[1][0]);
    let ceiling = Ceiling { flops: 1e12, bytes: 1e12, dispatch: 0.0, barrier: 0.0 };
    let table = profile.table(ceiling);
    for part in ["%ceiling", "kind of kernel", "matmul", "2 dispatches", "1000 GFLOP/s"] {
        assert!(table.contains(part), "'{part}' is not in:\n{table}");
    }
    // Timing changes nothing about the result: 64 * 0.25 = 16, 64 * 16 * 0.5 = 512.
    assert_eq!(compiled.read(&y).unwrap(), vec![512.0; 4096]);
}

#[test]
fn the_ceiling_is_above_nothing() {
    let ceiling = Ceiling::measure(&crate::common::gpu()).unwrap();
    assert!(ceiling.flops > 1e6 && ceiling.bytes > 1e6, "{ceiling:?}");
    assert!(ceiling.dispatch >= 0.0 && ceiling.barrier >= 0.0, "{ceiling:?}");
}

#[test]
fn launches_past_65535_workgroups_are_folded() {
    let g = graph();
    let len = 64 * 65_536 + 7;
    let data: Vec<f32> = (0..len).map(|i| (i % 1000) as f32).collect();
    let doubled = g.tensor([len], &data).unwrap().scale(2.0).unwrap();
    let values = doubled.to_vec().unwrap();
    assert!(values.iter().zip(&data).all(|(doubled, x)| *doubled == 2.0 * x));
}

#[test]
fn what_is_not_an_output_cannot_be_read() {
    let g = graph();
    let x = g.zeros([2]).unwrap();
    let y = x.scale(2.0).unwrap();
    let mut compiled = g.compile(&[&y.scale(2.0).unwrap()]).unwrap();
    compiled.run().unwrap();
    assert!(matches!(compiled.read(&y), Err(TensorError::NotAnOutput)));
}

#[test]
fn a_shader_that_does_not_compile_is_an_error_with_its_message() {
    use selvedge::gpu::{Access, Kernel, Source};
    let kernel = Kernel::new("broken", Source::new("my_op", "fn main( {"));
    let error = gpu().pipeline(&kernel, &[Access::Write]).unwrap_err().to_string();
    assert!(error.contains("broken (my_op)"), "{error}");
}

#[test]
fn a_value_larger_than_the_adapter_binds_is_refused_before_it_is_allocated() {
    let g = graph();
    let limit = g.gpu().adapter().max_binding;
    let elements = (limit / 4 + 1) as usize;
    match g.zeros([elements]) {
        Err(error) => assert!(error.to_string().contains("bytes at once"), "{error}"),
        // Adapters that bind 4 GiB accept everything that kernels can index.
        Ok(_) => assert!(limit >= u64::from(u32::MAX)),
    }
}

#[test]
fn hits_count_the_first_of_equals() {
    let g = graph();
    let logits = [[0.1, 0.9], [0.5, 0.5], [0.5, 0.5], [0.9, 0.1]].concat();
    let labels = g.tensor_u32([4], &[1, 0, 1, 1]).unwrap();
    let loss = g.tensor([4, 2], &logits).unwrap().cross_entropy(&labels, 0.0).unwrap();
    let losses = loss.losses.to_vec().unwrap();
    let expected: Vec<f32> = losses.iter().zip([1.0, 1.0, 0.0, 0.0]).flat_map(|(l, hit)| [*l, hit]).collect();
    assert_eq!(loss.scores.to_vec().unwrap(), expected);
    // Column sums, added to what was there.
    let total = g.tensor([2], &[10.0, 20.0]).unwrap();
    let sums = total.add_to_totals(&loss.scores).unwrap().to_vec().unwrap();
    approx::assert_relative_eq!(sums[0], 10.0 + losses.iter().sum::<f32>(), max_relative = 1e-6);
    assert_eq!(sums[1], 22.0);
}

#[test]
fn running_statistics_move_as_in_pytorch() {
    let g = graph();
    let ones = g.tensor([1], &[1.0]).unwrap();
    let x = g.tensor([4, 1], &[1.0, 2.0, 3.0, 6.0]).unwrap();
    let part = |value: f32| ([1].into(), vec![value]);
    let running = g.arena("running", &[part(10.0), part(1.0), part(5.0), part(7.0)]).unwrap();
    let norm = x.batch_norm(&ones, &ones, NormSettings::plain(1e-5)).unwrap();
    let update = |mean_part| {
        let moments = norm.moments.clone();
        running.update_running(&[RunningUpdate { moments, mean_part }], 0.1)
    };
    let updated = update(0).unwrap();
    let mut compiled = g.compile(&[&updated]).unwrap();
    compiled.run().unwrap();
    let part = |i: usize| running.parts[i].to_vec().unwrap()[0];
    // The batch has mean 3 and unbiased variance 14/3.
    approx::assert_relative_eq!(part(0), 0.9 * 10.0 + 0.1 * 3.0, max_relative = 1e-6);
    approx::assert_relative_eq!(part(1), 0.9 + 0.1 * 14.0 / 3.0, max_relative = 1e-6);
    assert_eq!([part(2), part(3)], [5.0, 7.0], "another layer's stay as they are");
    assert!(update(3).unwrap_err().to_string().contains("parts 3 and 4"));
}

#[test]
fn a_batch_is_gathered_in_order_and_normalised() {
    let g = graph();
    // Three images of 2x2, bytes 0 to 11.
    let words: Vec<u32> = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11_u8]].map(u32::from_le_bytes).to_vec();
    let data = DataSet { images: g.tensor_u32([3], &words).unwrap(), labels: g.tensor_u32([3], &[7, 8, 9]).unwrap() };
    let order = g.tensor_u32([4], &[2, 0, 1, 2]).unwrap();
    let place = g.tensor_u32([2], &[1, 0]).unwrap();
    let batch = Batch { order: &order, place: &place, size: 2, augment: None, mixing: None, streamed: false };
    let pixels = Pixels { height: 2, width: 2, channels: 1, mean: [0.5; 3], deviation: [0.25; 3] };
    let (x, labels) = data.gather(batch, pixels).unwrap();
    let expected: Vec<f32> = (0..8).map(|b| (b as f32 / 255.0 - 0.5) / 0.25).collect();
    for (value, expected) in x.to_vec().unwrap().iter().zip(&expected) {
        approx::assert_abs_diff_eq!(value, expected, epsilon = 1e-6);
    }
    assert_eq!(labels.to_vec_u32().unwrap(), [7, 8]);
    // Past the end the last image is repeated.
    place.write_u32(&[3, 0]).unwrap();
    let (_, labels) = data.gather(batch, pixels).unwrap();
    assert_eq!(labels.to_vec_u32().unwrap(), [9, 9]);
    let too_large = Pixels { height: 3, ..pixels };
    let error = data.gather(batch, too_large).unwrap_err().to_string();
    assert!(error.contains("3 images of 3x2x1 take 18 bytes, and there are 12"), "{error}");
}
