//! Recording: what programs are, and what the host does with them.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    ENTRIES, Piece, PlaceRole, Tape, TapeBinding, TapeBuffer, TapeDispatch, TapeError, TapeKernel, TapePlace,
    TapeProgram, TapeRun, TapeWrite,
};
use crate::gpu::{Access, Event, Gpu, Slice};
use crate::nn::layer_of;
use crate::program::Program;
use crate::tensor::{DType, Info, Tensor};

/// A part of memory that has a name on the tape.
#[derive(Debug, Clone)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub role: PlaceRole,
    /// Where it is.
    pub slice: Slice,
    /// What it holds.
    pub info: Info,
    /// Whether it is read after each run.
    pub is_watched: bool,
}

impl Named {
    /// A tensor that was made from data; `None` for a computed one, which has no memory of its own.
    pub fn tensor(name: impl Into<String>, role: PlaceRole, tensor: &Tensor) -> Option<Self> {
        let (name, slice) = (name.into(), tensor.memory()?);
        Some(Self { name, role, slice, info: tensor.info(), is_watched: false })
    }

    /// The same, read after each run.
    pub fn watched(self) -> Self {
        Self { is_watched: true, ..self }
    }
}

/// Where in a training a run is. All are 0 where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// The step, from 1. It may have several runs.
    pub step: u64,
    /// The epoch, from 1.
    pub epoch: usize,
    /// Images of the epoch that are done after the run.
    pub images: usize,
}

/// A tape in the making. From [`Recorder::start`] to [`Recorder::finish`] all that the host writes to the buffers of its programs,
/// and each run of one, is recorded. ([`Program::profile`] is no run.)
#[derive(Debug)]
pub struct Recorder {
    gpu: Arc<Gpu>,
    tape: Tape,
    /// The buffers, as slices of the whole of each.
    buffers: Vec<Slice>,
    kernels: HashMap<TapeKernel, usize>,
    /// The number in the tape of each program.
    programs: HashMap<u64, usize>,
    /// Writes since the last run.
    pending: Vec<TapeWrite>,
    /// Whether programs are run.
    runs: bool,
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.gpu.recording().stop();
    }
}

impl Recorder {
    /// Begins to record, with the present contents of all buffers. `programs` are those that will be run, or that a reader of the
    /// tape may run, with a name for each. Layers get their names from those of `places` that are parameters.
    ///
    /// # Errors
    /// [`TapeError::Recording`] when the device is recorded already, or for what a tape cannot hold; those of the device.
    pub fn start(
        gpu: &Arc<Gpu>,
        title: &str,
        programs: &[(String, &Program)],
        places: &[Named],
    ) -> Result<Self, TapeError> {
        if !gpu.recording().start() {
            return Err(TapeError::Recording("is on a device that is recorded already".to_owned()));
        }
        let tape = Tape {
            version: Tape::VERSION,
            title: title.to_owned(),
            adapter: gpu.adapter().name.clone(),
            buffers: Vec::new(),
            kernels: Vec::new(),
            programs: Vec::new(),
            runs: Vec::new(),
            places: Vec::new(),
            watched: Vec::new(),
            data: Vec::new(),
        };
        // From here on an error ends the recording.
        let mut recorder = Self {
            gpu: Arc::clone(gpu),
            tape,
            buffers: Vec::new(),
            kernels: HashMap::new(),
            programs: HashMap::new(),
            pending: Vec::new(),
            runs: true,
        };
        for place in places {
            recorder.add_place(place);
        }
        for (name, program) in programs {
            recorder.add_program(name, program)?;
        }
        for number in 0..recorder.buffers.len() {
            if !recorder.tape.buffers[number].scratch {
                let contents = gpu.read(&recorder.buffers[number])?;
                if contents.iter().any(|byte| *byte != 0) {
                    recorder.tape.buffers[number].contents = recorder.tape.add(&contents);
                }
            }
        }
        Ok(recorder)
    }

    /// The number of the buffer that holds a slice, and where in it the slice begins.
    fn buffer(&mut self, slice: &Slice, scratch: bool) -> (usize, u64) {
        let known = self.buffers.iter().position(|whole| whole.shares_buffer(slice));
        let number = known.unwrap_or_else(|| {
            let whole = slice.whole_buffer();
            self.tape.buffers.push(TapeBuffer { bytes: whole.bytes(), scratch, contents: Piece::default() });
            self.buffers.push(whole);
            self.buffers.len() - 1
        });
        (number, slice.offset())
    }

    fn add_place(&mut self, named: &Named) {
        let (buffer, offset) = self.buffer(&named.slice, false);
        let place = TapePlace {
            name: named.name.clone(),
            role: named.role,
            buffer,
            offset,
            bytes: named.slice.bytes(),
            shape: named.info.shape.axes().to_vec(),
            integers: named.info.dtype == DType::U32,
        };
        if named.is_watched {
            self.tape.watched.push(self.tape.places.len());
        }
        self.tape.places.push(place);
    }

    /// Gives each dispatch the layer whose parameters its op binds; to a gradient without any, that of the op itself. `ops` are the
    /// numbers of the dispatches' ops.
    fn name_layers(&self, dispatches: &mut [TapeDispatch], ops: &[usize]) {
        for number in 0..dispatches.len() {
            let same_op = dispatches.iter().zip(ops).filter(|(_, op)| **op == ops[number]);
            let own = same_op.map(|(dispatch, _)| dispatch).find_map(|dispatch| self.layer(&dispatch.bindings));
            let of_forward = || dispatches[number].gradient_of.map(|of| dispatches[of].layer.clone());
            dispatches[number].layer = own.map(str::to_owned).or_else(of_forward).unwrap_or_default();
        }
    }

    /// The layer that one of these bindings is a parameter of.
    fn layer(&self, bindings: &[TapeBinding]) -> Option<&str> {
        let is_bound = |place: &&TapePlace| {
            let is_named = matches!(place.role, PlaceRole::Parameter | PlaceRole::Statistic);
            let own = (place.buffer, place.offset, place.bytes);
            is_named && bindings.iter().any(|binding| (binding.buffer, binding.offset, binding.bytes) == own)
        };
        self.tape.places.iter().find(is_bound).map(|place| layer_of(&place.name))
    }

    fn add_program(&mut self, name: &str, program: &Program) -> Result<(), TapeError> {
        let (mut dispatches, mut ops) = (Vec::new(), Vec::new());
        for dispatch in program.bound_dispatches() {
            if !ENTRIES.contains(&dispatch.kernel.entry) {
                let (entry, entries) = (dispatch.kernel.entry, ENTRIES.join(" or "));
                return Err(TapeError::Recording(format!(
                    "has a kernel with the entry point '{entry}', not {entries}"
                )));
            }
            let kernel =
                TapeKernel { text: self.gpu.text_of(dispatch.kernel)?, entry: dispatch.kernel.entry.to_owned() };
            let next = self.kernels.len();
            let number = *self.kernels.entry(kernel.clone()).or_insert(next);
            if number == next {
                self.tape.kernels.push(kernel);
            }
            let about = dispatch.about;
            let bound = dispatch.bindings.iter().enumerate().map(|(i, bound)| {
                let contents = about.contents.get(i).cloned().unwrap_or_default();
                let (buffer, offset) = self.buffer(bound.slice, bound.is_planned);
                TapeBinding {
                    buffer,
                    offset,
                    bytes: bound.slice.bytes(),
                    writes: bound.access == Access::Write,
                    shape: contents.shape,
                    integers: contents.integers,
                }
            });
            let bindings = bound.collect();
            ops.push(about.op);
            dispatches.push(TapeDispatch {
                layer: String::new(),
                bindings,
                label: dispatch.kernel.label.to_owned(),
                shapes: about.shapes.clone(),
                pass: about.pass,
                gradient_of: about.gradient_of,
                kernel: number,
                params: bytemuck::pod_collect_to_vec(&dispatch.kernel.params),
                workgroups: dispatch.kernel.workgroups,
                flops: dispatch.kernel.flops,
                executed: dispatch.kernel.executed,
            });
        }
        self.name_layers(&mut dispatches, &ops);
        self.programs.insert(program.id(), self.tape.programs.len());
        self.tape.programs.push(TapeProgram { name: name.to_owned(), dispatches });
        Ok(())
    }

    /// From now on programs are noted but not run: what the host writes is recorded without its work being done. Nothing is read after
    /// such a run.
    pub fn only_note(&mut self) {
        self.runs = false;
        self.gpu.recording().only_note();
    }

    /// Takes in what has happened since the last call, at this moment of a training, and reads what is watched if a program was run.
    ///
    /// # Errors
    /// Those of the device, and [`TapeError::Recording`] when another program was run.
    pub fn take(&mut self, moment: Moment) -> Result<(), TapeError> {
        let before = self.tape.runs.len();
        for event in self.gpu.recording().take() {
            match event {
                Event::Write { slice, contents } => {
                    // Buffers that no program uses are not part of the tape.
                    if let Some(buffer) = self.buffers.iter().position(|whole| whole.shares_buffer(&slice)) {
                        let contents = self.tape.add(&contents);
                        self.pending.push(TapeWrite { buffer, offset: slice.offset(), contents });
                    }
                }
                Event::Run { program } => {
                    let program = *self
                        .programs
                        .get(&program)
                        .ok_or_else(|| TapeError::Recording("ran a program that the tape does not have".to_owned()))?;
                    let writes = std::mem::take(&mut self.pending);
                    self.tape.runs.push(TapeRun { program, moment, writes, expected: Vec::new() });
                }
            }
        }
        let last = self.tape.runs[before..].last_mut().filter(|_| self.runs);
        if let Some(run) = last {
            for number in &self.tape.watched {
                let place = &self.tape.places[*number];
                let slice = self.buffers[place.buffer].part(place.offset, place.bytes);
                run.expected.push(bytemuck::pod_collect_to_vec(&self.gpu.read(&slice)?));
            }
        }
        Ok(())
    }

    /// Ends the recording. What came after the last run belongs to no run.
    ///
    /// # Errors
    /// [`TapeError::Damaged`] when numbers in the tape do not fit together.
    pub fn finish(mut self) -> Result<Tape, TapeError> {
        let mut tape = std::mem::take(&mut self.tape);
        shorten_scratch(&mut tape);
        tape.check()?;
        Ok(tape)
    }
}

/// Buffers of values that come and go are shared by all programs of a graph: those of the tape may need less.
fn shorten_scratch(tape: &mut Tape) {
    for (number, buffer) in tape.buffers.iter_mut().enumerate().filter(|(_, buffer)| buffer.scratch) {
        let bindings = tape.programs.iter().flat_map(|program| &program.dispatches).flat_map(|one| &one.bindings);
        let ends = bindings.filter(|binding| binding.buffer == number).map(|binding| binding.offset + binding.bytes);
        buffer.bytes = ends.max().unwrap_or(buffer.bytes);
    }
}
