//! How a fit is shown, and how it is stopped.

use std::ops::ControlFlow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use selvedge::tsne::Progress;

use crate::cli::display::until_stopped;

/// A bar for each stage and one for the iterations, if somebody is watching.
pub struct Watcher {
    bar: ProgressBar,
    /// What the bar shows.
    stage: &'static str,
}

const ITERATIONS: &str = "iterations";
// Both fit a terminal of 60 columns with the longest name of a stage, and with thousands of iterations.
const STAGE_LINE: &str = "{prefix} {bar:16} {percent} %, ETA {eta}";
const ITERATION_LINE: &str = "{bar:16} {pos}/{len} {prefix}, ETA {eta} {msg}";

impl Watcher {
    pub fn new(watched: bool) -> Self {
        let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        // Until the first stage there is nothing to count.
        set_style(&bar, "{prefix}");
        bar.set_prefix("preparing");
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, stage: "" }
    }

    pub fn observe(&mut self, progress: Progress) -> ControlFlow<()> {
        match progress {
            Progress::Stage { name, done, of } => self.show(name, STAGE_LINE, done, of),
            Progress::Iteration { done, of, kl } => {
                self.show(ITERATIONS, ITERATION_LINE, done, of);
                if let Some(kl) = kl {
                    self.bar.set_message(format!("KL {kl:.4}"));
                }
            }
        }
        until_stopped()
    }

    fn show(&mut self, stage: &'static str, template: &str, done: usize, of: usize) {
        if self.stage != stage {
            self.stage = stage;
            set_style(&self.bar, template);
            self.bar.set_prefix(stage);
            self.bar.set_length(of as u64);
            self.bar.reset_eta();
        }
        self.bar.set_position(done as u64);
    }

    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}

fn set_style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        // Failing to draw the line is not worth an error.
        bar.set_style(style);
    }
}
