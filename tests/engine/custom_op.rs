//! What ops outside the crate can use: folded launches, imports, and shaders without bounds checks.

use crate::common::gpu;
use selvedge::gpu::{Gpu, GpuOptions, Kernel, Source};
use selvedge::tensor::{Backward, Graph, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

const PLUS_ONE: &str = "
#import common/grid.wgsl
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let i = linear_workgroup(group, groups) * 64u + local;
    if (i < arrayLength(&y)) {
        y[i] = x[i] + 1.0;
    }
}";

/// Correct only up to 65,535 workgroups.
const ONE_DIMENSION: &str = "
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x < arrayLength(&y)) {
        y[id.x] = x[id.x] + 1.0;
    }
}";

/// More elements than 65,535 workgroups of 64 threads have, and not a multiple of 64.
const MANY: usize = 5_000_001;

#[derive(Debug)]
struct PlusOne(Source);

impl Op for PlusOne {
    fn name(&self) -> &'static str {
        "plus_one"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let kernel = Kernel::new("plus_one", self.0.clone()).threads(io.input(0).len() as u64, 64);
        launches.dispatch(kernel, &[Operand::Input(0).read(), Operand::Output(0).write()]);
        Ok(())
    }
}

fn plus_one(graph: &Graph, source: Source, len: usize) -> Result<Vec<f32>> {
    let x: Vec<f32> = (0..len).map(|i| i as f32).collect();
    let x = graph.tensor([len], &x)?;
    Tensor::apply_one(PlusOne(source), &[&x])?.to_vec()
}

fn is_right(y: &[f32]) -> bool {
    y.iter().enumerate().all(|(i, y)| *y == i as f32 + 1.0)
}

#[test]
fn a_folded_launch_reaches_every_element() {
    let graph = Graph::new(&gpu());
    for len in [1, 100, MANY] {
        let y = plus_one(&graph, Source::new("plus_one", PLUS_ONE), len).unwrap();
        assert_eq!(y.len(), len);
        assert!(is_right(&y), "{len}");
    }
}

#[test]
fn a_shader_that_would_miss_elements_of_a_folded_launch_is_refused() {
    let graph = Graph::new(&gpu());
    let source = || Source::new("one_dimension", ONE_DIMENSION);
    let most = 65_535 * 64;
    assert!(is_right(&plus_one(&graph, source(), most).unwrap()));
    let error = plus_one(&graph, source(), most + 1).unwrap_err().to_string();
    assert!(error.contains("plus_one") && error.contains("common/grid.wgsl"), "{error}");
}

#[test]
fn a_shader_may_do_without_bounds_checks_when_its_author_vouches_for_it() {
    let options = GpuOptions { checked: Some(false), ..GpuOptions::from_env().unwrap() };
    let graph = Graph::new(&Gpu::open(&options).unwrap());
    // SAFETY: both indices are below the length of y, and x is as long; there is no loop, no division and no workgroup memory.
    let source = unsafe { Source::trusted("plus_one", PLUS_ONE) };
    assert!(is_right(&plus_one(&graph, source, 1000).unwrap()));
    // The same text without that promise gets a separate pipeline.
    let made = graph.gpu().created().pipelines;
    assert!(is_right(&plus_one(&graph, Source::new("plus_one", PLUS_ONE), 1000).unwrap()));
    assert_eq!(graph.gpu().created().pipelines, made + 1);
}

#[test]
fn a_wrong_import_is_an_error_of_the_call_that_runs_it() {
    let graph = Graph::new(&gpu());
    let error = plus_one(&graph, Source::new("mine", "#import common/gird.wgsl"), 4).unwrap_err().to_string();
    assert!(error.contains("mine") && error.contains("common/gird.wgsl"), "{error}");
}

/// A sum of all elements whose gradient was forgotten to be repeated to the input's shape.
#[derive(Debug)]
struct Total;

impl Op for Total {
    fn name(&self) -> &'static str {
        "total"
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![Info::f32([1])])
    }

    fn launch(&self, _: &Io, _: &mut Launches) -> Result<()> {
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(node.gradient(0)?.clone())])
    }
}

#[test]
fn a_gradient_of_another_shape_is_refused_by_name() {
    let graph = Graph::new(&gpu());
    let x = graph.zeros([2, 3]).unwrap();
    let total = Tensor::apply_one(Total, &[&x]).unwrap();
    let error = total.backward(&[&x]).unwrap_err().to_string();
    assert!(
        error.contains("total") && error.contains("gradient of input 0 has shape [1] instead of [2, 3]"),
        "{error}"
    );
}
