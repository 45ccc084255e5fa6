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
pub(crate) struct Recording(Mutex<Option<Vec<Event>>>);

impl Recording {
    /// Begins to record, unless something is recorded already; then it returns false.
    pub fn start(&self) -> bool {
        let mut events = self.events();
        let starts = events.is_none();
        events.get_or_insert_default();
        starts
    }

    /// Adds an event, if events are recorded.
    pub fn add(&self, event: impl FnOnce() -> Event) {
        if let Some(events) = self.events().as_mut() {
            events.push(event());
        }
    }

    /// Takes the events since the last call. Recording goes on.
    pub fn take(&self) -> Vec<Event> {
        self.events().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Ends recording.
    pub fn stop(&self) {
        *self.events() = None;
    }

    fn events(&self) -> std::sync::MutexGuard<'_, Option<Vec<Event>>> {
        // A poisoned lock only means that another thread panicked between two operations on the list.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
