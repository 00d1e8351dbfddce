//! Shared lists.
fn main() {}
