//! Handles as JSON: a tracked instance shows what its struct shows, and nothing of its revision.

use serde::ser::{Serialize, Serializer};

use super::instance::Model;
use crate::model::SyncModel;

/// The struct's own public view, edits included: `Json(list)` of a fetched list leaks nothing, either.
///
/// ```
/// use sync_core::prelude::*;
/// # #[derive(SyncModel, Clone, Debug)]
/// # #[sync(backend = "lists")]
/// # struct List { #[sync(id)] id: u32, name: String, #[sync(private)] notes: String }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// # let backend = Backend::<List>::builder().store(MemoryStore::new());
/// # let lists = Registry::builder().backend(backend).build().await?.backend::<List>();
/// let mut list = lists.create(List { id: 1, name: "Milk".into(), notes: "owes me".into() }).await?;
/// list.name.push('!');
/// assert_eq!(serde_json::to_string(&list).ok().as_deref(), Some(r#"{"id":1,"name":"Milk!"}"#));
/// # Ok(()) }
/// ```
impl<M: SyncModel + Serialize> Serialize for Model<M> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(out)
    }
}
