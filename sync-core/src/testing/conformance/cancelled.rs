//! Obligation 9: whoever drops a future drops the answer, and neither the commit nor its feed.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use uuid::Uuid;

use super::Setup;
use super::models::{Specimen, SpecimenPatch};
use super::rig::{Rig, update};
use crate::SyncModel as _;
use crate::backend::{Body, Change, Request, Write};
use crate::model::ModelPatch as _;

const ID: Uuid = Uuid::from_u128(1);

fn count(n: i64) -> SpecimenPatch {
    SpecimenPatch::default().with(Specimen::COUNT, n)
}

/// Polls the future at most this often, leaves others time in between, and drops it.
async fn abandoned(mut future: Pin<Box<dyn Future<Output = ()> + Send + '_>>, polls: usize) {
    for n in 0..polls {
        if poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await {
            return;
        }
        match n % 3 {
            2 => tokio::time::sleep(Duration::from_millis(1)).await,
            _ => tokio::task::yield_now().await,
        }
    }
}

/// Once all is quiet, the feed must lead to the stored document without a gap.
async fn complete(rig: &mut Rig<Specimen>, first: Arc<Change<Specimen>>) {
    let (mut value, mut rev) = (Specimen::empty(ID), first.rev);
    let mut quiet = 0;
    while quiet < 10 {
        let fed = rig.fed();
        quiet = if fed.is_empty() { quiet + 1 } else { 0 };
        for change in fed {
            if change.rev == first.rev {
                continue;
            }
            owed!(
                9,
                change.prev == rev,
                "after revision {rev} the feed gave {change:?}: a commit was hidden"
            );
            match &change.body {
                Body::Patch(patch) => value.apply(patch),
                Body::Document(doc) => value = (*doc.value).clone(),
                Body::Gone => super::rig::broken(9, "an update is told as a delete"),
            }
            rev = change.rev;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let held = rig.backend.hub().stats().held;
    owed!(9, held == 0, "{held} changes came on top of a commit that was not fed");
    let doc = rig.doc(&ID).await;
    owed!(
        9,
        doc.rev == rev,
        "the feed ends at revision {rev}, the document is at {}: a commit was hidden",
        doc.rev
    );
    let (told, stored) = (value.count, doc.value.count);
    owed!(9, told == stored, "the feed ends at count {told}, the document has {stored}");
    rig.nothing_repaired();
}

pub(super) async fn a_dropped_write_is_fed_or_was_not_committed<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "a_dropped_write_is_fed_or_was_not_committed").await;
    let first = rig.create(&Specimen::empty(ID)).await;
    for round in 0..60 {
        let backend = rig.backend.clone();
        let write = Box::pin(async move { drop(backend.update(ID, count(round)).await) });
        abandoned(write, round as usize % 6).await;
    }
    complete(&mut rig, first).await;
}

pub(super) async fn a_dropped_commit_of_a_store_that_allows_it<S: Setup>(setup: &S) {
    let mut rig = Rig::<Specimen>::open(setup, "a_dropped_commit_of_a_store_that_allows_it").await;
    if rig.store().runs_detached() {
        return;
    }
    let first = rig.create(&Specimen::empty(ID)).await;
    for round in 0..60 {
        let store = rig.store();
        let write = |n| {
            let request = Request::new(update::<Specimen>(&ID, count(n)));
            Write::from_request(request).expect("an update is a write")
        };
        let batch = vec![write(round), write(round + 1_000)];
        abandoned(Box::pin(async move { drop(store.commit(batch).await) }), round as usize % 6).await;
    }
    complete(&mut rig, first).await;
}
