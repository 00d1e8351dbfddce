//! A store that commits nothing by itself: tests say what it holds and what it feeds.

use std::sync::{Arc, Mutex, OnceLock};

use sync_core::Code;
use sync_core::backend::{Body, Change, Context, Feed, Found, Opened, Sight, Store, Write};
use sync_core::model::{Doc, Rev};
use sync_core::prelude::*;
use sync_core::query::Query;

#[derive(SyncModel, Clone, Debug, PartialEq)]
#[sync(backend = "items")]
pub(crate) struct Item {
    #[sync(id)]
    pub(crate) id: u64,
    pub(crate) rank: i64,
}

#[derive(Clone, Default)]
pub(crate) struct Facts(Arc<State>);

#[derive(Default)]
struct State {
    feed: OnceLock<Feed<Item>>,
    held: Mutex<(Vec<Doc<Item>>, u64)>,
    fails: Mutex<bool>,
}

pub(crate) fn doc(id: u64, rank: i64, rev: Rev) -> Doc<Item> {
    Doc { value: Arc::new(Item { id, rank }), extra: None, rev }
}

impl Facts {
    pub(crate) fn feed(&self) -> &Feed<Item> {
        self.0.feed.get().unwrap()
    }

    /// From now on this is what a read finds.
    pub(crate) fn holds(&self, docs: Vec<Doc<Item>>, position: u64) {
        *self.0.held.lock().unwrap() = (docs, position);
    }

    /// From now on no read succeeds, or all do again.
    pub(crate) fn fails(&self, fails: bool) {
        *self.0.fails.lock().unwrap() = fails;
    }

    /// Another server made this document.
    pub(crate) fn created(&self, doc: Doc<Item>) {
        let sight = Sight::Documents { before: None, after: Some(doc.value.clone()) };
        let (id, rev) = (doc.value.id, doc.rev);
        let context = Context::of(Origin::Remote);
        let change = Change::new(Action::Create, id, (0, rev), rev, Body::Document(doc), sight, context);
        self.feed().fact(Arc::new(change));
    }

    fn readable(&self) -> Result<(), Error> {
        match *self.0.fails.lock().unwrap() {
            true => Err(Error::new(Code::Unavailable, "items: not now")),
            false => Ok(()),
        }
    }
}

impl Store<Item> for Facts {
    async fn open(&self, feed: Feed<Item>) -> Result<Opened, Error> {
        let _first = self.0.feed.set(feed);
        let position = self.0.held.lock().unwrap().1;
        Ok(Opened { store_epoch: 1, log_epoch: 1, position })
    }
    async fn commit(&self, batch: Vec<Write<Item>>) -> Vec<Result<Arc<Change<Item>>, Error>> {
        batch.iter().map(|_| Err(Error::new(Code::Unavailable, "items: only reads"))).collect()
    }
    async fn get(&self, id: &u64) -> Result<Option<Doc<Item>>, Error> {
        self.readable()?;
        Ok(self.0.held.lock().unwrap().0.iter().find(|doc| doc.value.id == *id).cloned())
    }
    async fn find(&self, query: &Query<Item>) -> Result<Found<Item>, Error> {
        self.readable()?;
        let (docs, position) = self.0.held.lock().unwrap().clone();
        let docs = docs.into_iter().filter(|doc| query.filter.matches(&doc.value)).collect();
        Ok(Found { docs, total: None, position })
    }
}
