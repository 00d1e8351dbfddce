//! One store's tables: their names and statements, and where their log stands.
//!
//! Only the writer thread moves the position; `pending` is that of the transaction under way, `settled`
//! that of the last one committed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::connection::{failed, quoted};
use super::log;
use super::schema::random;
use crate::backend::{Feed, Opened};
use crate::error::{Code, Error};
use crate::model::{Doc, FieldSet, Input, Refusal, Rev, SyncModel, SyncValue, Value, View, decode_doc};

/// How many changes the log keeps, unless the store says otherwise.
pub(super) const LOG_ROWS: u64 = 100_000;
/// How many changes another process may have made before we read them in steps.
const STEP: usize = 1_000;

/// The tables of one model.
pub(super) struct Table<M: SyncModel> {
    pub(super) name: String,
    pub(super) sql: Statements,
    /// How many changes the log keeps.
    pub(super) keep: u64,
    /// Which process wrote a row of the log: this one's number.
    pub(super) writer: i64,
    pub(super) feed: OnceLock<Feed<M>>,
    /// Fields that once had values of another kind, which SQL would compare as they stand.
    pub(super) mixed: OnceLock<FieldSet>,
    /// What each field reads as where a document lacks it; `None` where that could not be found out.
    pub(super) defaults: OnceLock<Vec<Option<Value>>>,
    /// The writer no longer follows the table.
    pub(super) closed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    settled: Tail,
    pending: Tail,
    store_epoch: u64,
    log_epoch: u64,
}

/// The log's two ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// The last position.
    pub(super) position: u64,
    /// The last position that was trimmed away.
    pub(super) forgotten: u64,
}

/// The statements that run all the time, written once.
pub(super) struct Statements {
    pub(super) table: String,
    pub(super) changes: String,
    pub(super) gone: String,
    pub(super) read: String,
    pub(super) create: String,
    pub(super) update: String,
    pub(super) delete: String,
    pub(super) gone_put: String,
    pub(super) gone_take: String,
    pub(super) log_insert: String,
    pub(super) log_read: String,
    pub(super) position: String,
}

impl Statements {
    fn of(name: &str) -> Self {
        let table = quoted(name);
        let changes = quoted(&format!("{name}_changes"));
        let gone = quoted(&format!("{name}_gone"));
        Statements {
            read: format!("SELECT rowid, rev, doc FROM {table} WHERE id = ?1"),
            create: format!("INSERT INTO {table} (id, rev, doc) VALUES (?1, ?2, ?3)"),
            update: format!("UPDATE {table} SET rev = ?2, doc = ?3 WHERE rowid = ?1"),
            delete: format!("DELETE FROM {table} WHERE rowid = ?1"),
            gone_put: format!("INSERT OR REPLACE INTO {gone} (id, rev) VALUES (?1, ?2)"),
            gone_take: format!("DELETE FROM {gone} WHERE id = ?1 RETURNING rev"),
            log_insert: format!(
                "INSERT INTO {changes} (seq, id, action, prev, body, before, after, writer, origin, session, n, \
                 channel) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
            ),
            log_read: format!(
                "SELECT seq, id, action, prev, body, before, after, writer, origin, session, n, channel \
                 FROM {changes} WHERE seq > ?1 ORDER BY seq LIMIT ?2"
            ),
            position: format!(
                "SELECT store_epoch, log_epoch, forgotten, (SELECT max(seq) FROM {changes}) \
                 FROM sync_meta WHERE name = ?1"
            ),
            table,
            changes,
            gone,
        }
    }
}

impl<M: SyncModel> Table<M> {
    pub(super) fn new(name: &str, writer: i64, keep: u64) -> Self {
        Table {
            name: name.to_owned(),
            sql: Statements::of(name),
            keep,
            writer,
            feed: OnceLock::new(),
            mixed: OnceLock::new(),
            defaults: OnceLock::new(),
            closed: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds a position")
    }

    /// Whether writes may be handed over: between `open` and `close`.
    pub(super) fn is_usable(&self) -> Result<(), Error> {
        let model = M::SCHEMA.model;
        if self.feed.get().is_none() {
            return Err(Error::new(Code::Config, format!("{model}: the store was not opened by a registry")));
        }
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::new(Code::Unavailable, format!("{model}: the store was closed")));
        }
        Ok(())
    }

    /// The revision that the next write gets.
    pub(super) fn next(&self) -> Rev {
        self.state().pending.position + 1
    }

    /// A write took this revision.
    pub(super) fn took(&self, rev: Rev) {
        self.state().pending.position = rev;
    }

    /// The document that is stored, with its row and its text.
    pub(super) fn stored(&self, conn: &Connection, id: &Sql) -> rusqlite::Result<Option<Stored>> {
        let mut statement = conn.prepare_cached(&self.sql.read)?;
        let row =
            |row: &rusqlite::Row<'_>| Ok(Stored { row: row.get(0)?, rev: row.get(1)?, text: row.get(2)? });
        statement.query_row([id], row).optional()
    }

    /// Decodes what is stored.
    pub(super) fn decode(&self, id: &M::Id, stored: &Stored) -> Result<Doc<M>, Error> {
        let doc = decode_doc::<M>(stored.text.as_bytes(), stored.rev)
            .map_err(|refusal| corrupt::<M>(id, &refusal))?;
        if doc.value.id() != id {
            let refusal = Refusal::new(format!("says {}", doc.value.id()));
            return Err(corrupt::<M>(id, &refusal.at(M::SCHEMA.fields[M::SCHEMA.id].name)));
        }
        Ok(doc)
    }

    /// Where the log stands in this connection's view of the file.
    pub(super) fn position(&self, conn: &Connection) -> rusqlite::Result<(Opened, Tail)> {
        conn.prepare_cached(&self.sql.position)?.query_row([&self.name], |row| {
            let forgotten: u64 = row.get(2)?;
            let position = row.get::<_, Option<u64>>(3)?.unwrap_or(0).max(forgotten);
            let opened = Opened { store_epoch: row.get(0)?, log_epoch: row.get(1)?, position };
            Ok((opened, Tail { position, forgotten }))
        })
    }

    /// The log is read from here on.
    pub(super) fn opened(&self, opened: Opened, tail: Tail) {
        let Opened { store_epoch, log_epoch, .. } = opened;
        *self.state() = State { settled: tail, pending: tail, store_epoch, log_epoch };
    }

    /// An error of SQLite, told with the table's name.
    pub(super) fn failed(&self, error: &rusqlite::Error) -> Error {
        failed(&self.name, error)
    }
}

/// A document as it is stored.
pub(super) struct Stored {
    pub(super) row: i64,
    pub(super) rev: Rev,
    pub(super) text: String,
}

/// What the writer does with a table whatever its model.
pub(super) trait Attached: Send + Sync {
    fn name(&self) -> &str;
    /// Whether the log ends before what was read of it: a backup was restored into the file.
    fn went_back(&self, conn: &Connection) -> rusqlite::Result<bool>;
    /// Begins a new life where that is so: its numbers go on as other changes had them before.
    fn renew(&self, conn: &Connection) -> rusqlite::Result<()>;
    /// Gives the changes of other processes to the hub, in order.
    fn catch_up(&self, conn: &Connection) -> rusqlite::Result<()>;
    /// Forgets the oldest changes where the log is longer than it should be.
    fn trim(&self, conn: &Connection) -> rusqlite::Result<()>;
    /// The transaction was rolled back.
    fn rewind(&self);
    /// The transaction was committed.
    fn settle(&self);
}

impl<M: SyncModel> Attached for Table<M> {
    fn name(&self) -> &str {
        &self.name
    }

    fn went_back(&self, conn: &Connection) -> rusqlite::Result<bool> {
        let known = *self.state();
        let (opened, tail) = self.position(conn)?;
        let same = (opened.store_epoch, opened.log_epoch) == (known.store_epoch, known.log_epoch);
        Ok(same && tail.position < known.settled.position)
    }

    fn renew(&self, conn: &Connection) -> rusqlite::Result<()> {
        // Another process may have done so just now.
        if self.went_back(conn)? {
            tracing::warn!(table = self.name, "the log went back: a backup was restored, a new life begins");
            conn.prepare_cached("UPDATE sync_meta SET store_epoch = ?2, log_epoch = ?3 WHERE name = ?1")?
                .execute(params![self.name, random(), random()])?;
        }
        Ok(())
    }

    fn catch_up(&self, conn: &Connection) -> rusqlite::Result<()> {
        let known = *self.state();
        let (opened, tail) = self.position(conn)?;
        let Some(feed) = self.feed.get() else { return Ok(()) };
        let same = (opened.store_epoch, opened.log_epoch) == (known.store_epoch, known.log_epoch);
        let mut position = known.settled.position;
        let mut whole = same && tail.position >= position;
        while whole && position < tail.position {
            match log::read(conn, self, position, STEP)? {
                Some(changes) if !changes.is_empty() => {
                    position += changes.len() as u64;
                    changes.into_iter().for_each(|change| feed.fact(change));
                }
                _ => whole = false,
            }
        }
        if !whole {
            feed.reset(opened);
        }
        self.opened(opened, tail);
        Ok(())
    }

    fn trim(&self, conn: &Connection) -> rusqlite::Result<()> {
        let Tail { position, forgotten } = self.state().pending;
        // Now and then: a step is a hundredth of the log.
        if position - forgotten <= self.keep.saturating_add((self.keep / 100).clamp(1, 1_000)) {
            return Ok(());
        }
        let forgotten = position - self.keep;
        conn.prepare_cached(&format!("DELETE FROM {} WHERE seq <= ?1", self.sql.changes))?
            .execute([forgotten])?;
        conn.prepare_cached(&format!("DELETE FROM {} WHERE rev <= ?1", self.sql.gone))?
            .execute([forgotten])?;
        conn.prepare_cached("UPDATE sync_meta SET forgotten = ?2 WHERE name = ?1")?
            .execute(params![self.name, forgotten])?;
        self.state().pending.forgotten = forgotten;
        Ok(())
    }

    fn rewind(&self) {
        let mut state = self.state();
        state.pending = state.settled;
    }

    fn settle(&self) {
        let mut state = self.state();
        state.settled = state.pending;
    }
}

/// The error of a stored document that does not decode; it is left as it is.
pub(super) fn corrupt<M: SyncModel>(id: &dyn std::fmt::Display, refusal: &Refusal) -> Error {
    let message = format!("{} {id}: what is stored does not decode: {refusal}", M::SCHEMA.model);
    Error::new(Code::Corrupt, message).at_field(refusal.path())
}

/// An id as a column's value.
pub(super) fn id_to_sql<I: SyncValue>(id: &I) -> Result<Sql, Refusal> {
    match id.view() {
        View::Int(n) => Ok(Sql::Integer(n)),
        View::Text(text) => Ok(Sql::Text(text.into_owned())),
        View::Uuid(id) => Ok(Sql::Text(id.as_hyphenated().to_string())),
        View::Date(date) => Ok(Sql::Text(date.to_string())),
        View::Refused(refusal) => Err(refusal),
        _ => Err(Refusal::new("is neither text, a number nor a UUID, and so no id here")),
    }
}

/// The id of a column's value.
pub(super) fn id_from_sql<I: SyncValue>(id: &Sql) -> Result<I, Refusal> {
    match id {
        Sql::Integer(n) => I::read(Input::Int(*n)),
        Sql::Text(text) => I::read(Input::Text(text.as_str().into())),
        _ => Err(Refusal::new("the id is neither text nor an integer")),
    }
}

/// Puts a feed into a table that has none yet.
pub(super) fn take_feed<M: SyncModel>(table: &Arc<Table<M>>, feed: Feed<M>) -> Result<(), Error> {
    table
        .feed
        .set(feed)
        .map_err(|_| Error::new(Code::Config, format!("{}: one table cannot end two chains", table.name)))
}
