//! `selvedge kernel`: the kernels by themselves, to read, to run and to change.

mod cases;
mod copy;
mod list;
mod run;
mod show;

use clap::Subcommand;
use selvedge::gpu::GemmCore;

use super::sizes::Sizes;

/// What to do with kernels.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the ops that can be shown and run by themselves, and all kernels with what they compute
    List(list::Options),
    /// Print the text of a kernel as it is compiled, each part under the name of its file; or what compilers get
    Show(show::Options),
    /// Copy shader files into a folder for --shaders, to change them
    Copy(copy::Options),
    /// Run an op: check it against double precision, and time its kernels
    Run(run::Options),
}

pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(options) => list::run(options),
        Command::Show(options) => show::run(options),
        Command::Copy(options) => copy::run(options),
        Command::Run(options) => run::run(options),
    }
}

fn core(text: &str) -> Result<GemmCore, String> {
    text.parse().map_err(|()| format!("the cores are {}", GemmCore::ALL.map(GemmCore::name).join(", ")))
}

/// `all` without as many of each kind as there are in `some`: the dispatches of a gradient, without those of the forward pass.
fn without<T, K: PartialEq>(all: Vec<T>, some: &[T], kind: impl Fn(&T) -> K) -> Vec<T> {
    let mut left: Vec<K> = some.iter().map(&kind).collect();
    let mut rest = all;
    rest.retain(|one| match left.iter().position(|other| *other == kind(one)) {
        Some(place) => {
            left.remove(place);
            false
        }
        None => true,
    });
    rest
}
