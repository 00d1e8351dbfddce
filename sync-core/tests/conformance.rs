//! The stores of this crate pass the suite that every store must pass.

#![cfg(feature = "testing")]

use sync_core::prelude::*;
use sync_core::testing::conformance::Setup;

struct Memory;

impl Setup for Memory {
    type Store<M: SyncModel> = MemoryStore<M>;
    async fn open<M: SyncModel>(&self, _place: &str) -> Result<MemoryStore<M>, Error> {
        Ok(MemoryStore::new())
    }
}

mod memory {
    sync_core::conformance!(super::Memory);
}
