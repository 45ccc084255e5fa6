//! Recording: what programs are, and what the host does with them.

use std::collections::HashMap;
use std::sync::Arc;

use super::{
    Piece, Tape, TapeBinding, TapeBuffer, TapeDispatch, TapeError, TapeKernel, TapeProgram, TapeRun, TapeWrite, Watched,
};
use crate::gpu::{Access, Event, Gpu, Slice};
use crate::program::Program;
use crate::tensor::Tensor;

/// A tape in the making. From [`Recorder::start`] to [`Recorder::finish`] all that the host writes to the buffers of its programs,
/// and each run of one, is recorded.
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
}

impl Recorder {
    /// Begins to record, with the present contents of all buffers. `programs` are those that will be run, with a name for each, and
    /// `watched` the tensors that are to be read after each run.
    ///
    /// # Errors
    /// Those of the device.
    pub fn start(
        gpu: &Arc<Gpu>,
        title: &str,
        programs: &[(String, &Program)],
        watched: &[(&str, &Tensor)],
    ) -> Result<Self, TapeError> {
        let tape = Tape {
            title: title.to_owned(),
            adapter: gpu.adapter().name.clone(),
            buffers: Vec::new(),
            kernels: Vec::new(),
            programs: Vec::new(),
            runs: Vec::new(),
            watched: Vec::new(),
            data: Vec::new(),
        };
        let mut recorder = Self {
            gpu: Arc::clone(gpu),
            tape,
            buffers: Vec::new(),
            kernels: HashMap::new(),
            programs: HashMap::new(),
            pending: Vec::new(),
        };
        for (name, program) in programs {
            recorder.add_program(name, program)?;
        }
        for (name, tensor) in watched {
            let slice = tensor
                .own_memory()
                .ok_or_else(|| TapeError::Recording(format!("watches '{name}', which is no tensor made from data")))?;
            let (buffer, offset) = recorder.buffer(&slice);
            recorder.tape.watched.push(Watched { name: (*name).to_owned(), buffer, offset, bytes: slice.bytes() });
        }
        for slice in &recorder.buffers {
            let contents = gpu.read(slice)?;
            let contents = match contents.iter().all(|byte| *byte == 0) {
                true => Piece::default(),
                false => recorder.tape.add(&contents),
            };
            recorder.tape.buffers.push(TapeBuffer { bytes: slice.bytes(), contents });
        }
        gpu.recording().start();
        Ok(recorder)
    }

    /// The number of the buffer that holds a slice, and where in it the slice begins.
    fn buffer(&mut self, slice: &Slice) -> (usize, u64) {
        let known = self.buffers.iter().position(|whole| whole.shares_buffer(slice));
        let number = known.unwrap_or_else(|| {
            self.buffers.push(slice.whole_buffer());
            self.buffers.len() - 1
        });
        (number, slice.offset())
    }

    fn add_program(&mut self, name: &str, program: &Program) -> Result<(), TapeError> {
        let mut dispatches = Vec::new();
        for dispatch in program.bound_dispatches() {
            let kernel =
                TapeKernel { text: self.gpu.text_of(dispatch.kernel)?, entry: dispatch.kernel.entry.to_owned() };
            let next = self.kernels.len();
            let number = *self.kernels.entry(kernel.clone()).or_insert(next);
            if number == next {
                self.tape.kernels.push(kernel);
            }
            let bound = dispatch.bindings.iter().map(|(slice, access)| {
                let (buffer, offset) = self.buffer(slice);
                TapeBinding { buffer, offset, bytes: slice.bytes(), writes: *access == Access::Write }
            });
            dispatches.push(TapeDispatch {
                bindings: bound.collect(),
                label: dispatch.kernel.label.to_owned(),
                shapes: dispatch.note.to_owned(),
                kernel: number,
                params: bytemuck::pod_collect_to_vec(&dispatch.kernel.params),
                workgroups: dispatch.kernel.workgroups,
                flops: dispatch.kernel.flops,
                executed: dispatch.kernel.executed,
            });
        }
        self.programs.insert(program.id(), self.tape.programs.len());
        self.tape.programs.push(TapeProgram { name: name.to_owned(), dispatches });
        Ok(())
    }

    /// Takes in what has happened since the last call, and reads what is watched if a program was run.
    ///
    /// # Errors
    /// Those of the device, and [`TapeError::Recording`] when another program was run.
    pub fn take(&mut self) -> Result<(), TapeError> {
        let before = self.tape.runs.len();
        for event in self.gpu.recording().stop() {
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
                    self.tape.runs.push(TapeRun { program, writes, expected: Vec::new() });
                }
            }
        }
        if let Some(run) = self.tape.runs[before..].last_mut() {
            for watched in &self.tape.watched {
                let slice = self.buffers[watched.buffer].part(watched.offset, watched.bytes);
                run.expected.push(bytemuck::pod_collect_to_vec(&self.gpu.read(&slice)?));
            }
        }
        self.gpu.recording().start();
        Ok(())
    }

    /// Ends the recording.
    pub fn finish(self) -> Tape {
        // What came after the last run belongs to no run.
        drop(self.gpu.recording().stop());
        self.tape
    }
}
