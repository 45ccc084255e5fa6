//! Recording: what programs are, and what the host does with them.

use std::collections::HashMap;
use std::sync::Arc;

use super::{
    ENTRIES, Piece, Tape, TapeBinding, TapeBuffer, TapeDispatch, TapeError, TapeKernel, TapeProgram, TapeRun,
    TapeWrite, Watched,
};
use crate::gpu::{Access, Event, Gpu, Slice};
use crate::program::Program;

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
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.gpu.recording().stop();
    }
}

impl Recorder {
    /// Begins to record, with the present contents of all buffers. `programs` are those that will be run, with a name for each, and
    /// `watched` what is to be read after each run: see [`Tensor::memory`](crate::tensor::Tensor::memory) and
    /// [`Compiled::memory`](crate::tensor::Compiled::memory).
    ///
    /// # Errors
    /// [`TapeError::Recording`] when the device is recorded already, or for what a tape cannot hold; those of the device.
    pub fn start(
        gpu: &Arc<Gpu>,
        title: &str,
        programs: &[(String, &Program)],
        watched: &[(&str, Slice)],
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
        };
        for (name, program) in programs {
            recorder.add_program(name, program)?;
        }
        for (name, slice) in watched {
            let (buffer, offset) = recorder.buffer(slice, false);
            recorder.tape.watched.push(Watched { name: (*name).to_owned(), buffer, offset, bytes: slice.bytes() });
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

    fn add_program(&mut self, name: &str, program: &Program) -> Result<(), TapeError> {
        let mut dispatches = Vec::new();
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
            let bound = dispatch.bindings.iter().map(|bound| {
                let (buffer, offset) = self.buffer(bound.slice, bound.is_planned);
                TapeBinding { buffer, offset, bytes: bound.slice.bytes(), writes: bound.access == Access::Write }
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
        Ok(())
    }

    /// Ends the recording. What came after the last run belongs to no run.
    ///
    /// # Errors
    /// [`TapeError::Damaged`] when numbers in the tape do not fit together.
    pub fn finish(mut self) -> Result<Tape, TapeError> {
        let tape = std::mem::take(&mut self.tape);
        tape.check()?;
        Ok(tape)
    }
}
