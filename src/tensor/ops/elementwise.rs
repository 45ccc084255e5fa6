//! Elementwise kernels: a WGSL expression, joined to `shaders/elementwise/{map,zip,zip_strided,zip3}.wgsl`.

use super::kernel;
use super::strides::{Walk, repeated};
use crate::gpu::params::elementwise::{map, strides, zip, zip3};
use crate::gpu::{Kernel, Source, find_shader, shader};
use crate::tensor::{Info, Inputs, Io, Launches, Op, Operand, Result, Shape};

/// `y[i] = f(x[i], c, d)` over `len` elements. The source is map.wgsl with f.
fn map_kernel(label: &'static str, source: Source, len: usize, [c, d]: [f32; 2]) -> Kernel {
    let width = width_of(len);
    let threads = len / width;
    kernel(label, source.choose("value", value_of(width)), threads)
        .params(map::Params { len: threads as u32, c, d })
        .flops(len as u64)
}

/// `y[i] = f(a[i], b[i], e[i], c, d)` over `len` elements. The source is zip3.wgsl with f.
fn zip3_kernel(label: &'static str, source: Source, len: usize, [c, d]: [f32; 2]) -> Kernel {
    let width = width_of(len);
    let threads = len / width;
    kernel(label, source.choose("value", value_of(width)), threads)
        .params(zip3::Params { len: threads as u32, c, d })
        .flops(len as u64)
}

/// `y[i] = f(a[i], b[i mod period], c, d)`, where `period` is the length of b. The source is zip.wgsl with f.
pub(super) fn zip_kernel(label: &'static str, source: Source, [a, b]: [&Shape; 2], [c, d]: [f32; 2]) -> Kernel {
    let len = a.len();
    let width = width_of(len).min(width_of(b.len()));
    kernel(label, source.choose("value", value_of(width)), len / width)
        .params(zip::Params { len: (len / width) as u32, period: (b.len() / width) as u32, c, d })
        .constant("BROADCAST", b.len() < len)
        .flops(len as u64)
}

/// `y = f(a, b, c, d)` over `len` elements, with a and b broadcast as `walk` says. The source is zip_strided.wgsl with f.
fn zip_strided_kernel(label: &'static str, source: Source, len: usize, walk: &Walk, [c, d]: [f32; 2]) -> Kernel {
    let threads = walk.threads(len);
    kernel(label, source, threads)
        .params(strides::Params { len: threads as u32, start: 0, c, d, axes: walk.params() })
        .constant("RANK", walk.rank())
        .flops(len as u64)
}

/// Elements that a thread processes at once.
fn width_of(len: usize) -> usize {
    if len.is_multiple_of(4) { 4 } else { 1 }
}

fn value_of(width: usize) -> &'static str {
    if width == 4 { "common/value_vec4.wgsl" } else { "common/value_f32.wgsl" }
}

/// `y = x` over `len` elements.
pub(in crate::tensor) fn copy_kernel(len: usize) -> Kernel {
    let source = shader!("elementwise/map.wgsl").choose("f", "elementwise/copy.wgsl");
    map_kernel("copy", source, len, [0.0; 2]).flops(0)
}

/// An expression over one, two or three tensors, element by element, without a gradient of its own. Two are broadcast as in
/// NumPy; three must have the same shape.
#[derive(Debug, Clone)]
pub(super) struct Elementwise {
    pub name: &'static str,
    /// Shown after its name, such as `gradient`.
    pub settings: &'static str,
    /// WGSL that computes an element of the output.
    pub expression: &'static str,
    /// The names of the inputs in the expression.
    pub inputs: Vec<&'static str>,
    /// The names of the constants in the expression, two at most.
    pub names: &'static [&'static str],
    pub constants: [f32; 2],
    /// Whether the expression is built in, and so may run without bounds checks.
    pub built_in: bool,
}

impl Elementwise {
    /// `kernel` with the function `f` that it calls (parameters in the order of `inputs`) and the functions that f calls.
    fn source(&self, kernel: Source, inputs: &[&str]) -> Source {
        let unused = &["unused_c", "unused_d"][self.names.len()..];
        let parameters: Vec<String> = inputs
            .iter()
            .map(|name| format!("{name}: Value"))
            .chain(self.names.iter().chain(unused).map(|name| format!("{name}: f32")))
            .collect();
        let files = ["common/relu.wgsl", "elementwise/functions.wgsl"];
        let imports = files
            .into_iter()
            .filter(|file| defines_what_is_named(file, self.expression))
            .map(|file| format!("#import {file}\n"));
        let text = format!(
            "{}fn f({}) -> Value {{\n    return {};\n}}\n",
            imports.collect::<String>(),
            parameters.join(", "),
            self.expression
        );
        if self.built_in { kernel.with("f", text) } else { kernel.join(Source::new("f", text)) }
    }

    /// Whether zip.wgsl can do it: the first input has the output's shape, and the second is broadcast over leading axes.
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
            // The same kernel with the inputs swapped.
            let source = self.source(zip(), &[b_name, a_name]);
            launches.dispatch(zip_kernel(self.name, source, [b, a], self.constants), &[y, x, to]);
        } else {
            let source = self.source(shader!("elementwise/zip_strided.wgsl"), &[a_name, b_name]);
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
        let kernel = match self.inputs.len() {
            1 => {
                let source = self.source(shader!("elementwise/map.wgsl"), &self.inputs);
                map_kernel(self.name, source, len, self.constants)
            }
            2 => return self.launch_two(io, launches),
            _ => {
                let source = self.source(shader!("elementwise/zip3.wgsl"), &self.inputs);
                zip3_kernel(self.name, source, len, self.constants)
            }
        };
        let mut operands: Vec<_> = (0..io.input_count()).map(|i| Operand::Input(i).read()).collect();
        operands.push(Operand::Output(0).write());
        launches.dispatch(kernel, &operands);
        Ok(())
    }

    fn settings(&self) -> String {
        self.settings.to_owned()
    }
}

/// Whether `text` contains `word` as a whole identifier.
pub(super) fn names(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
}

/// Whether `expression` names a function that the shader `file` defines.
fn defines_what_is_named(file: &str, expression: &str) -> bool {
    let text = find_shader(file).map_or("", |file| file.text);
    text.lines()
        .filter_map(|line| line.strip_prefix("fn ")?.split('(').next())
        .any(|function| names(expression, function))
}

/// The shape that all inputs broadcast to, as in NumPy.
///
/// # Errors
/// As [`broadcast_shapes`].
fn broadcast(inputs: &Inputs) -> Result<Shape> {
    let shapes: Vec<&Shape> = inputs.all().iter().map(|input| &input.shape).collect();
    broadcast_shapes(inputs, &shapes)
}

/// The shape that these broadcast to, as in NumPy: aligned at the last axis, sizes agree or are 1.
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
