//! Connections to the file, the function that SQL lacks, and what SQLite's errors mean to callers.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::{Code, Error};

/// How long a statement waits for the lock that another process holds.
const BUSY: Duration = Duration::from_secs(10);
/// After how many pages of WAL (of 4 KiB) the writer copies them back: rarer than SQLite's own 1,000, which
/// doubles the longest commits.
const CHECKPOINT_PAGES: i64 = 10_000;
/// What is left of the WAL file after it was copied back.
const WAL_BYTES: i64 = 64 << 20;
/// How many statements each connection keeps compiled.
const STATEMENTS: usize = 256;

/// The one connection that writes: durable at each commit.
pub(super) fn writer(path: &Path) -> Result<Connection, Error> {
    let cannot = |error| failed(&path.display(), &error);
    if path.as_os_str().is_empty() || path == Path::new(":memory:") {
        let message = format!("{path:?}: names no file; a `MemoryStore` keeps documents in memory");
        return Err(Error::new(Code::Config, message));
    }
    let conn = open(path, OpenFlags::SQLITE_OPEN_CREATE).map_err(cannot)?;
    let mode = write_ahead(&conn).map_err(cannot)?;
    if mode != "wal" {
        let message = format!(
            "{}: keeps no write-ahead log (journal mode {mode}); the file must be on a local disk",
            path.display()
        );
        return Err(Error::new(Code::Config, message));
    }
    let set = || {
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        conn.pragma_update(None, "journal_size_limit", WAL_BYTES)
    };
    set().map_err(cannot)?;
    Ok(conn)
}

/// Sets the journal's mode. SQLite does not wait here for another process that sets it at the same moment.
fn write_ahead(conn: &Connection) -> rusqlite::Result<String> {
    let start = Instant::now();
    loop {
        match conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)) {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && start.elapsed() < BUSY =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            answer => return answer,
        }
    }
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    // An empty file in place of one that was taken away would help no one.
    let conn = open(path, OpenFlags::empty())?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

fn open(path: &Path, more: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    conn.create_scalar_function("sync_bytes", 1, flags, |context| Ok(bytes(context.get_raw(0))))?;
    Ok(conn)
}

/// Where the file is, and which file it was when it was opened.
///
/// SQLite goes on with a file that was deleted or replaced: what it writes is in no one's file any more, and
/// a connection that is opened later is to another one.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    /// Device and inode; `None` where they cannot be told, and nothing is checked.
    identity: Option<(u64, u64)>,
}

impl Place {
    pub(super) fn of(path: &Path) -> Self {
        // The process may change its working directory.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Place { identity: identity(&path), path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses where another file, or none, is there by now.
    pub(super) fn still_there(&self) -> rusqlite::Result<()> {
        if self.identity.is_none() || self.identity == identity(&self.path) {
            return Ok(());
        }
        let moved = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY_DBMOVED);
        let message =
            "the file was deleted, moved or replaced while it was open; restart to use what is there";
        Err(rusqlite::Error::SqliteFailure(moved, Some(message.to_owned())))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<(u64, u64)> {
    None
}

/// The bytes of base64 text, for the text does not sort as they do.
fn bytes(text: ValueRef<'_>) -> Sql {
    let text = text.as_bytes_or_null().ok().flatten();
    text.and_then(|text| BASE64.decode(text).ok()).map_or(Sql::Null, Sql::Blob)
}

/// What an error of SQLite is to a caller, while nothing of the call was done.
pub(super) fn failed(what: &dyn std::fmt::Display, error: &rusqlite::Error) -> Error {
    let code = match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::OutOfMemory
            | ErrorCode::OperationInterrupted
            | ErrorCode::FileLockingProtocolFailed,
        ) => Code::Unavailable,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Code::Corrupt,
        Some(ErrorCode::TooBig) => Code::TooLarge,
        _ => Code::Internal,
    };
    Error::new(code, format!("{what}: SQLite: {error}")).caused_by(Told(error.to_string()))
}

/// SQLite's own words: its error cannot be shared.
#[derive(Debug)]
struct Told(String);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Told {}

/// A name as SQL writes it: any text is safe.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
