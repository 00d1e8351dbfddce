//! Saves that something overtakes: an edit is sent once, and what was not edited is not sent at all.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use sync_core::Code;
use sync_core::backend::{Body, Change, Event, Next, Op, Reply, Request, Sight};
use sync_core::model::Doc;
use sync_core::prelude::*;

use super::common::{Halting, List, ListPatch, dropped_after, list, over};

/// A layer may alter what is read: here it masks a field. A model's own document was taken by the store as
/// it was wherever the revision fitted, masked field included: a save of the name wiped the note.
#[tokio::test]
async fn what_a_layer_masked_in_a_read_is_not_written_back() {
    async fn masking(request: Request<List>, next: Next<List>) -> Result<Reply<List>, Error> {
        let reply = next.run(request).await?;
        let Reply::Document(Some(doc)) = reply else { return Ok(reply) };
        let value = Arc::new(List { note: None, ..(*doc.value).clone() });
        Ok(Reply::Document(Some(Doc { value, ..doc })))
    }
    let backend = Backend::<List>::builder().with(AssignId::v7()).with_fn(masking).store(MemoryStore::new());
    let lists = Registry::builder().backend(backend).build().await.unwrap().backend::<List>();
    let one = lists.create(List { note: Some(Some("kept".into())), ..list() }).await.unwrap();
    let mut masked = lists.fetch(one.id).await.unwrap();
    assert_eq!(masked.note, None);
    masked.name = "Milk".into();
    masked.save().await.unwrap();
    let stored = lists.find(Filter::all()).first().await.unwrap().unwrap();
    assert_eq!((&*stored.name, &stored.note), ("Milk", &Some(Some("kept".into()))));
}

/// The save was dropped, and had been committed; then all edits were dropped as well. Settling the save
/// took the reverted document for an edit made since, and the next save wrote the old value back.
#[tokio::test]
async fn what_was_reverted_is_no_edit_of_a_dropped_save() {
    let lists = over(Halting(MemoryStore::new(), 1)).await;
    let mut one = lists.create(list()).await.unwrap();
    one.views = 1;
    assert!(!dropped_after(1, one.save()).await);
    one.revert();
    assert!(!one.is_changed());
    one.save().await.unwrap();
    assert_eq!((one.views, one.is_changed()), (1, false));
    assert_eq!(lists.fetch(one.id).await.unwrap().views, 1);
}

/// The save was dropped, and had been committed; somebody else then wrote the same field, and a whole
/// document told so. The model went on to take its own old edit for one that was still to be sent.
#[tokio::test]
async fn a_document_that_overtakes_a_dropped_save_wins() {
    let lists = over(Halting(MemoryStore::new(), 1)).await;
    let mut one = lists.create(list()).await.unwrap();
    let mut events = lists.subscribe();
    one.views = 1;
    assert!(!dropped_after(1, one.save()).await);
    events.next().await.unwrap();
    let theirs = lists.update(one.id, ListPatch::default().with(List::VIEWS, 9)).await.unwrap();
    // As a reader gets it that missed a change: the document is read and told whole.
    let value = theirs.document().unwrap().clone();
    let sight = Sight::Documents { before: None, after: Some(value.clone()) };
    let body = Body::Document(Doc { value, extra: None, rev: theirs.rev });
    let (revs, context) = ((theirs.prev, theirs.rev), sync_core::backend::Context::server());
    let whole = Change::new(Action::Update, one.id, revs, theirs.position, body, sight, context);
    assert!(one.apply(&Event::Change(Arc::new(whole))));
    assert_eq!((one.views, one.is_changed()), (9, false));
    one.save().await.unwrap();
    assert_eq!(lists.fetch(one.id).await.unwrap().views, 9);
}

/// A layer lost patience while the store was at it. The save waited for the outcome, took the commit as
/// its base, and then answered with an error that knew nothing of it.
#[tokio::test]
async fn an_error_carries_the_commit_that_came_after_it() {
    async fn impatient(request: Request<List>, next: Next<List>) -> Result<Reply<List>, Error> {
        let update = request.action() == Action::Update;
        let patience = Duration::from_millis(if update { 20 } else { 5_000 });
        tokio::time::timeout(patience, next.run(request))
            .await
            .unwrap_or_else(|_| Err(Error::new(Code::Unavailable, "lists: it took too long")))
    }
    struct Slow(MemoryStore<List>);
    impl sync_core::backend::Store<List> for Slow {
        async fn open(
            &self,
            feed: sync_core::backend::Feed<List>,
        ) -> Result<sync_core::backend::Opened, Error> {
            self.0.open(feed).await
        }
        async fn commit(
            &self,
            batch: Vec<sync_core::backend::Write<List>>,
        ) -> Vec<Result<Arc<Change<List>>, Error>> {
            tokio::time::sleep(Duration::from_millis(100)).await;
            self.0.commit(batch).await
        }
        async fn get(&self, id: &Uuid) -> Result<Option<Doc<List>>, Error> {
            self.0.get(id).await
        }
        async fn find(
            &self,
            query: &sync_core::Query<List>,
        ) -> Result<sync_core::backend::Found<List>, Error> {
            self.0.find(query).await
        }
    }
    let backend =
        Backend::<List>::builder().with(AssignId::v7()).with_fn(impatient).store(Slow(MemoryStore::new()));
    let lists = Registry::builder().backend(backend).build().await.unwrap().backend::<List>();
    let mut one = lists.create(list()).await.unwrap();
    one.views = 1;
    let error = one.save().await.unwrap_err();
    assert!(!one.is_changed());
    assert_eq!(error.committed::<List>().expect("it carries the commit").rev, one.rev());
}

/// A layer tried again before its first try had ended. The first was refused, and with it the slot said
/// that nothing was under way: the model did not wait for the second, and sent its edits once more.
#[tokio::test]
async fn a_second_try_that_is_under_way_is_waited_for() {
    async fn twice(request: Request<List>, next: Next<List>) -> Result<Reply<List>, Error> {
        if request.action() != Action::Update {
            return next.run(request).await;
        }
        // The first try asks for a revision that there is not, and is refused.
        let mut first = request.clone();
        if let Op::Update { expect, .. } = first.op_mut() {
            *expect = Some(1);
        }
        let mut first = std::pin::pin!(next.clone().run(first));
        let mut second = std::pin::pin!(next.run(request));
        let begin = |cx: &mut Context<'_>, it: Pin<&mut dyn Future<Output = _>>| {
            assert!(it.poll(cx).is_pending());
            Poll::Ready(())
        };
        std::future::poll_fn(|cx| begin(cx, first.as_mut())).await;
        // The second reaches the store while the first is there.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        std::future::poll_fn(|cx| begin(cx, second.as_mut())).await;
        assert!(first.await.is_err());
        std::future::pending().await
    }
    let store = Halting(MemoryStore::new(), 20);
    let backend = Backend::<List>::builder().with(AssignId::v7()).with_fn(twice).store(store);
    let lists = Registry::builder().backend(backend).build().await.unwrap().backend::<List>();
    let mut one = lists.create(list()).await.unwrap();
    let mut events = lists.subscribe();
    one.views = 1;
    assert!(!dropped_after(26, one.save()).await);
    assert!(events.try_next().is_none(), "the second is still under way");
    one.refresh().await.unwrap();
    assert!(!one.is_changed(), "what is under way is settled first");
    assert!(events.try_next().is_some() && events.try_next().is_none());
}
