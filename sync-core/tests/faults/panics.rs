//! Code of users that runs where locks are held.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use sync_core::Code;
use sync_core::prelude::*;

static PANICS: AtomicBool = AtomicBool::new(false);

#[derive(Clone, Debug)]
struct Touchy(u32);
mod touchy {
    use super::{PANICS, SeqCst, Touchy};
    use sync_core::model::{Refusal, Value};
    pub(super) fn to_value(touchy: &Touchy) -> Value {
        assert!(touchy.0 != 13 || !PANICS.load(SeqCst), "thirteen is not shown");
        Value::Int(touchy.0.into())
    }
    pub(super) fn from_value(value: Value) -> Result<Touchy, Refusal> {
        match value {
            Value::Int(n) => Ok(Touchy(n as u32)),
            _ => Err(Refusal::new("expects an integer")),
        }
    }
}

#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "touchy")]
struct Thing {
    #[sync(id)]
    id: u32,
    #[sync(with = "touchy", unique)]
    touchy: Touchy,
}

/// A filter, an order and a unique field look at values through the field's own codec, in the memory store
/// under its lock. One panic there, in a query that any client can ask, and every later request of every
/// model of the backend panicked as well.
#[tokio::test]
async fn a_codec_that_panics_in_a_query_fails_that_query_only() {
    let backend = Backend::<Thing>::builder().store(MemoryStore::new());
    let things = Registry::builder().backend(backend).build().await.unwrap().backend::<Thing>();
    things.create(Thing { id: 1, touchy: Touchy(13) }).await.unwrap();
    PANICS.store(true, SeqCst);
    let found = things.find(!Thing::TOUCHY.is_null()).all().await;
    assert_eq!(found.unwrap_err().code(), Code::Internal);
    assert_eq!(things.create(Thing { id: 2, touchy: Touchy(13) }).await.unwrap_err().code(), Code::Internal);
    assert_eq!(things.delete_by_id(1u32).await.unwrap_err().code(), Code::Internal);
    PANICS.store(false, SeqCst);
    assert_eq!(things.all().await.unwrap().len(), 1);
    // Nothing of what failed was kept: the value is still the first one's, and free after it.
    assert!(things.create(Thing { id: 2, touchy: Touchy(13) }).await.unwrap_err().is_duplicate());
    things.delete_by_id(1u32).await.unwrap();
    things.create(Thing { id: 2, touchy: Touchy(13) }).await.unwrap();
}
