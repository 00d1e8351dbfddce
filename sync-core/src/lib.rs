//! Rust structs kept in sync.
