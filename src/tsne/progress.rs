//! How far a fit has got, and whether it should continue.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

/// How far a fit has got.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// Work done before there is a map.
    Stage {
        /// Its name, in words.
        name: &'static str,
        /// Points done, or rounds of a search for directions.
        done: usize,
        /// How many there are in all.
        of: usize,
    },
    /// An iteration has been done.
    Iteration {
        /// Iterations done.
        done: usize,
        /// Iterations in all.
        of: usize,
        /// The divergence of the map, without exaggeration; every 50 iterations.
        kl: Option<f64>,
    },
}

/// Called from any thread with how many more points or rounds are done; returns whether to continue.
pub(super) type Told<'a> = &'a (dyn Fn(usize) -> ControlFlow<()> + Sync);

/// For work that nobody observes.
pub(super) const UNTOLD: Told = &|_| ControlFlow::Continue(());

/// Begins a stage of `of` points or rounds: reports to `observe` that none are done yet, and returns a function that reports
/// how many more are.
pub(super) fn stage<O>(name: &'static str, of: usize, observe: &mut O) -> impl Fn(usize) -> ControlFlow<()> + Sync
where
    O: FnMut(Progress) -> ControlFlow<()> + Send,
{
    let broken = observe(Progress::Stage { name, done: 0, of }).is_break();
    let state = Mutex::new((0, broken, observe));
    move |more: usize| {
        // A panic of another thread is that thread's to report.
        let (done, broken, observe) = &mut *state.lock().unwrap_or_else(PoisonError::into_inner);
        *done += more;
        if !*broken {
            *broken = observe(Progress::Stage { name, done: *done, of }).is_break();
        }
        if *broken { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
