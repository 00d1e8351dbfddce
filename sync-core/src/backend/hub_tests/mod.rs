//! The hub against a reference model: what was committed, and what a reader may conclude from what it gets.

mod edges;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::SyncModel;
use crate::backend::change::{Action, Body, Change, Sight};
use crate::backend::context::Context;
use crate::backend::cursor::Cursor;
use crate::backend::event::{Event, Interest};
use crate::backend::held::HOLD;
use crate::backend::hub::{Hub, HubStats, Reread};
use crate::backend::ledger::Missed;
use crate::backend::store::{Boxed, Opened};
use crate::backend::subscription::Subscription;
use crate::error::Error;
use crate::model::{Doc, ModelPatch as _, Rev};
use crate::testing::Dice;

#[derive(SyncModel, Clone, Debug, PartialEq)]
#[sync(backend = "counts")]
struct Count {
    #[sync(id)]
    id: u32,
    n: i64,
}

/// What is committed so far, which a re-read sees.
#[derive(Default)]
struct Store(Mutex<BTreeMap<u32, Doc<Count>>>);

impl Reread<Count> for Store {
    fn reread(&self, id: u32) -> Boxed<'_, Result<Option<Doc<Count>>, Error>> {
        let found = self.0.lock().unwrap().get(&id).cloned();
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(3)).await;
            Ok(found)
        })
    }
}

/// A history that commits document by document, and numbers as SQLite does: revision = position.
#[derive(Default)]
struct History {
    store: Arc<Store>,
    last: BTreeMap<u32, Rev>,
    position: u64,
}

impl History {
    fn commit(&mut self, id: u32, delete: bool) -> Arc<Change<Count>> {
        self.position += 1;
        let rev = self.position;
        let prev = self.last.insert(id, rev).unwrap_or(0);
        let mut docs = self.store.0.lock().unwrap();
        let before = docs.remove(&id).map(|doc| doc.value);
        let value = Arc::new(Count { id, n: rev as i64 });
        let after = (!(delete && before.is_some())).then(|| value.clone());
        let doc = after.clone().map(|value| Doc { value, extra: None, rev });
        let (action, body) = match (&before, &doc) {
            (Some(_), Some(_)) => {
                (Action::Update, Body::Patch(Arc::new(CountPatch::default().with(Count::N, rev as i64))))
            }
            (None, Some(doc)) => (Action::Create, Body::Document(doc.clone())),
            (_, None) => (Action::Delete, Body::Gone),
        };
        docs.extend(doc.map(|doc| (id, doc)));
        let sight = Sight::Documents { before, after };
        Arc::new(Change::new(action, id, (prev, rev), rev, body, sight, Context::server()))
    }
}

fn hub(history: &History) -> Arc<Hub<Count>> {
    let hub = Hub::new(tokio::runtime::Handle::current());
    hub.opened(Opened { store_epoch: 1, log_epoch: 1, position: 0 });
    let store: Arc<dyn Reread<Count>> = history.store.clone();
    hub.reread_with(Arc::downgrade(&store));
    hub
}

/// A reader's copies, kept by the rule alone; whatever does not fit is a broken promise.
#[derive(Clone, Debug, Default)]
struct Reader {
    copies: BTreeMap<u32, (Rev, Option<i64>)>,
}

impl Reader {
    /// `again`: a returning reader may get what it has; one that stays may not.
    fn take(&mut self, change: &Change<Count>, again: bool) {
        let (rev, value) = self.copies.get(&change.id).copied().unwrap_or((0, None));
        if again && change.rev <= rev {
            return;
        }
        assert!(change.rev > rev, "revision {} came after {rev}", change.rev);
        let value = match &change.body {
            Body::Patch(patch) => {
                assert!(rev == change.prev && value.is_some(), "{change:?} came on top of {rev}");
                patch.get(Count::N).copied()
            }
            Body::Document(doc) => {
                assert_eq!(doc.rev, change.rev);
                Some(doc.value.n)
            }
            Body::Gone => None,
        };
        self.copies.insert(change.id, (change.rev, value));
    }

    fn follow(&mut self, events: &mut Subscription<Count>) {
        while let Some(event) = events.try_next() {
            let Event::Change(change) = event else { panic!("nothing was lost, and yet {event:?}") };
            self.take(&change, false);
        }
    }

    fn holds(&self, history: &History) {
        let docs = history.store.0.lock().unwrap();
        for (id, rev) in &history.last {
            let stored = docs.get(id).map(|doc| doc.value.n);
            let (at, copy) = self.copies.get(id).copied().unwrap_or((0, None));
            assert_eq!(copy, stored, "document {id} at {rev}, the copy at {at}");
        }
    }
}

/// Brings the changes out of order, doubles some, and drops some that later ones follow.
fn disturbed(
    changes: Vec<Arc<Change<Count>>>,
    dice: &mut Dice,
    drops: bool,
) -> (Vec<Arc<Change<Count>>>, usize) {
    let last: BTreeMap<u32, Rev> = changes.iter().map(|change| (change.id, change.rev)).collect();
    let mut out: Vec<Arc<Change<Count>>> = Vec::new();
    let mut dropped = 0;
    for change in changes {
        // A document's first change is not dropped: nothing would tell the hub that it is missing.
        if drops && change.prev > 0 && last[&change.id] > change.rev && dice.once_in(8) {
            dropped += 1;
            continue;
        }
        let at = out.len().saturating_sub(if dice.once_in(3) { dice.below(6) } else { 0 });
        // The first one is not overtaken: an unknown document is delivered at once.
        let at =
            out.iter().rposition(|c| c.id == change.id && c.prev == 0).map_or(at, |first| at.max(first + 1));
        out.insert(at, change.clone());
        if dice.once_in(5) {
            out.insert(at + 1 + dice.below(out.len() - at), change);
        }
    }
    (out, dropped)
}

async fn random_history(seed: u64, drops: bool) -> HubStats {
    let mut dice = Dice::new(seed);
    let mut history = History::default();
    let hub = hub(&history);
    let mut events = hub.subscribe(Interest::All);
    let mut reader = Reader::default();
    let mut away: Option<(Reader, Cursor)> = None;
    let mut gaps = 0;
    for _ in 0..4 {
        let count = 1 + dice.below(25);
        let changes: Vec<_> =
            (0..count).map(|_| history.commit(dice.below(4) as u32, dice.once_in(6))).collect();
        let (changes, dropped) = disturbed(changes, &mut dice, drops);
        gaps += dropped;
        for change in changes {
            hub.accept(change);
            if dice.once_in(10) {
                tokio::time::advance(Duration::from_millis(dice.below(40) as u64)).await;
            }
            if dice.once_in(7) {
                reader.follow(&mut events);
                returns(&hub, &mut away, &reader, &mut dice);
            }
        }
        tokio::time::sleep(HOLD * 3).await;
        reader.follow(&mut events);
        reader.holds(&history);
        returns(&hub, &mut away, &reader, &mut dice);
    }
    let stats = hub.stats();
    assert_eq!((stats.resets, stats.overflows), (0, 0));
    let position = hub.cursor().position;
    match gaps {
        0 => assert_eq!((stats.repairs, position), (0, history.position), "nothing was missing"),
        _ => assert!(position < history.position, "the mark passed a position that never came"),
    }
    stats
}

/// Somebody leaves with a cursor, and comes back: with what it missed it has what the one who stayed has.
fn returns(hub: &Arc<Hub<Count>>, away: &mut Option<(Reader, Cursor)>, stayed: &Reader, dice: &mut Dice) {
    match away.take() {
        Some((mut back, cursor)) => {
            let (_events, missed) = hub.subscribe_from(Interest::All, Some(cursor));
            let Missed::Changes(missed) = missed else { panic!("{cursor} gives {missed:?}") };
            assert!(missed.iter().all(|change| change.position > cursor.position), "more than was missed");
            missed.iter().for_each(|change| back.take(change, true));
            assert_eq!(back.copies, stayed.copies, "the one that left at {cursor} came back to less");
        }
        None if dice.once_in(2) => *away = Some((stayed.clone(), hub.cursor())),
        None => {}
    }
}

/// Two thousand histories; gives how often a change waited, and how often a document was read.
async fn histories(first: u64, drops: bool) -> (u64, u64) {
    let (mut held, mut repairs) = (0, 0);
    for seed in first..first + 2_000 {
        eprintln!("seed {seed}");
        let stats = random_history(seed, drops).await;
        held += stats.held;
        repairs += stats.repairs;
    }
    (held, repairs)
}

#[tokio::test(start_paused = true)]
async fn histories_out_of_order_are_delivered_in_order_without_a_read() {
    let (held, repairs) = histories(0, false).await;
    assert!(held > 5_000 && repairs == 0, "{held} waited, {repairs} were read");
}

#[tokio::test(start_paused = true)]
async fn histories_with_gaps_are_delivered_with_documents_over_them() {
    let (held, repairs) = histories(10_000, true).await;
    assert!(held > 5_000 && repairs > 1_000, "{held} waited, {repairs} were read");
}
