//! All output to the terminal goes through here: text on standard output, warnings and errors on standard error.
//!
//! Standard output may close (`selvedge summary cnn | head -1`) or fill up (`> /dev/full`). `println!` would then panic, so a
//! lint denies it. A closed pipe ends a command silently with [`CLOSED`], a full disk is an error; commands that run for hours
//! keep running, see [`outlive_reader`].

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use console::Term;
use selvedge::files::{escaped, is_unsafe};
use selvedge::gpu::GpuError;
use selvedge::tensor::TensorError;
use serde::Serialize;
use thiserror::Error;

/// Exit code of a program ended by SIGPIPE, by the convention of shells: 128 + 13.
pub const CLOSED: u8 = 141;

/// Text that could not be printed.
#[derive(Debug, Error)]
pub enum PrintError {
    /// The program that should have read it has ended.
    #[error("standard output is closed")]
    Closed,
    #[error("standard output cannot be written: {0}; make room where it goes to")]
    Failed(io::Error),
}

impl From<io::Error> for PrintError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Failed(error),
        }
    }
}

/// Whether only errors are printed.
static SILENT: AtomicBool = AtomicBool::new(false);

/// From now on nothing is printed but errors.
pub fn be_silent() {
    SILENT.store(true, Ordering::Relaxed);
}

static OUTLIVES_READER: AtomicBool = AtomicBool::new(false);
/// The first error since then.
static LOST: OnceLock<PrintError> = OnceLock::new();

/// From now on the command finishes its work, silently if standard output closes or fills up. A full disk is an error at the
/// end.
pub fn outlive_reader() {
    OUTLIVES_READER.store(true, Ordering::Relaxed);
}

/// Prints formatted text on standard output.
macro_rules! out {
    ($($text:tt)*) => { $crate::cli::terminal::print(format_args!($($text)*)) };
}

/// Prints a formatted line on standard output.
macro_rules! outln {
    ($($text:tt)*) => { $crate::cli::terminal::print(format_args!("{}\n", format_args!($($text)*))) };
}

/// Prints a formatted warning on standard error.
macro_rules! warn {
    ($($text:tt)*) => { $crate::cli::terminal::complain("warning", &format!($($text)*)) };
}

/// Prints text. Control characters other than line ends are escaped: our own text never contains colour codes.
///
/// # Errors
/// [`PrintError`], unless the command outlives its reader.
pub fn print(text: fmt::Arguments) -> Result<(), PrintError> {
    write(&without_controls(&text.to_string()))
}

/// Prints a value as JSON, on one line.
///
/// # Errors
/// As [`print`].
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    // In JSON these occur only inside strings, where the escape means the same. serde_json escapes those below U+0020.
    let line: String = serde_json::to_string(value)?
        .chars()
        .flat_map(|c| match c {
            c if is_unsafe(c) => format!("\\u{:04x}", u32::from(c)).chars().collect::<Vec<_>>(),
            c => vec![c],
        })
        .collect();
    Ok(write(&format!("{line}\n"))?)
}

/// Writes bytes for programs, unchanged.
///
/// # Errors
/// As [`print`].
pub fn print_bytes(bytes: &[u8]) -> Result<(), PrintError> {
    if LOST.get().is_some() || SILENT.load(Ordering::Relaxed) {
        return Ok(());
    }
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    match written.map_err(PrintError::from) {
        Err(error) if OUTLIVES_READER.load(Ordering::Relaxed) => {
            // Only the first counts.
            let _ = LOST.set(error);
            Ok(())
        }
        written => written,
    }
}

fn write(text: &str) -> Result<(), PrintError> {
    print_bytes(text.as_bytes())
}

/// Prints `kind: text` on standard error, as one line wrapped to the terminal's width. If that fails, the failure is ignored.
pub fn complain(kind: &str, text: &str) {
    complain_in_lines(kind, &escaped(text));
}

fn complain_in_lines(kind: &str, text: &str) {
    if kind != "error" && SILENT.load(Ordering::Relaxed) {
        return;
    }
    let mut text = format!("{kind}: {text}");
    if io::stderr().is_terminal()
        && let Some((_, columns)) = Term::stderr().size_checked()
    {
        text = textwrap::fill(&text, usize::from(columns.max(20)));
    }
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints lines on standard error.
pub fn complain_as_is(text: &str) {
    let _ = write!(io::stderr(), "{}", without_controls(text));
}

/// An error whose text has several lines, all written by us.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct Explained(pub &'static str);

/// The exit code for the way a command ended; prints its error, if there is one.
pub fn exit_code(ended: anyhow::Result<ExitCode>) -> ExitCode {
    let error = match ended {
        Ok(code) => match LOST.get() {
            Some(lost @ PrintError::Failed(_)) => {
                complain("error", &lost.to_string());
                return ExitCode::FAILURE;
            }
            _ => return code,
        },
        Err(error) => error,
    };
    if let Some(PrintError::Closed) = error.downcast_ref() {
        return ExitCode::from(CLOSED);
    }
    if is_of_a_compiler(&error) {
        // Its lines show the place in the text of the shader.
        complain_as_is(&format!("error: {}\n", message(&error)));
        return ExitCode::FAILURE;
    }
    match error.downcast_ref() {
        Some(Explained(text)) => complain_in_lines("error", text),
        None => complain("error", &message(&error)),
    }
    ExitCode::FAILURE
}

/// Whether an error is what the device's compiler says of a shader.
fn is_of_a_compiler(error: &anyhow::Error) -> bool {
    let is_invalid =
        |error: &GpuError| matches!(error, GpuError::Invalid { what, .. } if what.starts_with("shader of"));
    match (error.downcast_ref::<GpuError>(), error.downcast_ref::<TensorError>()) {
        (Some(error), _) | (_, Some(TensorError::Gpu(error))) => is_invalid(error),
        _ => false,
    }
}

/// The error and its causes, on one line. Many of our errors already contain their cause, which is then not repeated.
pub fn message(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    with_options(&text)
}

/// The library names settings in backquotes: those that are options of this program are rewritten as `--option`.
pub fn with_options(text: &str) -> String {
    let program = super::command();
    let is_option = |name: &str| {
        let mut commands = program.get_subcommands();
        commands.any(|command| command.get_arguments().any(|option| option.get_long() == Some(name)))
    };
    let mut parts = text.split('`');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    while let Some(quoted) = parts.next() {
        let after = parts.next();
        match after {
            Some(_) if is_option(quoted) => whole.extend(["--", quoted]),
            Some(_) => whole.extend(["`", quoted, "`"]),
            // An unclosed quote.
            None => whole.extend(["`", quoted]),
        }
        whole.push_str(after.unwrap_or_default());
    }
    whole
}

/// The line of a clap message that says what is wrong.
pub fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn without_controls(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let cells = line.split('\t').map(escaped);
        cells.collect::<Vec<_>>().join("\t")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_and_what_steers_a_terminal_does_not() {
        assert_eq!(without_controls("a\tb\nc\n"), "a\tb\nc\n");
        assert_eq!(without_controls("a\u{1b}[2Jb\r\u{9b}1m\n"), "a\\u{1b}[2Jb\\r\\u{9b}1m\n");
    }

    #[test]
    fn causes_are_said_once() {
        let cause = anyhow::anyhow!("no such file").context("x.png: no such file");
        assert_eq!(message(&cause), "x.png: no such file");
        assert_eq!(message(&anyhow::anyhow!("b").context("a")), "a: b");
    }

    #[test]
    fn settings_become_options_and_other_quotes_stay() {
        assert_eq!(with_options("`batch-size` is 1, or `lr`"), "--batch-size is 1, or --lr");
        assert_eq!(with_options("run `selvedge train`"), "run `selvedge train`");
        assert_eq!(with_options("no`such and `lr`"), "no`such and `lr`");
    }
}
