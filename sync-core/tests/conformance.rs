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

#[cfg(feature = "sqlite")]
mod sqlite {
    use sync_core::store::{Sqlite, SqliteStore};
    use tempfile::TempDir;

    use super::*;

    /// Each place is a file of a folder that goes with the test.
    struct Files(TempDir);

    impl Setup for Files {
        type Store<M: SyncModel> = SqliteStore<M>;
        const DURABLE: bool = true;
        async fn open<M: SyncModel>(&self, place: &str) -> Result<SqliteStore<M>, Error> {
            Ok(SqliteStore::new(&Sqlite::open(self.0.path().join(place))?))
        }
    }

    sync_core::conformance!(Files(tempfile::tempdir().unwrap()));
}
