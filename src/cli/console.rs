//! What a command prints, for people or for programs.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::Path;

use clap::Args;
use selvedge::files::{FileError, FileTask, append};
use serde::Serialize;

use super::terminal::print_json;

/// Who a command prints for.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputOptions {
    /// Print one JSON object per epoch, and one for the result
    #[arg(long)]
    json: bool,
    /// Print nothing but errors
    #[arg(long, short, conflicts_with = "json")]
    quiet: bool,
}

/// Text goes to the terminal and, once there is a run folder, to its log; on request, JSON replaces the text.
#[derive(Debug)]
pub struct Console {
    text: bool,
    json: bool,
    log: Option<File>,
    /// Text printed before there was a log.
    unlogged: String,
}

impl Console {
    pub fn new(options: &OutputOptions) -> Self {
        Self { text: !options.json && !options.quiet, json: options.json, log: None, unlogged: String::new() }
    }

    /// Prints a line for people; it always goes into the log.
    pub fn say(&mut self, line: &str) {
        if self.text {
            // A training outlives its reader.
            let _ = outln!("{line}");
        }
        match &mut self.log {
            // The log is only a copy: failing to write a line to it must not stop a training.
            Some(log) => drop(writeln!(log, "{line}")),
            None => self.unlogged.push_str(&format!("{line}\n")),
        }
    }

    /// Prints an object for programs, on one line.
    pub fn json(&self, value: &impl Serialize) -> anyhow::Result<()> {
        if self.json {
            print_json(value)?;
        }
        Ok(())
    }

    /// Also appends all text, past and future, to this file.
    pub fn log_to(&mut self, path: &Path) -> Result<(), FileError> {
        let mut log = append(path)?;
        log.write_all(std::mem::take(&mut self.unlogged).as_bytes()).map_err(FileError::io(path, FileTask::Write))?;
        self.log = Some(log);
        Ok(())
    }

    /// Whether only errors are wanted.
    pub fn is_quiet(&self) -> bool {
        !self.text && !self.json
    }

    /// Whether somebody is watching, so that a progress bar makes sense.
    pub fn is_watched(&self) -> bool {
        self.text && std::io::stderr().is_terminal()
    }
}
