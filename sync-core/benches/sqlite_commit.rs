//! Acknowledged durable writes per second: 64 concurrent writers through a backend on `SqliteStore`, against
//! plain rusqlite with one transaction per write, by one thread and by 64 that contend.
//!
//! All three write the same rows (a document of 400 bytes patched, a row of the change log) to a file on the
//! same disk, in WAL mode with `synchronous = FULL`; they take turns, and the ratio is the median of rounds.
//!
//! `cargo bench -p sync-core --bench sqlite_commit`
#![allow(clippy::print_stdout)] // a bench speaks to the one who runs it

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use sync_core::prelude::*;

const WRITERS: usize = 64;
const DOCS_PER_WRITER: usize = 16;
const ROUNDS: usize = 7;
/// Writes per round: as many as take each about a second.
const GROUPED: usize = 24_000;
const PLAIN: usize = 3_000;

#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "lists")]
struct List {
    #[sync(id)]
    id: String,
    name: String,
    #[sync(facet)]
    owner: String,
    views: i64,
    text: String,
}

fn list(id: &str) -> List {
    let text = "All work and no play makes a dull list. ".repeat(8)[..300].to_owned();
    List { id: id.into(), name: "Groceries".into(), owner: "ann".into(), views: 0, text }
}

fn id(writer: usize, n: usize) -> String {
    format!("list-{writer:02}-{:02}", n % DOCS_PER_WRITER)
}

fn main() {
    // On the disk of the build directory: /tmp is memory on many machines, and memory syncs for free.
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sqlite_commit");
    let _old = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the build directory can be written to");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts");
    let ours = runtime.block_on(open(&folder.join("ours.db")));
    let plain = folder.join("plain.db");
    prepare_plain(&plain);

    let (mut of_one, mut of_many) = (Vec::new(), Vec::new());
    println!("writes per second, {WRITERS} writers   grouped   plain, 1 thread   plain, {WRITERS} threads");
    for round in 0..=ROUNDS {
        let grouped = runtime.block_on(grouped(&ours));
        let one = plain_writes(&plain, 1);
        let many = plain_writes(&plain, WRITERS);
        let warm_up = if round == 0 { "   (warm-up)" } else { "" };
        println!("{:>40.0} {one:>17.0} {many:>20.0}{warm_up}", grouped);
        if round > 0 {
            of_one.push(grouped / one);
            of_many.push(grouped / many);
        }
    }
    report("one thread", &mut of_one, 6.0);
    report("64 contending threads", &mut of_many, 10.0);
    runtime.block_on(async { Registry::installed().expect("it was installed").shutdown().await });
}

fn report(against: &str, ratios: &mut [f64], target: f64) {
    ratios.sort_by(f64::total_cmp);
    let (least, most) = (ratios[0], ratios[ratios.len() - 1]);
    let median = ratios[ratios.len() / 2];
    println!(
        "against {against}: {median:.1}x (median of {}, {least:.1}-{most:.1}; target {target}x)",
        ratios.len()
    );
}

async fn open(path: &Path) -> Backend<List> {
    let store = SqliteStore::new(&Sqlite::open(path).expect("the file opens"));
    let registry = Registry::builder().backend(Backend::<List>::builder().store(store));
    let registry = registry.build().await.expect("the registry builds");
    registry.install();
    let lists = registry.backend::<List>();
    let all = (0..WRITERS).flat_map(|writer| (0..DOCS_PER_WRITER).map(move |n| list(&id(writer, n))));
    for created in lists.create_many(all).await {
        created.expect("the list is new");
    }
    lists
}

/// Each writer waits for its answer, as a request handler does, before it writes again.
async fn grouped(lists: &Backend<List>) -> f64 {
    let start = Instant::now();
    let tasks: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let lists = lists.clone();
            tokio::spawn(async move {
                for n in 0..GROUPED / WRITERS {
                    let patch = ListPatch::default().with(List::VIEWS, n as i64);
                    lists.update(id(writer, n), patch).await.expect("the write is committed");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("the task ends");
    }
    GROUPED as f64 / start.elapsed().as_secs_f64()
}

fn connect(path: &Path) -> Connection {
    let conn = Connection::open(path).expect("the file opens");
    conn.busy_timeout(Duration::from_secs(60)).expect("a time-out is set");
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 10000",
    )
    .expect("the pragmas hold");
    conn
}

fn prepare_plain(path: &Path) {
    let conn = connect(path);
    conn.execute_batch(
        "CREATE TABLE lists (id TEXT PRIMARY KEY NOT NULL, rev INTEGER NOT NULL, doc TEXT NOT NULL) STRICT;
         CREATE TABLE lists_changes (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, action TEXT NOT NULL,
            prev INTEGER NOT NULL, body TEXT, before TEXT, after TEXT, writer INTEGER NOT NULL,
            origin TEXT NOT NULL, session TEXT, n INTEGER, channel TEXT) STRICT;
         CREATE INDEX owner ON lists (doc ->> '$.owner', id);
         BEGIN",
    )
    .expect("the tables are made");
    for writer in 0..WRITERS {
        for n in 0..DOCS_PER_WRITER {
            let id = id(writer, n);
            conn.execute("INSERT INTO lists VALUES (?1, 0, ?2)", params![id, text(&id, 0)])
                .expect("a new row");
        }
    }
    conn.execute_batch("COMMIT").expect("the rows are committed");
}

fn text(id: &str, views: usize) -> String {
    let List { name, owner, text, .. } = list(id);
    format!(r#"{{"id":"{id}","name":"{name}","owner":"{owner}","views":{views},"text":"{text}"}}"#)
}

/// The least that one can do by hand: no reading, no merging, no subscribers.
fn plain_writes(path: &Path, threads: usize) -> f64 {
    let next = Arc::new(AtomicUsize::new(0));
    // Connections and statements are made before the clock starts.
    let ready = Arc::new(std::sync::Barrier::new(threads + 1));
    let handles: Vec<_> = (0..threads)
        .map(|thread| {
            let (path, next, ready) = (path.to_owned(), next.clone(), ready.clone());
            std::thread::spawn(move || {
                let conn = connect(&path);
                ready.wait();
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= PLAIN {
                        return;
                    }
                    plain_write(&conn, &id(if threads == 1 { n % WRITERS } else { thread }, n), n);
                }
            })
        })
        .collect();
    ready.wait();
    let start = Instant::now();
    handles.into_iter().for_each(|handle| handle.join().expect("the thread ends"));
    PLAIN as f64 / start.elapsed().as_secs_f64()
}

fn plain_write(conn: &Connection, id: &str, n: usize) {
    let run = || {
        conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        conn.prepare_cached("UPDATE lists SET rev = rev + 1, doc = ?2 WHERE id = ?1")?
            .execute(params![id, text(id, n)])?;
        conn.prepare_cached(
            "INSERT INTO lists_changes (id, action, prev, body, after, writer, origin)
             VALUES (?1, 'update', ?2, ?3, '{\"owner\":\"ann\"}', 1, 'server')",
        )?
        .execute(params![id, n as i64, format!("{{\"views\":{n}}}")])?;
        conn.prepare_cached("COMMIT")?.execute([])?;
        Ok::<(), rusqlite::Error>(())
    };
    run().expect("the write is committed");
}
