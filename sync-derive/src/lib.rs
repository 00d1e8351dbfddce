//! The derive macros of `sync-core`.
