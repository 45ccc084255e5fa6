//! What is done with trained networks: predictions, metrics, reports, maps.
#![cfg(feature = "cli")]

mod any_images;
#[path = "../common/mod.rs"]
mod common;
mod inference;
mod metrics;
mod report;
mod tsne;
mod tsne_odd_points;
