//! Replaying a tape on this machine's device.

use std::sync::Arc;

use super::{ENTRIES, Tape, TapeBinding, TapeDispatch, TapeError};
use crate::gpu::{Access, Gpu, Kernel, Slice, Source};
use crate::program::{About, Dispatch, Place, Program, Recipe, Slots};

/// A tape on a device, with its own buffers.
#[derive(Debug)]
pub struct Replay<'a> {
    gpu: Arc<Gpu>,
    tape: &'a Tape,
    buffers: Vec<Slice>,
    programs: Vec<Program>,
    next: usize,
}

impl<'a> Replay<'a> {
    /// Makes the buffers and compiles the kernels. They run with bounds checks, since a tape may come from anywhere.
    ///
    /// # Errors
    /// [`TapeError::Damaged`] when numbers in the tape do not fit together; those of the device, such as what the compiler says.
    pub fn new(gpu: &Arc<Gpu>, tape: &'a Tape) -> Result<Self, TapeError> {
        tape.check()?;
        let bytes = tape.buffers.iter().fold(0_u64, |sum, buffer| sum.saturating_add(buffer.bytes));
        if gpu.memory_left().is_some_and(|left| bytes > left) {
            return Err(TapeError::Memory { bytes });
        }
        let mut buffers = Vec::new();
        for buffer in &tape.buffers {
            let slice = gpu.storage("a buffer of the tape", buffer.bytes)?;
            gpu.write(&slice, tape.piece(buffer.contents))?;
            buffers.push(slice);
        }
        let programs = tape.programs.iter().map(|program| {
            let mut recipe = Recipe::default();
            for dispatch in &program.dispatches {
                let dispatch = restored(tape, dispatch, &buffers, &mut recipe);
                recipe.dispatches.push(dispatch);
            }
            Ok(Program::new(gpu, recipe, &mut Slots::default())?)
        });
        let programs = programs.collect::<Result<_, TapeError>>()?;
        Ok(Self { gpu: Arc::clone(gpu), tape, buffers, programs, next: 0 })
    }

    /// Carries out the next run; false after the last.
    ///
    /// # Errors
    /// Those of the device.
    pub fn step(&mut self) -> Result<bool, TapeError> {
        let Some(run) = self.tape.runs.get(self.next) else {
            return Ok(false);
        };
        self.next += 1;
        for write in &run.writes {
            let contents = self.tape.piece(write.contents);
            self.gpu.write(&self.buffers[write.buffer].part(write.offset, contents.len() as u64), contents)?;
        }
        self.programs[run.program].run()?;
        Ok(true)
    }

    /// What each watched place holds now.
    ///
    /// # Errors
    /// Those of the device.
    pub fn watched(&self) -> Result<Vec<Vec<u32>>, TapeError> {
        let watched = self.tape.watched.iter().map(|number| {
            let place = &self.tape.places[*number];
            let slice = self.buffers[place.buffer].part(place.offset, place.bytes);
            Ok(bytemuck::pod_collect_to_vec(&self.gpu.read(&slice)?))
        });
        watched.collect()
    }
}

/// A dispatch of a tape that has been checked, as the engine has it.
fn restored(tape: &Tape, dispatch: &TapeDispatch, buffers: &[Slice], recipe: &mut Recipe) -> Dispatch {
    let kernel = &tape.kernels[dispatch.kernel];
    let entry = ENTRIES.into_iter().find(|entry| *entry == kernel.entry).unwrap_or(ENTRIES[0]);
    let mut place = |binding: &TapeBinding| {
        let access = if binding.writes { Access::Write } else { Access::Read };
        (recipe.place(Place::Fixed(buffers[binding.buffer].part(binding.offset, binding.bytes))), access)
    };
    let mut restored = Kernel::new("tape", Source::new("tape", kernel.text.clone())).entry(entry);
    restored.params = bytemuck::cast_slice(&dispatch.params).to_vec();
    restored.workgroups = dispatch.workgroups;
    Dispatch {
        kernel: restored,
        bindings: dispatch.bindings.iter().map(&mut place).collect(),
        about: About { shapes: dispatch.label.clone(), ..About::default() },
    }
}
