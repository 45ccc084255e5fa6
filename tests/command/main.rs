//! The command `selvedge`, as real processes.
#![cfg(feature = "cli")]

mod arguments;
#[path = "../common/mod.rs"]
mod common;
mod drawings;
mod interruption;
mod kernel_command;
mod lab;
mod program;
mod resume;
mod search;
mod tape;
mod terminal;
