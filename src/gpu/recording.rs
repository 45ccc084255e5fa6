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

/// The events since recording began; `None` while nothing is recorded.
#[derive(Debug, Default)]
pub(crate) struct Recording(Mutex<Option<Vec<Event>>>);

impl Recording {
    /// Begins to record.
    pub fn start(&self) {
        *self.events() = Some(Vec::new());
    }

    /// Adds an event, if events are recorded.
    pub fn add(&self, event: impl FnOnce() -> Event) {
        if let Some(events) = self.events().as_mut() {
            events.push(event());
        }
    }

    /// Ends, and returns what was recorded.
    pub fn stop(&self) -> Vec<Event> {
        self.events().take().unwrap_or_default()
    }

    fn events(&self) -> std::sync::MutexGuard<'_, Option<Vec<Event>>> {
        // A poisoned lock only means that another thread panicked between two operations on the list.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
