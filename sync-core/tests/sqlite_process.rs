//! The SQLite store and other processes: a second one that writes, and one that is killed while it writes.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used)] // what helps a test may fail by panicking as the test may

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sync_core::backend::{Body, Change, Store};
use sync_core::model::Rev;
use sync_core::prelude::*;

#[derive(SyncModel, Clone, Debug, PartialEq)]
#[sync(backend = "counts")]
struct Count {
    #[sync(id)]
    id: String,
    value: i64,
    note: String,
}

struct Counts {
    registry: Registry,
    backend: Backend<Count>,
    store: SqliteStore<Count>,
}

async fn open(file: &Path) -> Counts {
    let store = SqliteStore::new(&Sqlite::open(file).unwrap());
    let backend = Backend::<Count>::builder().store(store.clone());
    let registry = Registry::builder().backend(backend).build().await.unwrap();
    Counts { backend: registry.backend(), registry, store }
}

const TASKS: usize = 8;

/// Not a test: what the other process does. Each write is told once it is acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the tests of this file, in a process of its own"]
async fn child() {
    let Ok(file) = std::env::var("SYNC_TEST_FILE") else { return };
    let run = std::env::var("SYNC_TEST_RUN").unwrap();
    let writes: i64 = std::env::var("SYNC_TEST_WRITES").unwrap().parse().unwrap();
    let counts = open(Path::new(&file)).await;
    let tell = |id: &str, value: i64, rev: Rev| {
        let line = format!("ack {id} {value} {rev}\n");
        std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
    };
    println!(); // the harness left its line open
    let tasks = (0..TASKS).map(|task| {
        let (backend, id) = (counts.backend.clone(), format!("{run}-{task}"));
        async move {
            let new = Count { id: id.clone(), value: 0, note: "x".repeat(300) };
            tell(&id, 0, backend.create(new).await.unwrap().rev());
            for value in 1..=writes {
                let patch = CountPatch::default().with(Count::VALUE, value);
                tell(&id, value, backend.update(id.clone(), patch).await.unwrap().rev);
            }
        }
    });
    futures_util::future::join_all(tasks).await;
}

fn spawn(file: &Path, run: usize, writes: i64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--ignored", "--nocapture"])
        .env("SYNC_TEST_FILE", file)
        .env("SYNC_TEST_RUN", run.to_string())
        .env("SYNC_TEST_WRITES", writes.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The last acknowledged value and revision of each document.
type Acks = BTreeMap<String, (i64, Rev)>;

fn acks(child: &mut Child) -> std::thread::JoinHandle<Acks> {
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || {
        let mut acks = Acks::new();
        let mut line = String::new();
        while lines.read_line(&mut line).unwrap() > 0 {
            // A line that the kill cut off was not told.
            if let Some(ack) = line.strip_prefix("ack ").and_then(|line| line.strip_suffix('\n')) {
                let mut words = ack.split(' ');
                let id = words.next().unwrap().to_owned();
                let value = words.next().unwrap().parse().unwrap();
                acks.insert(id, (value, words.next().unwrap().parse().unwrap()));
            }
            line.clear();
        }
        acks
    })
}

/// What the log alone makes.
#[derive(Default)]
struct Replay {
    docs: BTreeMap<String, (Count, Rev)>,
    position: u64,
}

impl Replay {
    fn apply(&mut self, change: &Change<Count>) {
        assert_eq!(change.position, self.position + 1, "{change:?}");
        assert_eq!(change.rev, change.position);
        self.position = change.position;
        match &change.body {
            Body::Document(doc) => {
                let before = self.docs.insert(change.id.clone(), ((*doc.value).clone(), change.rev));
                assert!(before.is_none(), "{change:?}");
            }
            Body::Patch(patch) => {
                let (doc, rev) = self.docs.get_mut(&change.id).unwrap();
                assert_eq!(*rev, change.prev);
                doc.apply(patch);
                *rev = change.rev;
            }
            Body::Gone => unreachable!("nobody deletes here"),
        }
    }

    async fn assert_is_stored(&self, counts: &Counts) {
        let stored = counts.backend.all().await.unwrap();
        assert_eq!(stored.len(), self.docs.len());
        for count in stored {
            assert_eq!(self.docs[&count.id], ((*count).clone(), count.rev()));
        }
    }
}

#[tokio::test]
async fn a_second_process_reaches_the_first_ones_subscribers_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counts.db");
    let counts = open(&file).await;
    let mut events = counts.backend.subscribe();
    let mut child = spawn(&file, 0, 60);
    let acks = acks(&mut child);
    // The first one writes as well.
    let mine = Count { id: "mine".into(), value: 0, note: String::new() };
    counts.backend.create(mine).await.unwrap();
    for value in 1..=60 {
        counts.backend.update("mine", CountPatch::default().with(Count::VALUE, value)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let acks = tokio::task::spawn_blocking(|| acks.join().unwrap()).await.unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(acks.len(), TASKS);
    let last = acks.values().map(|(_, rev)| *rev).max().unwrap();
    let mut replay = Replay::default();
    let mut theirs = 0;
    let all = (TASKS as u64 + 1) * 61;
    while replay.position < all {
        let event = tokio::time::timeout(Duration::from_secs(5), events.next()).await;
        let event = event.expect("the changes arrive").unwrap();
        let change = event.change().expect("no reset");
        theirs += u64::from(change.origin() == Origin::Remote);
        replay.apply(change);
    }
    assert!(replay.position >= last);
    assert_eq!(theirs, TASKS as u64 * 61);
    replay.assert_is_stored(&counts).await;
    assert!(events.try_next().is_none());
    let stats = counts.backend.hub().stats();
    assert_eq!((stats.duplicates, stats.held, stats.repairs, stats.resets), (0, 0, 0, 0));
}

#[tokio::test]
async fn every_acknowledged_write_survives_fifty_kills() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counts.db");
    let mut replay = Replay::default();
    let mut epochs = None;
    let mut told = 0;
    for run in 0..50 {
        let mut child = spawn(&file, run, i64::MAX);
        let acks = acks(&mut child);
        tokio::time::sleep(Duration::from_millis(30 + (run as u64 * 37) % 90)).await;
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        let acks = tokio::task::spawn_blocking(|| acks.join().unwrap()).await.unwrap();

        let counts = open(&file).await;
        let cursor = counts.backend.cursor();
        let epoch = (cursor.epoch, counts.backend.hub().store_epoch());
        assert_eq!(*epochs.get_or_insert(epoch), epoch, "the log goes on");
        let changes = counts.store.changes_after(replay.position, usize::MAX).await.unwrap();
        changes.expect("the log reaches back").iter().for_each(|change| replay.apply(change));
        assert_eq!(replay.position, cursor.position);
        replay.assert_is_stored(&counts).await;
        for (id, (value, rev)) in &acks {
            let stored = counts.backend.fetch(id.clone()).await.unwrap();
            assert!(stored.value >= *value && stored.rev() >= *rev, "{id}: {value} at {rev}, not {stored:?}");
        }
        told += acks.values().map(|(value, _)| value + 1).sum::<i64>();
        counts.registry.shutdown().await;
    }
    println!("{told} acknowledged writes, {} in the log", replay.position);
    assert!(told > 500, "only {told} writes were acknowledged in all: the kills came too early");
}

/// A killed process loses nothing that it handed to the system, so kills alone would not notice a store that
/// never waits for the disk. The system's own record does.
#[cfg(target_os = "linux")] // strace
#[test]
fn every_acknowledgement_follows_a_sync() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("calls");
    let traced = Command::new("strace")
        .args(["-f", "-s", "64", "-e", "trace=fdatasync,fsync,write", "-o"])
        .arg(&record)
        .arg(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--ignored", "--nocapture"])
        .env("SYNC_TEST_FILE", folder.path().join("counts.db"))
        .env("SYNC_TEST_RUN", "0")
        .env("SYNC_TEST_WRITES", "50")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let traced = traced.expect("strace is there: `scripts/test` installs it");
    assert!(traced.success(), "strace may not trace here, or the traced writer failed: {traced}");
    let (mut syncs, mut acks) = (0, 0);
    let mut synced_before: BTreeMap<String, i32> = BTreeMap::new();
    for line in std::fs::read_to_string(record).unwrap().lines() {
        if line.contains("sync") && line.ends_with("= 0") {
            syncs += 1;
        } else if let Some((_, ack)) = line.split_once("\"ack ") {
            let id = ack.split(' ').next().unwrap().to_owned();
            let before = synced_before.insert(id, syncs).unwrap_or(0);
            assert!(syncs > before, "{line}: no sync since the last answer");
            acks += 1;
        }
    }
    assert_eq!(acks, TASKS * 51);
    println!("{acks} acknowledgements, {syncs} syncs");
}
