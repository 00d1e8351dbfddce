//! Reading: a few connections beside the writer's, each read on a thread where it may block.
//!
//! A read begins after the call did, so its snapshot has every write that was answered before.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};
use tokio::sync::Semaphore;

use super::connection::{Place, failed, reader};
use super::sql::{Fields, split};
use super::table::{Table, corrupt, id_to_sql};
use super::{log, table};
use crate::backend::{Change, Found};
use crate::error::{Code, Error};
use crate::model::{Doc, ModelPatch as _, Rev, SyncModel, Value, decode_doc};
use crate::query::{Expr, Filter, Query};

/// How many reads run at once.
const READERS: usize = 4;
/// In how many documents one is looked for that tells the defaults.
const PROBES: usize = 16;

/// The connections that are not in use.
pub(super) struct Readers {
    place: Arc<Place>,
    idle: Mutex<Vec<Connection>>,
    free: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(place: Arc<Place>) -> Self {
        Readers { place, idle: Mutex::default(), free: Arc::new(Semaphore::new(READERS)) }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads on a thread that may block.
    pub(super) async fn read<R: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        let permit = self.free.clone().acquire_owned().await.expect("the semaphore is never closed");
        let readers = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let place = &readers.place;
            let idle = readers.idle().pop();
            let conn = place.still_there().and_then(|()| match idle {
                Some(conn) => Ok(conn),
                None => reader(place.path()),
            });
            let conn = conn.map_err(|error| failed(&place, &error))?;
            let result = read(&conn);
            if conn.is_autocommit() {
                readers.idle().push(conn);
            }
            result
        });
        task.await.unwrap_or_else(|error| {
            Err(Error::new(Code::Internal, "a read of the SQLite store panicked").caused_by(error))
        })
    }
}

impl<M: SyncModel> Table<M> {
    /// One document.
    pub(super) fn get(&self, conn: &Connection, id: &M::Id) -> Result<Option<Doc<M>>, Error> {
        let Ok(key) = id_to_sql(id) else { return Ok(None) };
        let stored = self.stored(conn, &key).map_err(|error| self.failed(&error))?;
        stored.map(|stored| self.decode(id, &stored)).transpose()
    }

    /// The changes after a position; `None` where the log does not reach back that far.
    pub(super) fn changes_after(
        &self,
        conn: &Connection,
        after: u64,
        limit: usize,
    ) -> Result<Option<Vec<Arc<Change<M>>>>, Error> {
        let read = || {
            let snapshot = conn.unchecked_transaction()?;
            let (_, tail) = self.position(&snapshot)?;
            match tail.forgotten <= after && after <= tail.position {
                true => log::read(&snapshot, self, after, limit),
                false => Ok(None),
            }
        };
        read().map_err(|error| self.failed(&error))
    }

    /// The documents that a query gives, and where the log stood.
    pub(super) fn find(&self, conn: &Connection, query: &Query<M>) -> Result<Found<M>, Error> {
        let failed = |error: rusqlite::Error| self.failed(&error);
        let snapshot = conn.unchecked_transaction().map_err(failed)?;
        let (_, tail) = self.position(&snapshot).map_err(failed)?;
        let defaults = self.defaults(&snapshot).map_err(failed)?;
        let nothing_mixed = crate::model::FieldSet::new();
        let fields = Fields {
            schema: M::SCHEMA,
            mixed: self.mixed.get().unwrap_or(&nothing_mixed),
            defaults: &defaults,
        };
        let run = Run { table: self, conn: &snapshot, query, position: tail.position };
        run.find(&fields).map_err(|problem| match problem {
            Problem::Told(error) => error,
            Problem::Sql(error) => self.malformed(&snapshot).unwrap_or_else(|| failed(error)),
        })
    }

    /// The error of a document that is not even JSON, on which SQL stumbles without saying which it is.
    fn malformed(&self, conn: &Connection) -> Option<Error> {
        let sql = format!("SELECT id FROM {} WHERE NOT json_valid(doc) LIMIT 1", self.sql.table);
        let id: Sql = conn.query_row(&sql, [], |row| row.get(0)).ok()?;
        Some(corrupt::<M>(&shown(&id), &crate::model::Refusal::new("is not JSON")))
    }

    /// What each field reads as where a document lacks it, told by a document that is there.
    fn defaults(&self, conn: &Connection) -> rusqlite::Result<Cow<'_, [Option<Value>]>> {
        if let Some(defaults) = self.defaults.get() {
            return Ok(defaults.into());
        }
        let mut statement = conn.prepare_cached(&format!("SELECT doc FROM {} LIMIT ?1", self.sql.table))?;
        let mut rows = statement.query([PROBES as i64])?;
        while let Some(row) = rows.next()? {
            let text: String = row.get(0)?;
            if let Ok(doc) = decode_doc::<M>(text.as_bytes(), 0) {
                let defaults = probe(&*doc.value);
                return Ok(self.defaults.get_or_init(|| defaults).into());
            }
        }
        Ok(vec![None; M::SCHEMA.fields.len()].into())
    }
}

/// What each field of a document becomes where it is left out.
fn probe<M: SyncModel>(doc: &M) -> Vec<Option<Value>> {
    let patch = doc.clone().into_patch();
    let without = |(index, field): (usize, &crate::model::FieldInfo)| {
        if !field.optional {
            return None;
        }
        let mut patch = patch.clone();
        patch.slot_mut(index).clear();
        M::build(patch).ok()?.view(index).to_value().ok()
    };
    M::SCHEMA.fields.iter().enumerate().map(without).collect()
}

/// An id for people.
fn shown(id: &Sql) -> String {
    match id {
        Sql::Integer(n) => n.to_string(),
        Sql::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

enum Problem {
    Told(Error),
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Problem::Sql(error)
    }
}

/// One query that runs.
struct Run<'a, M: SyncModel> {
    table: &'a Table<M>,
    conn: &'a Connection,
    query: &'a Query<M>,
    position: u64,
}

impl<M: SyncModel> Run<'_, M> {
    fn find(&self, fields: &Fields<'_>) -> Result<Found<M>, Problem> {
        let Query { filter, sort, limit, offset, total } = self.query;
        let (clause, rest) = split(filter.expr(), fields);
        let order = fields.order(sort);
        let from = format!("FROM {} WHERE {}", self.table.sql.table, clause.sql);
        let windowed = self.query.is_window();
        if rest.is_none()
            && let Some(order) = order
        {
            let mut sql = format!("SELECT id, rev, doc {from} ORDER BY {}", order.sql);
            let mut params = clause.params.clone();
            params.extend(order.params);
            if windowed {
                sql.push_str(" LIMIT ? OFFSET ?");
                let number = |n: usize| Sql::Integer(i64::try_from(n).unwrap_or(i64::MAX));
                params.extend([number(limit.unwrap_or(usize::MAX)), number(*offset)]);
            }
            let mut docs = Vec::new();
            self.each(&sql, &params, &mut |doc| docs.push(doc))?;
            let total = match (total, windowed) {
                (false, _) => None,
                (true, false) => Some(docs.len()),
                (true, true) => {
                    let sql = format!("SELECT count(*) {from}");
                    let mut count = self.conn.prepare(&sql)?;
                    Some(count.query_row(params_from_iter(&clause.params), |row| row.get(0))?)
                }
            };
            return Ok(Found { docs, total, position: self.position });
        }
        self.find_in_rust(&from, &clause.params, rest)
    }

    /// What SQL cannot say exactly: the rest of the filter, and the order, in memory.
    fn find_in_rust(&self, from: &str, params: &[Sql], rest: Option<Expr>) -> Result<Found<M>, Problem> {
        let rest: Option<Filter<M>> = rest.map(Into::into);
        let mut docs = Vec::new();
        self.each(&format!("SELECT id, rev, doc {from}"), params, &mut |doc: Doc<M>| {
            if rest.as_ref().is_none_or(|rest| rest.matches(&doc.value)) {
                docs.push(doc);
            }
        })?;
        let total = self.query.total.then_some(docs.len());
        docs.sort_by(|a, b| self.query.compare(&a.value, &b.value));
        docs.drain(..self.query.offset.min(docs.len()));
        docs.truncate(self.query.limit.unwrap_or(usize::MAX));
        Ok(Found { docs, total, position: self.position })
    }

    fn each(&self, sql: &str, params: &[Sql], see: &mut dyn FnMut(Doc<M>)) -> Result<(), Problem> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            let rev: Rev = row.get(1)?;
            let text = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
            let doc = decode_doc::<M>(text.as_bytes(), rev).map_err(|refusal| {
                let id = row.get::<_, Sql>(0).map_or_else(|_| "a document".to_owned(), |id| shown(&id));
                Problem::Told(table::corrupt::<M>(&id, &refusal))
            })?;
            see(doc);
        }
        Ok(())
    }
}
