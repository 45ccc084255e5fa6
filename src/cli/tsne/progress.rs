//! How a fit is shown, and how it is stopped.

use std::ops::ControlFlow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use selvedge::tsne::Progress;

use crate::cli::display::until_stopped;

/// A line for each stage, and a bar for the iterations, where somebody watches.
pub struct Watcher {
    bar: ProgressBar,
}

impl Watcher {
    pub fn new(watched: bool) -> Self {
        let target = if watched {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        set_style(&bar, "{spinner} {msg} {elapsed}");
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar }
    }

    pub fn observe(&mut self, progress: Progress) -> ControlFlow<()> {
        match progress {
            Progress::Stage(what) => self.bar.set_message(what),
            Progress::Iteration { done, of, kl } => {
                if self.bar.length().is_none() {
                    set_style(&self.bar, "{bar:30} {pos}/{len} iterations, ETA {eta} {msg}");
                    self.bar.set_length(of as u64);
                    self.bar.set_message("");
                    self.bar.reset_eta();
                }
                self.bar.set_position(done as u64);
                if let Some(kl) = kl {
                    self.bar.set_message(format!("KL {kl:.4}"));
                }
            }
        }
        until_stopped()
    }

    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}

fn set_style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        // A line that cannot be written is not worth an error.
        bar.set_style(style);
    }
}
