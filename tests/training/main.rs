//! Trainings: from scratch, from given weights, by several ranks, of every architecture.
#![cfg(feature = "cli")]

mod architectures;
#[path = "../common/mod.rs"]
mod common;
mod final_training;
mod own_network;
mod ranks;
mod runs;
mod transfer;
