//! The embedded store across processes: killed in the middle of writes, and written by two at once.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use sync_core::backend::{Body, Cursor};
use sync_core::prelude::*;
use system_tests::counters::{COUNTERS, Counter, CounterPatch, open};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

fn writer(file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counter_writer"));
    command.arg(file).stdout(Stdio::piped()).kill_on_drop(true);
    command
}

/// Acknowledged writes: id, value, revision.
fn acknowledged(output: &str) -> impl Iterator<Item = (u32, i64, u64)> + '_ {
    output.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(|line| {
        let mut parts = line.split_whitespace();
        let mut next = || parts.next().and_then(|part| part.parse().ok()).expect("three numbers a line");
        (next() as u32, next(), next() as u64)
    })
}

/// 50 times: every acknowledged write is there, the log goes on where it was, no revision comes twice.
#[tokio::test]
async fn a_writer_that_is_killed_loses_nothing_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counters.sqlite");
    let mut newest: HashMap<u32, (i64, u64)> = HashMap::new();
    let mut before: Option<Cursor> = None;
    let mut writes = 0;
    for round in 0..50 {
        let mut child = writer(&file).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let mut first = [0];
        out.read_exact(&mut first).await.unwrap(); // it writes
        tokio::time::sleep(Duration::from_millis(5 + round * 37 % 90)).await;
        child.start_kill().unwrap(); // SIGKILL
        let mut output = String::from(char::from(first[0]));
        out.read_to_string(&mut output).await.unwrap();
        child.wait().await.unwrap();

        for (id, value, rev) in acknowledged(&output) {
            let (last_value, last_rev) = newest.insert(id, (value, rev)).unwrap_or((-1, 0));
            assert!(rev > last_rev, "round {round}: counter {id} went from revision {last_rev} to {rev}");
            assert!(value > last_value, "round {round}: counter {id} went from {last_value} to {value}");
            writes += 1;
        }

        let (registry, counters) = open(&file).await.unwrap();
        for (id, (value, rev)) in &mut newest {
            let counter = counters.fetch(*id).await.unwrap();
            assert!(
                counter.value >= *value && counter.rev() >= *rev,
                "round {round}: counter {id} lost a write"
            );
            // A write that was committed and not yet acknowledged counts from now on.
            (*value, *rev) = (counter.value, counter.rev());
        }
        let cursor = counters.cursor();
        if let Some(before) = before {
            assert_eq!(before.epoch, cursor.epoch, "round {round}: the log began anew");
            let (missed, _) = counters.subscribe_from(before).await.unwrap();
            let missed = missed.expect("the log reaches back to the last round");
            let positions = missed.iter().map(|change| change.position);
            assert!(positions.eq(before.position + 1..=cursor.position), "round {round}: the log has a gap");
        }
        before = Some(cursor);
        registry.shutdown().await;
    }
    assert!(writes > 1_000, "only {writes} writes were acknowledged in 50 rounds: too few to prove anything");
    println!("{writes} acknowledged writes, none lost");
}

#[tokio::test]
async fn a_second_process_is_heard_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counters.sqlite");
    let (_registry, counters) = open(&file).await.unwrap();
    let mine = counters.create(Counter { id: 1_000, value: 0, text: String::new() }).await.unwrap();
    let mut events = counters.subscribe();
    let mut child = writer(&file).arg("25").spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    // Writes of this process, in between.
    let own = tokio::spawn({
        let (counters, id) = (counters.clone(), mine.id);
        async move {
            for value in 1..=25 {
                let patch = CounterPatch::default().with(Counter::VALUE, value);
                counters.update(id, patch).await.unwrap();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    let mut output = String::new();
    out.read_to_string(&mut output).await.unwrap();
    assert!(child.wait().await.unwrap().success());
    own.await.unwrap();

    let theirs = (COUNTERS * 26) as usize;
    let mut heard: HashMap<u32, Vec<(i64, u64)>> = HashMap::new();
    for _ in 0..theirs + 25 {
        let event =
            tokio::time::timeout(Duration::from_secs(10), events.next()).await.expect("a change is missing");
        let change = event.unwrap().change().expect("nothing was lost, so there is no reset").clone();
        let origin = if change.id == mine.id { Origin::Server } else { Origin::Remote };
        assert_eq!(change.origin(), origin);
        let value = match &change.body {
            Body::Document(doc) => doc.value.value,
            Body::Patch(patch) => *patch.get(Counter::VALUE).expect("each update writes the value"),
            Body::Gone => panic!("nothing was deleted"),
        };
        heard.entry(change.id).or_default().push((value, change.rev));
    }
    assert!(events.try_next().is_none(), "a change came twice");
    let mut told: HashMap<u32, Vec<(i64, u64)>> = HashMap::new();
    acknowledged(&output).for_each(|(id, value, rev)| told.entry(id).or_default().push((value, rev)));
    let own = heard.remove(&mine.id).unwrap();
    assert!(own.iter().map(|(value, _)| *value).eq(1..=25));
    assert_eq!(heard, told);
    assert_eq!(counters.hub().stats().repairs, 0);
}
