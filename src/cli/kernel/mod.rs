//! `selvedge kernel`: the kernels by themselves, to read, to run and to change.

mod cases;
mod list;
mod run;
mod show;

use clap::Subcommand;
use selvedge::gpu::GemmCore;

/// What to do with kernels.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the ops that can be shown and run by themselves, and all kernels with what they compute
    List(list::Options),
    /// Print the text of a kernel as it is compiled, each part under the name of its file; or what compilers get
    Show(show::Options),
    /// Run an op: check it against double precision, and time its kernels
    Run(run::Options),
}

pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(options) => list::run(options),
        Command::Show(options) => show::run(options),
        Command::Run(options) => run::run(options),
    }
}

/// Sizes such as `512x512x512`.
#[derive(Debug, Clone)]
struct Sizes(Vec<usize>);

impl std::str::FromStr for Sizes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sizes: Option<Vec<usize>> =
            text.split(['x', 'X']).map(|size| size.parse().ok().filter(|size| *size > 0)).collect();
        sizes.map(Self).ok_or_else(|| "write sizes above 0 as 512x512x512".to_owned())
    }
}

fn core(text: &str) -> Result<GemmCore, String> {
    text.parse().map_err(|()| format!("the cores are {}", GemmCore::ALL.map(GemmCore::name).join(", ")))
}
