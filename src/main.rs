//! The `selvedge` command.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    cli::quiet_mesa();
    match cli::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One message: what failed, with its causes.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
