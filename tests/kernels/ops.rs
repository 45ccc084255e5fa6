//! Kernels of every op, in every variant of the matrix product.

use selvedge::gpu::Kernel;
use selvedge::optim::{Group, Optimiser, Rule};
use selvedge::tensor::ops::{
    Augment, Batch, Binary, DataSet, Flip, MIXING, NormSettings, Padding, Pixels, RunningUpdate, Unary, Window,
};
use selvedge::tensor::{Graph, Result, Shape, Tensor};

/// The kernels of a graph that uses every op, forward and backward, with sizes that reach every variant of the matrix product.
pub fn kernels_of_every_op(graph: &Graph) -> Result<Vec<Kernel>> {
    let zeros = |shape: &[usize]| graph.zeros(shape);
    let seed_step_row = graph.tensor_u32([3], &[0, 0, 0])?;
    let labels = graph.tensor_u32([2], &[0, 1])?;
    let mut outputs: Vec<Tensor> = Vec::new();

    outputs.extend(products(graph)?);
    outputs.extend(rows_of_the_table(graph)?);
    outputs.extend(ops_on_axes(graph)?);

    let x = zeros(&[2, 6, 6, 4])?;
    let ones = zeros(&[4])?;
    let plain = NormSettings::plain(1e-5);
    let beside = NormSettings { relu_before: true, relu_after: true, pool: [2, 2], ..plain };
    let norm = x.batch_norm(&ones, &ones, plain)?;
    let statistics = graph.arena("running", &[([4].into(), vec![0.0; 4]), ([4].into(), vec![1.0; 4])])?;
    let [mean, variance] = [&statistics.parts[0], &statistics.parts[1]];
    let frozen = x.batch_norm_inference(&ones, &ones, mean, variance, plain)?;
    let moments = norm.moments.clone();
    outputs.push(statistics.update_running(&[RunningUpdate { moments, mean_part: 0 }], 0.1)?);
    for channels in [4, 3] {
        let (x, ones) = (zeros(&[2, 6, 6, channels])?, zeros(&[channels])?);
        let pooled = x.batch_norm(&ones, &ones, beside)?.y;
        let given = zeros(&[channels])?;
        let frozen = x.batch_norm_inference(&ones, &ones, &given, &given, beside)?;
        outputs.extend(pooled.add(&frozen)?.sum()?.backward(&[&x, &ones])?);
        let residual = zeros(&[2, 6, 6, channels])?;
        let block = x.batch_norm_residual(&ones, &ones, &residual, NormSettings { pool: [1, 1], ..beside })?.y;
        outputs.extend(block.sum()?.backward(&[&x, &ones, &residual])?);
    }
    let window = Window::new([3, 3], [2, 2], Padding::Same);
    let pooled = [norm.y.max_pool(window)?, frozen.avg_pool(window, true)?, frozen.avg_pool(window, false)?];
    let joined = Tensor::concat(&[&pooled[0], &pooled[1], &pooled[2]])?;
    let features = joined.resize_bilinear([5, 5])?.leaky_relu(0.3)?.global_avg_pool()?;
    let (w, bias) = (zeros(&[12, 12])?, zeros(&[12])?);
    let features = features.linear_dropout(&w, &bias, 0.5, &seed_step_row, 2)?;
    let dropped = features.dropout(0.5, &seed_step_row, 1)?.mul(&features)?.mul(&zeros(&[12])?)?;
    let logits = dropped.add(&zeros(&[12])?)?.scale(2.0)?;
    let entropy = logits.cross_entropy(&labels, 0.1)?;
    let loss = entropy.losses.sum()?.add(&losses(&logits)?)?;
    outputs.extend(loss.backward(&[&x])?);
    outputs.push(loss.clone());
    outputs.push(zeros(&[2])?.add_to_totals(&entropy.scores)?);
    // A large GPU gives each long row a workgroup.
    let long = zeros(&[2, 100])?;
    outputs.extend(losses(&long)?.add(&long.max_axes(&[1], false)?.sum()?)?.backward(&[&long])?);

    let parameters: Vec<(Shape, Vec<f32>)> = vec![([4].into(), vec![0.0; 4]), ([4].into(), vec![0.0; 4])];
    let arena = graph.arena("parameters", &parameters)?;
    for rule in [Rule::SGD, Rule::ADAM, Rule::MUON] {
        let groups = [Some(Group::PLAIN), None];
        // Both parts have the same gradient, so that it has to be copied.
        let gradient = &loss.backward(&[&ones])?[0];
        let optimiser = Optimiser::with_groups(graph, &arena, rule, &groups)?;
        let updated = optimiser.record_clipped(&arena, &[gradient.clone(), gradient.clone()], Some(1.0))?;
        let average = graph.zeros(arena.flat.shape())?;
        outputs.push(average.average(&updated, &zeros(&[1])?)?);
        outputs.push(updated);
    }

    outputs.extend(ops_on_data(graph)?);
    let outputs: Vec<&Tensor> = outputs.iter().collect();
    let mut compiled = graph.compile(&outputs)?;
    Ok(compiled.program().kernels().cloned().collect())
}

/// Dense layers and convolutions.
fn products(graph: &Graph) -> Result<Vec<Tensor>> {
    let zeros = |shape: &[usize]| graph.zeros(shape);
    let mut outputs = Vec::new();
    // Numbers of channels that are multiples of 4 or not, narrow and wide, with and without bias.
    for [in_c, out_c] in [[3, 5], [4, 68], [8, 64], [3, 64], [8, 10]] {
        let (x, w, bias) = (zeros(&[2, 6, 6, in_c])?, zeros(&[3, 3, in_c, out_c])?, zeros(&[out_c])?);
        let plain = x.conv2d(&w, None, [2, 1], Padding::Same, false)?;
        let fused = x.conv2d(&w, Some(&bias), [2, 1], Padding::Same, true)?;
        let loss = plain.add(&fused)?.sum()?;
        outputs.extend(loss.backward(&[&x, &w, &bias])?);

        let (x, w) = (zeros(&[6, in_c])?, zeros(&[in_c, out_c])?);
        let loss = x.linear(&w, &bias, true)?.add(&x.matmul(&w)?)?.sum()?;
        outputs.extend(loss.backward(&[&x, &w])?);
    }

    // A small weight and a large image: the sum is split.
    let (x, w, bias) = (zeros(&[4, 12, 12, 3])?, zeros(&[3, 3, 3, 5])?, zeros(&[5])?);
    let y = x.conv2d(&w, Some(&bias), [1, 1], Padding::Same, false)?;
    outputs.extend(y.sum()?.backward(&[&w, &bias])?);

    // So many channels and tiles that a driver on the processor computes them by Winograd's algorithm.
    let (x, w, bias) = (zeros(&[16, 8, 8, 32])?, zeros(&[3, 3, 32, 36])?, zeros(&[36])?);
    let plain = x.conv2d(&w, None, [1, 1], Padding::Same, false)?;
    let fused = x.conv2d(&w, Some(&bias), [1, 1], Padding::Same, true)?;
    outputs.extend(plain.add(&fused)?.sum()?.backward(&[&x, &w, &bias])?);
    Ok(outputs)
}

/// Batches from a data set.
fn ops_on_data(graph: &Graph) -> Result<Vec<Tensor>> {
    let mut outputs = Vec::new();
    let words = graph.tensor_u32([4], &[0; 4])?;
    let place = graph.tensor_u32([2], &[0, 0])?;
    let mixing = graph.zeros([MIXING])?;
    let pixels = Pixels { height: 2, width: 2, channels: 1, mean: [0.0; 3], deviation: [1.0; 3] };
    let data = DataSet { images: words.clone(), labels: words.clone() };
    let augment = Augment { flip: Flip::Random, ..Augment::NONE };
    for (augment, mixing) in [(None, None), (Some((&augment, 1)), None), (Some((&augment, 1)), Some(&mixing))] {
        let batch = Batch { order: &words, place: &place, size: 2, augment, mixing, streamed: false };
        outputs.push(data.gather(batch, pixels)?.0);
    }
    outputs.push(graph.zeros([4, 3])?.gather_rows(&words, &place, 2)?);
    Ok(outputs)
}

/// Every pointwise op, forward and backward: four numbers and one at a time, and with both inputs repeated.
fn rows_of_the_table(graph: &Graph) -> Result<Vec<Tensor>> {
    let mut outputs = Vec::new();
    for len in [8, 7] {
        for row in Unary::ALL {
            let x = graph.zeros([len])?;
            let y = row.apply(&x, row.tried[0])?;
            outputs.extend(y.sum()?.backward(&[&x])?);
            outputs.push(y);
        }
        for row in Binary::ALL {
            for [a, b] in [[&[len][..], &[len]], [&[2, len], &[len]], [&[len], &[2, len]], [&[3, 1], &[len]]] {
                let (a, b) = (graph.zeros(a)?, graph.zeros(b)?);
                let y = row.apply(&a, &b)?;
                outputs.extend(y.sum()?.backward(&[&a, &b])?);
                outputs.push(y);
            }
        }
    }
    Ok(outputs)
}

/// The sum of everything that is computed by rows, for two rows of logits.
fn losses(logits: &Tensor) -> Result<Tensor> {
    let graph = logits.graph();
    let labels = graph.tensor_u32([2], &[0; 2])?;
    let pairs = graph.tensor_u32([2, 2], &[0; 4])?;
    let mixed = logits.cross_entropy_mixed(&pairs, &graph.zeros([MIXING])?, 0.1)?;
    let entropy = logits.cross_entropy(&labels, 0.1)?.losses.add(&mixed.losses)?;
    entropy.sum()?.add(&logits.softmax()?.add(&logits.log_softmax()?)?.sum()?)
}

/// The expression of every kernel of the table. A gradient that is dy itself has no kernel.
pub fn expressions_of_the_table() -> impl Iterator<Item = String> {
    let unary = Unary::ALL.iter().flat_map(|row| [row.f, row.gradient]);
    let binary = Binary::ALL.iter().flat_map(|row| [row.f, row.gradients[0], row.gradients[1]]);
    unary.chain(binary).filter(|text| *text != "dy").map(|text| format!("return {text};"))
}

/// Every op that reduces or moves along axes, forward and backward.
fn ops_on_axes(graph: &Graph) -> Result<Vec<Tensor>> {
    let mut outputs = Vec::new();
    let x = graph.zeros([2, 3, 4, 5])?;
    for y in [
        x.sum_axes(&[0, 2], false)?,
        x.max_axes(&[1, 3], true)?,
        x.min_axes(&[0], true)?,
        x.permute(&[3, 1, 0, 2])?,
        x.transpose()?,
        x.slice_step(2, 1, 4, 2)?,
        Tensor::stack(&[&x, &x], 2)?,
        x.split(1, &[1, 2])?.remove(0),
        x.broadcast_to([2, 2, 3, 4, 5])?,
    ] {
        outputs.extend(y.sum()?.backward(&[&x])?);
        outputs.push(y);
    }
    Ok(outputs)
}
