//! The course, the ladders of lessons and their exercises.
#![cfg(feature = "cli")]

#[path = "../common/mod.rs"]
mod common;
mod course;
mod course_pictures;
mod exercises;
mod ladders;
mod page;
