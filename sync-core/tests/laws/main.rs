//! The laws: edit = patch = store = replay of the log; a maintained copy equals a fresh read; a refused edit
//! leaves no trace; a rebase keeps edits and takes what others did.
//!
//! Counter-examples that proptest found are kept in `tests/laws.regressions` and run first. Loops over
//! [`seed`] print it when they fail; `SEED=… cargo test` runs that one again, `TIMES=20` looks further.

#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, unreachable_pub)] // a test may fail by panicking; its modules are its own

#[path = "../common/mod.rs"]
mod common;

mod copies;
mod domain;
mod edits;
mod merges;
mod models;
mod strategies;

use proptest::test_runner::{Config, FileFailurePersistence};

/// So many cases; what fails is written down.
fn cases(cases: u32) -> Config {
    let times = std::env::var("TIMES").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    Config {
        cases: cases * times,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/laws.regressions"))),
        max_shrink_iters: 2_000,
        ..Config::default()
    }
}

/// The seed of this run: `SEED`, or a fixed one so that a failure on one machine is one on every machine.
fn seed(fallback: u64) -> u64 {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(fallback);
    eprintln!("SEED={seed}");
    seed
}
