//! A custom op, outside the crate: Swish, `y = x / (1 + exp(-x))`, checked by `gradcheck` like the built-in ones.
//!
//! It is written twice: as an implementation of `Op` with its own kernels, which works for any op, and as a row of a table, which
//! is enough for a pointwise op.
//!
//! cargo run --release --example custom_op
use selvedge::gpu::{Gpu, GpuOptions, Kernel, Source};
use selvedge::gradcheck::{self, Array, Tolerance, gradcheck};
use selvedge::tensor::ops::Unary;
use selvedge::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

/// Binding 0 is the params struct; 1, 2, ... are the operands in the order of the dispatch. Each thread computes one element;
/// `linear_workgroup` finds which, however many there are.
const FORWARD: &str = "
#import common/grid.wgsl
@group(0) @binding(0) var<uniform> len: vec4<u32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * 64u + local;
    if (i < len.x) {
        y[i] = x[i] / (1.0 + exp(-x[i]));
    }
}";

/// dy/dx = s + x s (1 - s), with s = 1 / (1 + exp(-x)).
const BACKWARD: &str = "
#import common/grid.wgsl
@group(0) @binding(0) var<uniform> len: vec4<u32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;
@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * 64u + local;
    if (i < len.x) {
        let s = 1.0 / (1.0 + exp(-x[i]));
        dx[i] = dy[i] * (s + x[i] * s * (1.0 - s));
    }
}";

#[derive(Debug)]
struct Swish;

#[derive(Debug)]
struct SwishGrad;

impl Op for Swish {
    fn name(&self) -> &'static str {
        "swish"
    }
    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }
    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let len = io.input(0).len();
        let kernel = Kernel::new("swish", Source::new("swish", FORWARD))
            .params([len as u32, 0, 0, 0])
            .threads(len as u64, 64)
            .flops(4 * len as u64);
        launches.dispatch(kernel, &[Operand::Input(0).read(), Operand::Output(0).write()]);
        Ok(())
    }
    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let dx = Tensor::apply_one(SwishGrad, &[node.input(0), node.gradient(0)?])?;
        Ok(vec![Some(dx)])
    }
}

impl Op for SwishGrad {
    fn name(&self) -> &'static str {
        "swish_grad"
    }
    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }
    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let len = io.input(0).len();
        let kernel = Kernel::new("swish_grad", Source::new("swish_grad", BACKWARD))
            .params([len as u32, 0, 0, 0])
            .threads(len as u64, 64);
        let operands = [Operand::Input(0).read(), Operand::Input(1).read(), Operand::Output(0).write()];
        launches.dispatch(kernel, &operands);
        Ok(())
    }
}

/// The same op as a row. `sigmoid` is one of the functions that rows may call.
const SWISH: Unary = Unary {
    name: "swish",
    about: "Swish, x / (1 + exp(-beta x)).",
    constants: &["beta"],
    f: "x * sigmoid(beta * x)",
    gradient: "dy * sigmoid(beta * x) * (1.0 + beta * x * sigmoid(-beta * x))",
    reference: |x, constants| x / (1.0 + (-constants[0] * x).exp()),
    domain: [-4.0, 4.0],
    kinks: &[],
    tried: &[&[1.0], &[0.5]],
};

fn main() -> Result<()> {
    let gpu = Gpu::open(&GpuOptions::from_env()?)?;
    let report = gradcheck(
        &gpu,
        &[Array::random([3, 17], -4.0, 4.0, 1)],
        Tolerance::default(),
        |x| Tensor::apply_one(Swish, &[&x[0]]),
        |x| x[0].data.iter().map(|x| x / (1.0 + (-x).exp())).collect(),
    )?;
    println!("as an op: {report}");
    assert!(report.passed());

    let report = gradcheck::unary(&gpu, &SWISH, [3, 17])?;
    println!("as a row: {report}");
    assert!(report.passed());
    Ok(())
}
