//! How a training is shown: a progress bar per epoch at a terminal, and always one line per epoch; and how it is stopped.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use selvedge::files::shown;
use selvedge::run::{EpochRecord, RunConfig, RunFolder};
use selvedge::settings::Monitor;
use selvedge::train::{EventFile, Observer, Progress};

use super::console::Console;
use super::launch::ranks;
use super::process::keeping_the_hang_up;
use super::table::thousands;
use super::terminal::complain;

/// Exit code of a program stopped by Ctrl-C, by the convention of shells.
pub const INTERRUPTED: u8 = 130;

/// Set by the first Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);

/// Makes the first Ctrl-C, or the SIGTERM of `mpirun` and of cluster schedulers, end a command after the current step, and the second end the
/// program at once.
pub fn stop_on_ctrl_c() -> anyhow::Result<()> {
    keeping_the_hang_up(|| {
        Ok(ctrlc::set_handler(|| {
            if STOP.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(INTERRUPTED));
            }
            complain("\nnote", "stopping after this step; Ctrl-C again ends at once");
        })?)
    })
}

/// Breaks once Ctrl-C has been pressed.
pub fn until_stopped() -> ControlFlow<()> {
    if STOP.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Shows a training and keeps its log and, on request, TensorBoard's event file.
pub struct Display {
    pub console: Console,
    tensorboard: bool,
    events: Option<EventFile>,
    bar: Option<ProgressBar>,
    epochs: usize,
    images: usize,
    monitor: Monitor,
}

impl Display {
    pub fn new(console: Console, tensorboard: bool) -> Self {
        Self { console, tensorboard, events: None, bar: None, epochs: 0, images: 0, monitor: Monitor::Loss }
    }
}

impl Observer for Display {
    fn start(&mut self, run: &RunConfig, folder: &RunFolder, history: &[EpochRecord]) {
        self.epochs = run.total_epochs();
        self.images = run.train_images;
        self.monitor = run.train.stopping.monitor;
        // A training must not fail because the log or the event file cannot be written.
        let is_first = ranks().is_first();
        if is_first && let Err(e) = self.console.log_to(&folder.file("log.txt")) {
            warn!("no log is kept: {e}");
        }
        if is_first && self.tensorboard {
            match EventFile::create(folder.path()) {
                Ok(events) => self.events = Some(events),
                Err(e) => warn!("no events for TensorBoard: {e}"),
            }
        }
        let went = match history.len() {
            0 => String::new(),
            epochs => format!(", resuming after epoch {epochs}"),
        };
        self.console.say(&format!(
            "training {} on {}{} with {} images, {}{went}; run folder {}",
            run.train.network.architecture(),
            run.adapter,
            other_ranks(run.ranks),
            thousands(run.train_images),
            match &run.chosen {
                Some(chosen) => format!("all there are, for the epochs that {} chose", shown(&chosen.run)),
                None if !run.is_validated() => "none for validation".to_owned(),
                None => format!("{} for validation", thousands(run.validation_images)),
            },
            shown(folder.path())
        ));
    }

    fn note(&mut self, text: &str) {
        self.console.say(text);
    }

    fn features(&mut self, done: usize, images: usize) -> ControlFlow<()> {
        if self.console.is_watched() {
            let bar = self.bar.get_or_insert_with(|| new_bar(images, "features".to_owned()));
            bar.set_position(done as u64);
        }
        let flow = until_stopped();
        if flow.is_break() || done == images {
            self.bar.take().inspect(ProgressBar::finish_and_clear);
        }
        flow
    }

    fn step(&mut self, progress: Progress) -> ControlFlow<()> {
        if self.console.is_watched() {
            let title = || format!("epoch {}/{}", progress.epoch, self.epochs);
            let bar = self.bar.get_or_insert_with(|| new_bar(self.images, title()));
            bar.set_position(progress.images as u64);
            bar.set_message(format!("loss {:.4} acc {:.4}", progress.loss, progress.accuracy));
        }
        let flow = until_stopped();
        if flow.is_break() {
            self.bar.take().inspect(ProgressBar::finish_and_clear);
        }
        flow
    }

    fn epoch(&mut self, record: &EpochRecord, best: bool) {
        self.bar.take().inspect(ProgressBar::finish_and_clear);
        if let Some(Err(e)) = self.events.as_mut().map(|events| events.write(record)) {
            warn!("no more events for TensorBoard: {e}");
            self.events = None;
        }
        let metrics = |name: &str, loss: Option<f64>, accuracy: Option<f64>| match (loss, accuracy) {
            (Some(loss), Some(accuracy)) => format!(" | {name} loss {loss:.4} acc {accuracy:.4}"),
            _ => String::new(),
        };
        let validation = metrics("val", record.validation_loss, record.validation_accuracy);
        let f1 = record.macro_f1.filter(|_| self.monitor == Monitor::MacroF1);
        let f1 = f1.map(|f1| format!(" macro F1 {f1:.4}")).unwrap_or_default();
        let average = metrics("average: val", record.ema_validation_loss, record.ema_validation_accuracy);
        self.console.say(&format!(
            "epoch {}/{}: loss {:.4} acc {:.4}{validation}{average}{f1}{} | {:.0} images/s, {:.0} s",
            record.epoch,
            self.epochs,
            record.train_loss,
            record.train_accuracy,
            // Without validation every epoch is the best so far.
            if best && record.validation_loss.is_some() { " (best)" } else { "" },
            record.images_per_second,
            record.seconds,
        ));
        // A closed pipe must not stop a training.
        let _ = self.console.json(record);
    }
}

/// Who else trains, if anyone.
fn other_ranks(ranks: usize) -> String {
    match ranks - 1 {
        0 => String::new(),
        1 => " and 1 other rank".to_owned(),
        others => format!(" and {others} other ranks"),
    }
}

/// The template that fits on a line of this many columns: a line that wraps could not be redrawn in place.
fn template(columns: u16) -> &'static str {
    match columns {
        110.. => "{prefix} {bar:30} {pos}/{len} {rate} ETA {eta} {msg}",
        80.. => "{prefix} {bar:20} {percent}% ETA {eta} {msg}",
        _ => "{prefix} {bar:8} {percent}% {eta} {msg}",
    }
}

fn columns() -> u16 {
    Term::stderr().size_checked().map_or(80, |(_, columns)| columns)
}

fn new_bar(images: usize, title: String) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(images as u64), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(template(columns())) {
        // Failing to draw the line is not worth an error.
        bar.set_style(style.with_key("rate", |state: &ProgressState, line: &mut dyn std::fmt::Write| {
            let _ = write!(line, "{:.0} images/s", state.per_sec());
        }));
    }
    bar.set_prefix(title);
    bar
}
