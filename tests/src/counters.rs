//! The model that the crash tests write, in the test and in the process it kills.

use std::path::Path;

use sync_core::prelude::*;

/// A counter; `value` only grows, so that a lost write shows.
#[derive(SyncModel, Clone, Debug, PartialEq)]
#[sync(backend = "counters")]
pub struct Counter {
    /// Which one.
    #[sync(id)]
    pub id: u32,
    /// How often it was written.
    pub value: i64,
    /// Makes a document of the usual size.
    pub text: String,
}

/// How many counters there are.
pub const COUNTERS: u32 = 16;

/// Opens the counters of a file.
pub async fn open(file: &Path) -> Result<(Registry, Backend<Counter>), Error> {
    let sqlite = Sqlite::open(file)?;
    let chain = Backend::<Counter>::builder().store(SqliteStore::new(&sqlite));
    let registry = Registry::builder().backend(chain).build().await?;
    let counters = registry.backend();
    Ok((registry, counters))
}
