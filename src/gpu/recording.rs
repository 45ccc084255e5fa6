//! What the host does to a device while a tape is recorded: the numbers that it writes, and the programs that it runs.

use std::sync::{Mutex, PoisonError};

use super::Slice;

/// Something that the host did.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// It wrote these bytes to the start of a slice.
    Write { slice: Slice, contents: Vec<u8> },
    /// It ran the program with this number.
    Run { program: u64 },
}

/// The events that nobody has taken yet; `None` while nothing is recorded.
#[derive(Debug, Default)]
pub(crate) struct Recording(Mutex<Option<Events>>);

#[derive(Debug, Default)]
struct Events {
    list: Vec<Event>,
    /// Whether programs are noted without being run.
    only_notes: bool,
}

impl Recording {
    /// Begins to record, unless something is recorded already; then it returns false.
    pub fn start(&self) -> bool {
        let mut events = self.events();
        let starts = events.is_none();
        events.get_or_insert_default();
        starts
    }

    /// From now on programs are noted, but not run.
    pub fn only_note(&self) {
        if let Some(events) = self.events().as_mut() {
            events.only_notes = true;
        }
    }

    /// Adds what the host writes, if that is recorded.
    pub fn write(&self, slice: &Slice, contents: &[u8]) {
        if let Some(events) = self.events().as_mut() {
            events.list.push(Event::Write { slice: slice.clone(), contents: contents.to_vec() });
        }
    }

    /// Whether programs are noted without being run.
    pub fn only_notes(&self) -> bool {
        self.events().as_ref().is_some_and(|events| events.only_notes)
    }

    /// Adds the run of a program, if that is recorded.
    pub fn run(&self, program: u64) {
        if let Some(events) = self.events().as_mut() {
            events.list.push(Event::Run { program });
        }
    }

    /// Takes the events since the last call. Recording goes on.
    pub fn take(&self) -> Vec<Event> {
        self.events().as_mut().map(|events| std::mem::take(&mut events.list)).unwrap_or_default()
    }

    /// Ends recording.
    pub fn stop(&self) {
        *self.events() = None;
    }

    fn events(&self) -> std::sync::MutexGuard<'_, Option<Events>> {
        // A poisoned lock only means that another thread panicked between two operations on the list.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
