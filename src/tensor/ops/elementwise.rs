//! Kernels that go over elements: an expression in WGSL, joined to `shaders/elementwise/{map,zip,zip_strided,zip3}.wgsl`.

use bytemuck::{Pod, Zeroable};

use super::kernel;
use super::strides::{MOST_AXES, Walk, repeated};
use crate::gpu::{Kernel, Source, shader};
use crate::tensor::{Info, Inputs, Io, Launches, Op, Operand, Result, Shape};

/// Of `map.wgsl` and `zip3.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct MapParams {
    len: u32,
    constants: [f32; 2],
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct ZipParams {
    len: u32,
    period: u32,
    constants: [f32; 2],
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct StridedParams {
    len: u32,
    constants: [f32; 2],
    /// WGSL aligns what follows to 16 bytes.
    unused: u32,
    axes: [[u32; 4]; MOST_AXES],
}

/// `y[i] = f(x[i], c, d)` over `len` elements; or of the three inputs of zip3.wgsl. The source is that file with f.
fn map_kernel(label: &'static str, source: Source, len: usize, constants: [f32; 2]) -> Kernel {
    let width = width_of(len);
    kernel(label, source.with("value", value_of(width)), len / width)
        .params(MapParams {
            len: (len / width) as u32,
            constants,
        })
        .flops(len as u64)
}

/// `y[i] = f(a[i], b[i mod period], c, d)`, where `period` is the length of b. The source is zip.wgsl with f.
pub(super) fn zip_kernel(label: &'static str, source: Source, [a, b]: [&Shape; 2], constants: [f32; 2]) -> Kernel {
    let len = a.len();
    let width = width_of(len).min(width_of(b.len()));
    kernel(label, source.with("value", value_of(width)), len / width)
        .params(ZipParams {
            len: (len / width) as u32,
            period: (b.len() / width) as u32,
            constants,
        })
        .constant("BROADCAST", b.len() < len)
        .flops(len as u64)
}

/// `y = f(a, b, c, d)` over `len` elements, with a and b repeated as `walk` says. The source is zip_strided.wgsl with f.
fn zip_strided_kernel(label: &'static str, source: Source, len: usize, walk: &Walk, constants: [f32; 2]) -> Kernel {
    let threads = walk.threads(len);
    kernel(label, source, threads)
        .params(StridedParams {
            len: threads as u32,
            constants,
            unused: 0,
            axes: walk.params(),
        })
        .constant("RANK", walk.rank())
        .flops(len as u64)
}

/// Elements that a thread takes at once.
fn width_of(len: usize) -> usize {
    if len.is_multiple_of(4) { 4 } else { 1 }
}

fn value_of(width: usize) -> &'static str {
    if width == 4 {
        "alias Value = vec4<f32>;\n"
    } else {
        "alias Value = f32;\n"
    }
}

/// `y = x` over `len` elements.
pub(in crate::tensor) fn copy_kernel(len: usize) -> Kernel {
    let source = shader!("elementwise/map.wgsl").join(shader!("elementwise/copy.wgsl"));
    map_kernel("copy", source, len, [0.0; 2]).flops(0)
}

/// An expression over one, two or three tensors, element by element, without a gradient of its own. Two are repeated as NumPy
/// does it; three must have one shape.
#[derive(Debug, Clone)]
pub(super) struct Elementwise {
    pub name: &'static str,
    /// What it is beside its name, such as the gradient.
    pub settings: &'static str,
    /// WGSL of an element of the output.
    pub expression: &'static str,
    /// What the expression calls the inputs.
    pub inputs: Vec<&'static str>,
    /// What the expression calls its constants, two at most.
    pub names: &'static [&'static str],
    pub constants: [f32; 2],
    /// Whether the expression is this crate's own, which may run without bounds checks.
    pub built_in: bool,
}

impl Elementwise {
    /// `kernel` with the function `f` that it calls, whose inputs are in the order `inputs`, and with what f itself calls.
    fn source(&self, kernel: Source, inputs: &[&str]) -> Source {
        let unused = &["unused_c", "unused_d"][self.names.len()..];
        let parameters: Vec<String> = inputs
            .iter()
            .map(|name| format!("{name}: Value"))
            .chain(self.names.iter().chain(unused).map(|name| format!("{name}: f32")))
            .collect();
        let text = format!(
            "fn f({}) -> Value {{\n    return {};\n}}\n",
            parameters.join(", "),
            self.expression
        );
        let source = [shader!("common/relu.wgsl"), shader!("elementwise/functions.wgsl")]
            .into_iter()
            .filter(|file| defines_what_is_named(file, self.expression))
            .fold(kernel, Source::join);
        if self.built_in {
            source.with(self.name, text)
        } else {
            source.join(Source::new(self.name, text))
        }
    }

    /// Whether zip.wgsl can do it: the first input has the output's shape, and the second is repeated over leading axes.
    fn is_periodic(a: &Shape, b: &Shape, output: &Shape) -> bool {
        a == output && (a.axes().ends_with(b.axes()) || b.len() == 1)
    }

    fn walk(&self, a: &Shape, b: &Shape, output: &Shape) -> Result<Walk> {
        Walk::new(self.name, output, [&repeated(a, output), &repeated(b, output)])
    }

    fn launch_two(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let (a, b, output) = (io.input(0), io.input(1), io.output(0));
        let [a_name, b_name] = [self.inputs[0], self.inputs[1]];
        let [x, y] = [Operand::Input(0).read(), Operand::Input(1).read()];
        let to = Operand::Output(0).write();
        let zip = || shader!("elementwise/zip.wgsl");
        if Self::is_periodic(a, b, output) {
            let source = self.source(zip(), &[a_name, b_name]);
            launches.dispatch(zip_kernel(self.name, source, [a, b], self.constants), &[x, y, to]);
        } else if Self::is_periodic(b, a, output) {
            // The same kernel with the inputs exchanged.
            let source = self.source(zip(), &[b_name, a_name]);
            launches.dispatch(zip_kernel(self.name, source, [b, a], self.constants), &[y, x, to]);
        } else {
            let strided = shader!("elementwise/strides.wgsl").join(shader!("elementwise/zip_strided.wgsl"));
            let source = self.source(strided, &[a_name, b_name]);
            let walk = self.walk(a, b, output)?;
            let kernel = zip_strided_kernel(self.name, source, output.len(), &walk, self.constants);
            launches.dispatch(kernel, &[x, y, to]);
        }
        Ok(())
    }
}

impl Op for Elementwise {
    fn name(&self) -> &'static str {
        self.name
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let output = broadcast(inputs)?;
        if let [a, b] = inputs.all() {
            let (a, b) = (&a.shape, &b.shape);
            if !Self::is_periodic(a, b, &output) && !Self::is_periodic(b, a, &output) {
                self.walk(a, b, &output)?;
            }
        }
        if inputs.all().len() == 3 && inputs.all().iter().any(|input| input.shape != output) {
            return Err(inputs.mismatch("three inputs must have one shape"));
        }
        Ok(vec![Info::f32(output)])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let len = io.output(0).len();
        let file = match self.inputs.len() {
            1 => shader!("elementwise/map.wgsl"),
            2 => return self.launch_two(io, launches),
            _ => shader!("elementwise/zip3.wgsl"),
        };
        let kernel = map_kernel(self.name, self.source(file, &self.inputs), len, self.constants);
        let mut operands: Vec<_> = (0..io.input_count()).map(|i| Operand::Input(i).read()).collect();
        operands.push(Operand::Output(0).write());
        launches.dispatch(kernel, &operands);
        Ok(())
    }

    fn settings(&self) -> String {
        self.settings.to_owned()
    }
}

/// Whether `word` stands in `text` as a name of its own.
pub(super) fn names(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|part| part == word)
}

/// Whether `expression` names one of the functions of `file`.
fn defines_what_is_named(file: &Source, expression: &str) -> bool {
    let text = file.text();
    text.lines()
        .filter_map(|line| line.strip_prefix("fn ")?.split('(').next())
        .any(|function| names(expression, function))
}

/// NumPy's shape of all inputs together.
///
/// # Errors
/// As [`broadcast_shapes`].
fn broadcast(inputs: &Inputs) -> Result<Shape> {
    let shapes: Vec<&Shape> = inputs.all().iter().map(|input| &input.shape).collect();
    broadcast_shapes(inputs, &shapes)
}

/// NumPy's shape of these together: aligned at the last axis, sizes agree or are 1.
///
/// # Errors
/// A shape error of `inputs` that names the sizes.
pub(super) fn broadcast_shapes(inputs: &Inputs, shapes: &[&Shape]) -> Result<Shape> {
    let rank = shapes.iter().map(|shape| shape.rank()).max().unwrap_or(0);
    let mut output = vec![1; rank];
    for shape in shapes {
        let missing = rank - shape.rank();
        for (i, size) in shape.axes().iter().enumerate() {
            let axis = &mut output[missing + i];
            match (*axis, *size) {
                (known, size) if known == size || size == 1 => {}
                (1, size) => *axis = size,
                (known, size) => {
                    return Err(inputs.mismatch(format!(
                        "the shapes do not go together: an axis of {known} meets one of {size}, and only an axis of 1 is repeated"
                    )));
                }
            }
        }
    }
    Ok(output.into())
}
