//! Aids for tests: the suite that a store of your own must pass.
//!
//! Behind the feature `testing`; nothing of it belongs into a running program.

pub mod conformance;
mod dice;

pub use dice::Dice;
