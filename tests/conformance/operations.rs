//! WebNN's operations through selvedge's public API.

use selvedge::tensor::ops::{NormSettings, Pad, Padding, Unary};
use selvedge::tensor::{Graph, Result, Tensor};

use super::case::{Case, Given};
use super::reductions;

/// In bytes: `maxStorageBufferBindingSize` of WebGPU's default limits.
const LARGEST_BINDING: usize = 128 << 20;

/// The outcome of a case.
pub enum Outcome {
    Given(Vec<Tensor>),
    /// It cannot be expressed, for this reason.
    LeftOut(String),
}

/// The operations that are known to have cases.
pub const KNOWN: [&str; 40] = [
    "abs",
    "add",
    "batchNormalization",
    "clamp",
    "concat",
    "conv2d",
    "div",
    "exp",
    "expand",
    "gather",
    "layerNormalization",
    "leakyRelu",
    "linear",
    "log",
    "matmul",
    "max",
    "min",
    "mul",
    "neg",
    "pow",
    "reduceL1",
    "reduceL2",
    "reduceLogSum",
    "reduceLogSumExp",
    "reduceMax",
    "reduceMean",
    "reduceMin",
    "reduceProduct",
    "reduceSum",
    "reduceSumSquare",
    "relu",
    "reshape",
    "sigmoid",
    "slice",
    "softmax",
    "split",
    "sqrt",
    "sub",
    "tanh",
    "transpose",
];

pub fn run(case: &Case, graph: &Graph) -> Outcome {
    match reason_to_leave_out(case) {
        Some(reason) => Outcome::LeftOut(reason),
        None => Outcome::Given(outputs(case, graph).unwrap_or_else(|e| panic!("{}: {e}", case.name))),
    }
}

fn reason_to_leave_out(case: &Case) -> Option<String> {
    assert!(KNOWN.contains(&case.operation.as_str()), "{} is not known", case.operation);
    let is_index = |name: &String| case.text("indices") == Some(name.as_str());
    let values = || case.inputs.iter().filter(|(name, _)| !is_index(name));
    if let Some((_, other)) = values().find(|(_, given)| given.kind != "float32") {
        return Some(other.kind.clone());
    }
    if values().any(|(_, given)| 4 * given.data.len() > LARGEST_BINDING) {
        return Some("larger than WebGPU lets a kernel bind by default".to_owned());
    }
    let missing = case.inputs.values().chain(&case.expected).any(|given| given.has_holes)
        || case.arguments.values().any(serde_json::Value::is_null);
    if missing {
        return Some("with infinity or NaN, which the files lack".to_owned());
    }
    let dilated = case.sizes("dilations").is_some_and(|dilations| dilations.iter().any(|d| *d != 1));
    dilated.then(|| "dilation".to_owned())
}

fn outputs(case: &Case, graph: &Graph) -> Result<Vec<Tensor>> {
    let tensor = |given: &Given| graph.tensor(given.shape.clone(), &given.data);
    let operand = |name: &str| tensor(case.operand(name).expect("an operand"));
    let option = |name: &str| case.operand(name).map(tensor).transpose();
    if case.operation == "concat" {
        let names = case.arguments["inputs"].as_array().expect("a list of inputs").iter();
        let parts = names.map(|name| tensor(&case.inputs[name.as_str().expect("a name")]));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        let parts: Vec<&Tensor> = parts.iter().collect();
        return Ok(vec![Tensor::concat_along(&parts, case.size("axis").expect("an axis"))?]);
    }
    if case.arguments.contains_key("a") {
        let (a, b) = (operand("a")?, operand("b")?);
        return Ok(vec![of_two(&case.operation, &a, &b)?]);
    }
    let x = operand("input")?;
    Ok(vec![match case.operation.as_str() {
        "split" => return split(case, &x),
        "batchNormalization" => {
            let statistics = [operand("mean")?, operand("variance")?];
            batch_norm(case, &x, &statistics, [option("scale")?, option("bias")?])?
        }
        "layerNormalization" => layer_norm(case, &x, [option("scale")?, option("bias")?])?,
        "conv2d" => conv2d(case, &x, &operand("filter")?, option("bias")?)?,
        "gather" => gather(case, &x, case.operand("indices").expect("indices"))?,
        reduction if reduction.starts_with("reduce") => reductions::run(case, &x)?,
        _ => of_one(case, &x)?,
    }])
}

fn of_two(operation: &str, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    match operation {
        "add" => a.add(b),
        "sub" => a.sub(b),
        "mul" => a.mul(b),
        "div" => a.div(b),
        "max" => a.maximum(b),
        "min" => a.minimum(b),
        "pow" => a.pow(b),
        "matmul" => a.matmul(b),
        other => panic!("{other} has no two inputs"),
    }
}

fn of_one(case: &Case, x: &Tensor) -> Result<Tensor> {
    let number = |name: &str, default: f64| case.number(name).unwrap_or(default) as f32;
    match case.operation.as_str() {
        "abs" => x.abs(),
        "neg" => x.neg(),
        "exp" => x.exp(),
        "log" => x.log(),
        "sqrt" => x.sqrt(),
        "sigmoid" => x.sigmoid(),
        "tanh" => x.tanh(),
        "relu" => x.relu(),
        // Not the `leaky_relu` method, which is limited to slopes between 0 and 1.
        "leakyRelu" => Unary::LEAKY_RELU.apply(x, &[number("alpha", 0.01)]),
        "linear" => x.scale(number("alpha", 1.0))?.add_constant(number("beta", 0.0)),
        "clamp" => x.clamp(number("minValue", f64::NEG_INFINITY), number("maxValue", f64::INFINITY)),
        "expand" => x.broadcast_to(case.sizes("newShape").expect("a shape")),
        "reshape" => x.reshape(case.sizes("newShape").expect("a shape")),
        "transpose" => {
            let reversed = (0..x.shape().rank()).rev().collect();
            x.permute(&case.sizes("permutation").unwrap_or(reversed))
        }
        "slice" => slice(case, x),
        "softmax" => {
            let order = moved_to(x.shape().rank(), case.size("axis").expect("an axis"), x.shape().rank() - 1);
            x.permute(&order)?.softmax()?.permute(&inverse(&order))
        }
        other => panic!("{other} has not one input"),
    }
}

/// The order of axes that moves `axis` to position `to`.
fn moved_to(rank: usize, axis: usize, to: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rank).filter(|other| *other != axis).collect();
    order.insert(to, axis);
    order
}

fn inverse(order: &[usize]) -> Vec<usize> {
    (0..order.len()).map(|axis| order.iter().position(|from| *from == axis).expect("each axis")).collect()
}

fn slice(case: &Case, x: &Tensor) -> Result<Tensor> {
    let starts = case.sizes("starts").expect("starts");
    let sizes = case.sizes("sizes").expect("sizes");
    let strides = case.sizes("strides").unwrap_or_else(|| vec![1; starts.len()]);
    (0..starts.len())
        .try_fold(x.clone(), |x, axis| x.slice_step(axis, starts[axis], starts[axis] + sizes[axis], strides[axis]))
}

fn split(case: &Case, x: &Tensor) -> Result<Vec<Tensor>> {
    let axis = case.size("axis").unwrap_or(0);
    let sizes = case.sizes("splits").unwrap_or_else(|| {
        let count = case.size("splits").expect("a number of parts");
        vec![x.shape().axes()[axis] / count; count]
    });
    x.split(axis, &sizes)
}

/// Batch norm over any axis: it is moved to the end, where the channels are.
fn batch_norm(case: &Case, x: &Tensor, [mean, variance]: &[Tensor; 2], options: [Option<Tensor>; 2]) -> Result<Tensor> {
    let channels = mean.shape().len();
    let [gamma, beta] = options;
    let graph = x.graph();
    let gamma = gamma.map_or_else(|| graph.tensor([channels], &vec![1.0; channels]), Ok)?;
    let beta = beta.map_or_else(|| graph.zeros([channels]), Ok)?;
    let rank = x.shape().rank();
    let axis = case.size("axis").unwrap_or(1);
    let order = moved_to(rank, axis, rank - 1);
    let last = x.permute(&order)?;
    let rows = last.reshape([last.shape().rows(), channels])?;
    let settings = NormSettings::plain(case.number("epsilon").unwrap_or(1e-5) as f32);
    let y = rows.batch_norm_inference(&gamma, &beta, mean, variance, settings)?;
    y.reshape(last.shape())?.permute(&inverse(&order))
}

fn layer_norm(case: &Case, x: &Tensor, [scale, bias]: [Option<Tensor>; 2]) -> Result<Tensor> {
    let rank = x.shape().rank();
    let axes = case.sizes("axes").unwrap_or_else(|| (1..rank).collect());
    let centred = (x - &x.mean_axes(&axes, true)?)?;
    let variance = centred.square()?.mean_axes(&axes, true)?;
    let epsilon = case.number("epsilon").unwrap_or(1e-5) as f32;
    let mut y = (&centred * &(&variance + epsilon)?.rsqrt()?)?;
    // The axes of scale and bias are in the order in which `axes` names them.
    let mut order: Vec<usize> = (0..axes.len()).collect();
    order.sort_by_key(|i| axes[*i]);
    let placed = |option: Tensor| {
        let size = |axis: usize| {
            if axes.contains(&axis) { x.shape().axes()[axis] } else { 1 }
        };
        option.permute(&order)?.reshape((0..rank).map(size).collect::<Vec<_>>())
    };
    if let Some(scale) = scale {
        y = (&y * &placed(scale)?)?;
    }
    match bias {
        Some(bias) => &y + &placed(bias)?,
        None => Ok(y),
    }
}

/// NHWC and HWIO by permutation; groups by splitting the channels of input and filter.
fn conv2d(case: &Case, x: &Tensor, filter: &Tensor, bias: Option<Tensor>) -> Result<Tensor> {
    let is_nhwc = case.text("inputLayout") == Some("nhwc");
    let x = if is_nhwc { x.clone() } else { x.permute(&[0, 2, 3, 1])? };
    let filter = match case.text("filterLayout").unwrap_or("oihw") {
        "oihw" => filter.permute(&[2, 3, 1, 0])?,
        "ohwi" => filter.permute(&[1, 2, 3, 0])?,
        "ihwo" => filter.permute(&[1, 2, 0, 3])?,
        _ => filter.clone(),
    };
    let pads = case.sizes("padding").unwrap_or_else(|| vec![0; 4]);
    let padding = Padding::Explicit(Pad { top: pads[0], bottom: pads[1], left: pads[2], right: pads[3] });
    let strides = case.sizes("strides").unwrap_or_else(|| vec![1, 1]);
    let groups = case.size("groups").unwrap_or(1);
    let parts = |x: &Tensor| x.split(x.shape().rank() - 1, &vec![x.shape().last() / groups; groups]);
    let biases = bias.map_or_else(|| Ok(vec![]), |bias| parts(&bias))?;
    let filters = parts(&filter)?;
    let convolved = parts(&x)?.into_iter().enumerate().map(|(i, x)| {
        let stride = [strides[0], strides[1]];
        x.conv2d(&filters[i], biases.get(i), stride, padding, false)
    });
    let convolved = convolved.collect::<Result<Vec<_>>>()?;
    let y = Tensor::concat(&convolved.iter().collect::<Vec<_>>())?;
    if is_nhwc { Ok(y) } else { y.permute(&[0, 3, 1, 2]) }
}

/// Gathers rows of a table: the axis is moved to the front, and the result is moved back. Indices below 0 count from the end, and
/// those out of range are clamped, as WebNN requires.
fn gather(case: &Case, x: &Tensor, indices: &Given) -> Result<Tensor> {
    let axis = case.size("axis").unwrap_or(0);
    let shape = x.shape();
    let size = shape.axes()[axis] as f32;
    let place = |i: &f32| if *i < 0.0 { i + size } else { *i }.clamp(0.0, size - 1.0) as u32;
    let order: Vec<u32> = indices.data.iter().map(place).collect();
    let front = x.permute(&moved_to(shape.rank(), axis, 0))?;
    let graph = x.graph();
    let order_tensor = graph.tensor_u32([order.len()], &order)?;
    let rows = front.gather_rows(&order_tensor, &graph.tensor_u32([2], &[0, 0])?, order.len())?;
    let output = [&shape.axes()[..axis], &indices.shape, &shape.axes()[axis + 1..]].concat();
    rows.permute(&moved_to(shape.rank(), 0, axis))?.reshape(output)
}
