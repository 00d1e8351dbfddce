//! Edit = patch = store = replay of the log, and what is refused leaves no trace.
//!
//! A history is what one document is edited to, step by step. Odd steps go through a handle, even ones
//! through a patch without a fetch; the field that a step must be refused for is known from the model alone.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sync_core::backend::{Body, Event, Store};
use sync_core::model::ModelPatch;
use sync_core::prelude::*;

use crate::models::{Bare, Many, Rich};
use crate::{cases, strategies};

fn same<M: SyncModel>(a: &M, b: &M) -> bool {
    let mut patch = M::Patch::default();
    a.diff(b, &mut patch);
    patch.is_empty()
}

/// What is stored of an edit to this document, or the field it is refused for.
fn in_domain<M: SyncModel>(value: &M) -> Result<M, String> {
    let mut value = value.clone();
    value.normalize().map(|()| value).map_err(|refusal| refusal.path().to_owned())
}

async fn backend<M: SyncModel>(store: impl Store<M>) -> Backend<M> {
    Registry::builder().backend(Backend::<M>::builder().store(store)).build().await.unwrap().backend()
}

async fn holds<M: SyncModel + std::fmt::Debug>(docs: &Backend<M>, history: Vec<M>) {
    let mut events = docs.subscribe();
    let id = history[0].id().clone();
    let _gone = docs.delete_by_id(id.clone()).await;
    let mut handle: Option<Model<M>> = None;
    // The log's reader keeps `copy`; `wanted` is what the edits alone make.
    let (mut copy, mut wanted): (Option<M>, Option<M>) = (None, None);
    for (step, next) in history.iter().enumerate() {
        let expected = in_domain(next);
        let result = match (&mut handle, &wanted) {
            (Some(handle), Some(before)) if step % 2 == 0 => {
                let mut patch = M::Patch::default();
                before.diff(next, &mut patch);
                let result = docs.update(id.clone(), patch).await.map(|_| ());
                handle.refresh().await.unwrap();
                result
            }
            (Some(handle), _) => {
                handle.edit(|value| *value = next.clone());
                let result = handle.save().await;
                if result.is_err() {
                    // Fields before the refused one may be normalised already; no edit is dropped.
                    assert_eq!(in_domain(&**handle).err(), in_domain(next).err(), "a refused edit stays");
                    assert!(handle.is_changed());
                    handle.revert();
                }
                result
            }
            (None, _) => docs.create(next.clone()).await.map(|created| handle = Some(created)),
        };
        match (expected, result) {
            (Ok(value), Ok(())) => wanted = Some(value),
            (Err(field), Err(error)) => {
                assert_eq!(error.code(), sync_core::Code::InvalidValue);
                assert_eq!(error.fields().len(), 1);
                // The handle looks at all of its document, a patch at what it changes.
                assert_eq!(error.fields()[0], field, "{error}");
            }
            (expected, result) => panic!("step {step} should give {expected:?} and gave {result:?}"),
        }
        while let Some(event) = events.try_next() {
            let Event::Change(change) = event else { panic!("nothing was lost, and yet {event:?}") };
            match &change.body {
                Body::Patch(patch) => copy.as_mut().expect("a patch needs a copy").apply(patch),
                Body::Document(doc) => copy = Some((*doc.value).clone()),
                Body::Gone => copy = None,
            }
        }
        let Some(wanted) = &wanted else { continue };
        let stored = docs.fetch(id.clone()).await.unwrap();
        assert!(same(wanted, &*stored), "stored {:?} of {wanted:?}", *stored);
        assert!(same(wanted, copy.as_ref().unwrap()), "replayed {copy:?} of {wanted:?}");
        assert!(same(wanted, &**handle.as_ref().unwrap()), "the handle has {handle:?} of {wanted:?}");
        assert!(!handle.as_ref().unwrap().is_changed() && !handle.as_ref().unwrap().is_behind());
    }
    let stats = docs.hub().stats();
    assert_eq!((stats.held, stats.repairs, stats.resets, stats.overflows), (0, 0, 0, 0));
}

fn law<M: SyncModel + std::fmt::Debug, S: Strategy<Value = M>>(
    n: u32,
    store: impl Store<M>,
    document: impl Fn(u64) -> S,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let docs = runtime.block_on(backend(store));
    let histories = (1..u64::from(n)).prop_flat_map(|id| vec(document(id), 1..8));
    let run = TestRunner::new(cases(n)).run(&histories, |history| {
        runtime.block_on(holds(&docs, history));
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn rich_documents_in_memory() {
    law::<Rich, _>(300, MemoryStore::new(), strategies::rich);
}

#[test]
fn bare_documents_in_memory() {
    law::<Bare, _>(200, MemoryStore::new(), strategies::bare);
}

#[test]
fn documents_of_many_fields_in_memory() {
    law::<Many, _>(200, MemoryStore::new(), strategies::many);
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use sync_core::store::{Sqlite, SqliteStore};

    use super::*;

    fn in_a_file<M: SyncModel>(run: impl FnOnce(SqliteStore<M>)) {
        let folder = tempfile::tempdir().unwrap();
        let file = Sqlite::open(folder.path().join("laws.db")).unwrap();
        run(SqliteStore::new(&file));
    }

    #[test]
    fn rich_documents_in_a_file() {
        in_a_file(|store| law::<Rich, _>(150, store, strategies::rich));
    }

    #[test]
    fn bare_documents_in_a_file() {
        in_a_file(|store| law::<Bare, _>(100, store, strategies::bare));
    }

    #[test]
    fn documents_of_many_fields_in_a_file() {
        in_a_file(|store| law::<Many, _>(100, store, strategies::many));
    }
}
