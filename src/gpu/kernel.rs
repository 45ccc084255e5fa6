//! One dispatch, described before any buffer is known.

use super::Source;

/// What a kernel does with a bound buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// `var<storage, read>`
    Read,
    /// `var<storage, read_write>`
    Write,
}

/// A dispatch without its buffers: which shader, specialised how, over how much work.
///
/// Every kernel has one bind group: binding 0 is the uniform [`params`](Kernel::params) (if there are any),
/// bindings 1, 2, ... are storage buffers in the order in which the op binds them.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// Name in lists and errors.
    pub label: &'static str,
    /// The shader.
    pub source: Source,
    /// The shader's entry point.
    pub entry: &'static str,
    /// Values of the shader's `override` constants.
    pub constants: Vec<(&'static str, f64)>,
    /// Bytes of the uniform struct at binding 0; empty when the shader has none.
    pub params: Vec<u8>,
    /// Workgroups along x, y and z.
    pub workgroups: [u32; 3],
    /// Whether they are one dimension folded into two, which the shader must undo.
    pub(super) folded: bool,
    /// Floating-point operations of the whole dispatch; a fused multiply-add counts two.
    pub flops: u64,
    /// Those that the device carries out, which are more where tiles reach beyond the edges of a result.
    pub executed: u64,
}

impl Kernel {
    /// A kernel of one workgroup without params or constants.
    pub fn new(label: &'static str, source: Source) -> Self {
        Self {
            label,
            source,
            entry: "main",
            constants: Vec::new(),
            params: Vec::new(),
            workgroups: [1, 1, 1],
            folded: false,
            flops: 0,
            executed: 0,
        }
    }

    /// Sets the uniform struct: a `#[repr(C)]` struct with the fields of the shader's `Params`, in its order and with WGSL's
    /// padding. Those of `shaders/` are generated from the WGSL by the build script.
    pub fn params<T: bytemuck::Pod>(mut self, params: T) -> Self {
        self.params = bytemuck::bytes_of(&params).to_vec();
        // WebGPU wants a uniform binding's size to be a multiple of 16.
        self.params.resize(self.params.len().next_multiple_of(16), 0);
        self
    }

    /// Sets another entry point than `main`.
    pub fn entry(mut self, name: &'static str) -> Self {
        self.entry = name;
        self
    }

    /// Sets one `override` constant.
    pub fn constant(mut self, name: &'static str, value: impl Into<f64>) -> Self {
        self.constants.push((name, value.into()));
        self
    }

    /// A text of it with every `override` constant as a `const` of its value.
    pub(super) fn with_constants(&self, text: &str) -> String {
        let line_of = |line: &str| -> Option<String> {
            let (name, rest) = line.strip_prefix("override ")?.split_once(": ")?;
            let (declared, comment) = rest.split_once(';')?;
            let (kind, usual) = declared.split_once(" = ").unwrap_or((declared, ""));
            let given = self.constants.iter().find(|(constant, _)| *constant == name).map(|(_, value)| *value);
            let value = given.map_or_else(|| usual.to_owned(), |value| literal(kind, value));
            Some(format!("const {name}: {kind} = {value};{comment}"))
        };
        let lines = text.lines().map(|line| line_of(line).unwrap_or_else(|| line.to_owned()) + "\n");
        lines.collect()
    }

    /// Sets enough workgroups of `size` threads for `threads` threads, folded into two dimensions when there are many.
    ///
    /// Folded or not, a shader finds the number of its thread with `linear_workgroup` of `common/grid.wgsl`, and must check
    /// that the number is in range:
    ///
    /// ```text
    /// #import common/grid.wgsl
    /// @compute @workgroup_size(64)
    /// fn main(
    ///     @builtin(workgroup_id) group: vec3<u32>,
    ///     @builtin(num_workgroups) groups: vec3<u32>,
    ///     @builtin(local_invocation_index) local: u32,
    /// ) {
    ///     let i = linear_workgroup(group, groups) * 64u + local;
    ///     if (i < arrayLength(&y)) { .. }
    /// ```
    ///
    /// A shader that uses `global_invocation_id.x` instead misses everything beyond 65,535 workgroups, so a folded launch is
    /// refused if the shader does not use `num_workgroups`.
    pub fn threads(self, threads: u64, size: u32) -> Self {
        self.workgroups(threads.div_ceil(u64::from(size)))
    }

    /// Sets `count` workgroups, folded into two dimensions when there are many, which may add a few.
    pub fn workgroups(mut self, count: u64) -> Self {
        self.workgroups = fold_workgroups(count);
        self.folded = self.workgroups[1] > 1;
        self
    }

    /// Sets the number of floating-point operations, wanted and executed.
    pub fn flops(mut self, flops: u64) -> Self {
        self.flops = flops;
        self.executed = flops;
        self
    }

    /// Sets the number of operations that the device carries out, where that is not the number wanted.
    pub fn executed(mut self, executed: u64) -> Self {
        self.executed = executed;
        self
    }
}

/// A number as WGSL writes one of this type.
fn literal(kind: &str, value: f64) -> String {
    match kind {
        "bool" => (value != 0.0).to_string(),
        "u32" => format!("{value}u"),
        "i32" => format!("{value}i"),
        _ => format!("{:?}", value as f32),
    }
}

/// WebGPU allows 65,535 workgroups per dimension: more are folded into rows of 32,768.
/// Shaders undo this with `linear_workgroup` of `shaders/common/grid.wgsl`; see [`Kernel::threads`].
pub fn fold_workgroups(count: u64) -> [u32; 3] {
    const ROW: u64 = 32_768;
    if count <= 65_535 {
        [count as u32, 1, 1]
    } else {
        // A count past 2^31 would need a buffer larger than any adapter binds; it saturates and wgpu reports it.
        [ROW as u32, u32::try_from(count.div_ceil(ROW)).unwrap_or(u32::MAX), 1]
    }
}
