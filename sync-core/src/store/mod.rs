//! Stores: the ends of chains.

mod memory;

pub use memory::MemoryStore;
