//! How far a fit is, and whether it is to continue.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

/// How far a fit is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// What is done before there is a map.
    Stage {
        /// In words.
        name: &'static str,
        /// Points done, or rounds of a search for directions.
        done: usize,
        /// All of them.
        of: usize,
    },
    /// An iteration is done.
    Iteration {
        /// Iterations done.
        done: usize,
        /// Iterations in all.
        of: usize,
        /// The divergence of the map, without exaggeration; every 50 iterations.
        kl: Option<f64>,
    },
}

/// Is told, by any thread, how many more points or rounds are done, and says whether to continue.
pub(super) type Told<'a> = &'a (dyn Fn(usize) -> ControlFlow<()> + Sync);

/// For work that nobody watches.
pub(super) const UNTOLD: Told = &|_| ControlFlow::Continue(());

/// Begins a stage of `count` points or rounds: what tells `observe` of those that are done, at first of none.
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
