//! The hub at its bounds, and what was wrong there once.

use std::time::Duration;

use super::{History, Reader, hub};
use crate::backend::event::Interest;
use crate::backend::held::{HOLD, IN_ALL, PER_ID};
use crate::backend::hub::Hub;
use crate::backend::ledger::{AHEAD, LOG, Missed};
use crate::backend::store::Opened;

/// A patch that filled its gap in time left a timer behind, which read the document for a later gap at once.
#[tokio::test(start_paused = true)]
async fn each_gap_has_its_own_hundred_milliseconds() {
    let mut history = History::default();
    let hub = hub(&history);
    let changes: Vec<_> = (0..5).map(|_| history.commit(1, false)).collect();
    hub.accept(changes[0].clone());
    hub.accept(changes[2].clone());
    tokio::time::sleep(HOLD - Duration::from_millis(10)).await;
    hub.accept(changes[4].clone());
    hub.accept(changes[1].clone());
    tokio::time::sleep(HOLD - Duration::from_millis(20)).await;
    assert_eq!((hub.stats().repairs, hub.stats().delivered), (0, 3), "the second gap has time left");
    hub.accept(changes[3].clone());
    tokio::time::sleep(HOLD * 2).await;
    assert_eq!((hub.stats().repairs, hub.stats().delivered), (0, 5));
}

/// Past its bound every further change of the document started one more read of it.
#[tokio::test(start_paused = true)]
async fn too_many_of_one_document_are_one_read_now() {
    let mut history = History::default();
    let hub = hub(&history);
    let mut events = hub.subscribe(Interest::All);
    let first = history.commit(1, false);
    let _lost = history.commit(1, false);
    hub.accept(first);
    for _ in 0..PER_ID + 20 {
        hub.accept(history.commit(1, false));
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    let stats = hub.stats();
    assert_eq!((stats.repairs, stats.delivered), (1, 2), "the first change, and the document");
    let mut reader = Reader::default();
    reader.follow(&mut events);
    reader.holds(&history);
    // What came with the next one is a patch on top of the document again.
    hub.accept(history.commit(1, false));
    reader.follow(&mut events);
    reader.holds(&history);
}

#[tokio::test(start_paused = true)]
async fn too_many_of_all_documents_are_read_at_once() {
    let mut history = History::default();
    let hub = hub(&history);
    let each = PER_ID / 2;
    let documents = (IN_ALL / each) as u32 + 8;
    for id in 0..documents {
        hub.accept(history.commit(id, false));
        let _lost = history.commit(id, false);
    }
    for _ in 0..each {
        (0..documents).for_each(|id| hub.accept(history.commit(id, false)));
    }
    // Every document has one among those beyond the bound or waits its time; all are read once.
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(hub.stats().repairs > 0, "no time was left to those beyond the bound");
    tokio::time::sleep(HOLD * 2).await;
    assert_eq!(hub.stats().repairs, u64::from(documents));
    (0..documents).for_each(|id| assert_eq!(hub.last_rev(&id), history.last.get(&id).copied()));
}

/// A change that the store fed while it was being opened kept the log's mark below it for ever.
#[tokio::test(start_paused = true)]
async fn what_is_fed_while_a_store_opens_counts() {
    let history = History::default();
    let hub = Hub::new(tokio::runtime::Handle::current());
    let mut later = History { position: 10, ..history };
    hub.accept(later.commit(1, false));
    hub.opened(Opened { store_epoch: 1, log_epoch: 1, position: 10 });
    assert_eq!(hub.cursor().position, 11);
    hub.accept(later.commit(1, false));
    assert_eq!(hub.cursor().position, 12);
}

/// A returning reader was sent to the store for what the log had forgotten, and lost what had been delivered
/// above the log's mark: it is in neither answer.
#[tokio::test(start_paused = true)]
async fn what_was_delivered_early_is_missed_by_no_one() {
    let mut history = History::default();
    let hub = hub(&history);
    let left = hub.cursor();
    for _ in 0..LOG {
        hub.accept(history.commit(1, false));
    }
    let late = history.commit(2, false);
    let early = history.commit(3, false);
    hub.accept(early.clone());
    let (mut events, missed) = hub.subscribe_from(Interest::All, Some(left));
    let Missed::InStore { after, upto, early: delivered } = missed else { panic!("{missed:?}") };
    assert_eq!((after, upto), (0, LOG as u64));
    assert_eq!(delivered.iter().map(|change| change.position).collect::<Vec<_>>(), [early.position]);
    hub.accept(late.clone());
    let next = events.try_next().unwrap();
    assert_eq!(next.change().unwrap().position, late.position);
}

/// A position that never came kept every later one in memory, and every cursor below it.
#[tokio::test(start_paused = true)]
async fn a_position_that_never_comes_is_given_up() {
    let mut history = History::default();
    let hub = hub(&history);
    let mut events = hub.subscribe(Interest::All);
    let lost = history.commit(0, false);
    let left = hub.cursor();
    for n in 0..=AHEAD as u32 {
        hub.accept(history.commit(1 + n % 1_000, false));
        if n < AHEAD as u32 {
            while let Some(event) = events.try_next() {
                assert!(!event.is_reset(), "{n} changes are not too many");
            }
        }
    }
    assert!(events.try_next().unwrap().is_reset() && hub.stats().resets == 1);
    assert_eq!(hub.cursor().position, history.position);
    let (_events, missed) = hub.subscribe_from(Interest::All, Some(left));
    assert!(matches!(missed, Missed::InStore { .. }), "only the store can tell: {missed:?}");
    // Should it come after all, it is told as any other.
    hub.accept(lost);
    assert_eq!(events.try_next().unwrap().change().unwrap().id, 0);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_is_gone_is_told_as_gone() {
    let mut history = History::default();
    let hub = hub(&history);
    let mut events = hub.subscribe(Interest::All);
    hub.accept(history.commit(1, false));
    let _lost = history.commit(1, false);
    hub.accept(history.commit(1, false));
    let gone = history.commit(1, true);
    tokio::time::sleep(HOLD * 2).await;
    let mut reader = Reader::default();
    reader.follow(&mut events);
    reader.holds(&history);
    hub.accept(gone);
    reader.follow(&mut events);
    assert_eq!((hub.stats().repairs, hub.last_rev(&1)), (1, history.last.get(&1).copied()));
}
