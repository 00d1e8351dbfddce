//! What a review found: each test tells how something was lost, counted twice, or never came to an end.

#![allow(clippy::unwrap_used)] // a test may fail by panicking, in its helpers too

#[path = "../common/mod.rs"]
mod common;
mod endings;
mod facts;
mod panics;
mod saves;
mod views;
