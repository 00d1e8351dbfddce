//! [`Sqlite`] and [`SqliteStore`]: documents in one file, durable, and shared with other processes.
//!
//! One thread per file writes (`writer`): what waits is one transaction (`batch`), confirmed by the disk
//! before anyone hears of it. A few connections read beside it (`reader`, `sql`). A table keeps each
//! document as JSON text that is patched in place (`splice`), a second its changes (`log`), a third the last
//! revisions of deleted documents.

mod batch;
mod connection;
mod failure;
mod log;
mod reader;
mod schema;
mod splice;
mod sql;
mod table;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use self::batch::TypedBatch;
use self::reader::Readers;
use self::table::{LOG_ROWS, Table, take_feed};
use self::writer::{Queue, stopped};
use crate::backend::{Change, Feed, Found, Opened, Store, Write};
use crate::error::{Code, Error};
use crate::model::{Doc, SyncModel};
use crate::query::Query;

/// How many writes of one call are handed over at once.
const CHUNK: usize = 512;

/// A SQLite file that stores share: one thread that writes to it, and a few connections that read. Cheap to
/// clone.
///
/// The file is in WAL mode, and a commit is on the disk before it is answered. Other processes may have the
/// same file open; what they commit through a [`SqliteStore`] reaches this one's subscribers within a tenth
/// of a second.
///
/// ```
/// use sync_core::store::Sqlite;
///
/// let folder = tempfile::tempdir()?;
/// let file = Sqlite::open(folder.path().join("app.db"))?;
/// assert!(file.path().ends_with("app.db"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Sqlite(Arc<File>);

struct File {
    path: PathBuf,
    queue: Queue,
    readers: Arc<Readers>,
    /// Tells this process's rows in the log from others'.
    writer: i64,
}

impl Sqlite {
    /// Opens the file, and makes it where it is missing; its folder must be there.
    ///
    /// # Errors
    /// `unavailable` where the file cannot be opened or is locked, `corrupt` where it is no database,
    /// `config` where it cannot have a write-ahead log, as `:memory:` cannot.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let conn = connection::writer(&path)?;
        let place = Arc::new(connection::Place::of(&path));
        let queue = Queue::start(conn, place.clone())?;
        let readers = Arc::new(Readers::new(place));
        Ok(Sqlite(Arc::new(File { path, queue, readers, writer: schema::random() })))
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.0.path).finish_non_exhaustive()
    }
}

/// Keeps the documents of one model in a table of a [`Sqlite`] file.
///
/// The table is named after the model's backend; beside it stand `<name>_changes`, the log, and
/// `<name>_gone`. A document is JSON text in the column `doc`; what a save does not name keeps its bytes, so
/// fields that another program wrote survive. `index`, `facet` and `unique` fields have indexes.
///
/// ```
/// use sync_core::prelude::*;
/// use sync_core::store::{Sqlite, SqliteStore};
///
/// #[derive(SyncModel, Clone, Debug)]
/// #[sync(backend = "lists")]
/// struct List {
///     #[sync(id)]
///     id: Uuid,
///     #[sync(unique)]
///     name: String,
/// }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let folder = tempfile::tempdir()?;
/// let file = Sqlite::open(folder.path().join("app.db"))?;
/// let lists = Backend::<List>::builder().with(AssignId::v7()).store(SqliteStore::new(&file));
/// let lists = Registry::builder().backend(lists).build().await?.backend::<List>();
/// lists.create(List { id: Uuid::nil(), name: "Milk".into() }).await?;
/// let again = lists.create(List { id: Uuid::nil(), name: "Milk".into() }).await;
/// assert!(again.unwrap_err().is_duplicate());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqliteStore<M: SyncModel> {
    file: Sqlite,
    table: Arc<Table<M>>,
}

impl<M: SyncModel> SqliteStore<M> {
    /// A store in a table that is named after the model's backend.
    pub fn new(file: &Sqlite) -> Self {
        let table = Table::new(M::SCHEMA.backend, file.0.writer, LOG_ROWS);
        SqliteStore { file: file.clone(), table: Arc::new(table) }
    }

    /// The same, in a table of this name.
    #[must_use]
    pub fn table(self, name: &str) -> Self {
        let table = Table::new(name, self.table.writer, self.table.keep);
        SqliteStore { file: self.file, table: Arc::new(table) }
    }

    /// The same, and the log keeps this many changes: a reader that was away for more of them reads anew.
    ///
    /// 100,000 unless it is said otherwise.
    #[must_use]
    pub fn keep_changes(self, changes: u64) -> Self {
        let table = Table::new(&self.table.name, self.table.writer, changes.max(1));
        SqliteStore { file: self.file, table: Arc::new(table) }
    }
}

impl<M: SyncModel> Store<M> for SqliteStore<M> {
    async fn open(&self, feed: Feed<M>) -> Result<Opened, Error> {
        let table = self.table.clone();
        let open = move |writer: &mut writer::Writer| {
            let mut opened = None;
            let attached: Arc<dyn table::Attached> = table.clone();
            writer.attach(&attached, |conn| {
                let (at, tail) = schema::prepare(conn, &table)?;
                take_feed(&table, feed)?;
                table.opened(at, tail);
                opened = Some(at);
                Ok(())
            })?;
            opened.ok_or_else(|| Error::new(Code::Internal, format!("{}: was not opened", table.name)))
        };
        self.file.0.queue.call(open).await?
    }

    async fn commit(&self, batch: Vec<Write<M>>) -> Vec<Result<Arc<Change<M>>, Error>> {
        let queue = &self.file.0.queue;
        let mut answers = Vec::with_capacity(batch.len());
        if let Err(error) = self.table.is_usable() {
            answers.resize_with(batch.len(), || Err(error.clone()));
            return answers;
        }
        let mut waiting = Vec::new();
        let mut writes = batch.into_iter();
        loop {
            let chunk: Vec<Write<M>> = writes.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                break;
            }
            let len = chunk.len();
            let (batch, answer) = TypedBatch::new(self.table.clone(), chunk, queue.room().await);
            queue.write(batch);
            waiting.push((len, answer));
        }
        for (len, answer) in waiting {
            match answer.await {
                Ok(chunk) => answers.extend(chunk),
                Err(_) => answers.extend((0..len).map(|_| Err(stopped()))),
            }
        }
        answers
    }

    async fn get(&self, id: &M::Id) -> Result<Option<Doc<M>>, Error> {
        let (table, id) = (self.table.clone(), id.clone());
        self.file.0.readers.read(move |conn| table.get(conn, &id)).await
    }

    async fn find(&self, query: &Query<M>) -> Result<Found<M>, Error> {
        let (table, query) = (self.table.clone(), query.clone());
        self.file.0.readers.read(move |conn| table.find(conn, &query)).await
    }

    async fn changes_after(&self, position: u64, limit: usize) -> Result<Option<Vec<Arc<Change<M>>>>, Error> {
        let table = self.table.clone();
        self.file.0.readers.read(move |conn| table.changes_after(conn, position, limit)).await
    }

    /// The writer thread owns a write from the moment it has it, whatever becomes of the caller.
    fn runs_detached(&self) -> bool {
        false
    }

    async fn close(&self) {
        self.table.closed.store(true, Ordering::Release);
        let name = self.table.name.clone();
        // Everything handed over before is committed and answered first.
        let _stopped = self.file.0.queue.call(move |writer| writer.detach(&name)).await;
    }
}

/// Another handle of the same store.
impl<M: SyncModel> Clone for SqliteStore<M> {
    fn clone(&self) -> Self {
        SqliteStore { file: self.file.clone(), table: self.table.clone() }
    }
}

impl<M: SyncModel> std::fmt::Debug for SqliteStore<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore")
            .field("file", &self.file.path())
            .field("table", &self.table.name)
            .finish()
    }
}
