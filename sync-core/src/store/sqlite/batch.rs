//! Writes of one store that were handed over together, from the wish to the answer.
//!
//! Invariant: everything that may refuse or panic (decoding, planning, encoding) runs before a write's first
//! statement; so a refused write left no trace, and needs no savepoint.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::log::Entry;
use super::schema::violated;
use super::splice::splice;
use super::table::{Stored, Table, id_to_sql};
use crate::backend::{Action, Change, Plan, Write};
use crate::error::{Code, Error, panic_text};
use crate::model::{ModelPatch as _, Refusal, Rev, Spelling, SyncModel, encode_doc};

/// What became of a write.
pub(super) type Answer<M> = Result<Arc<Change<M>>, Error>;

/// A batch whatever its model; the writer thread drives it.
pub(super) trait Batch: Send {
    fn len(&self) -> usize;
    /// Decides one write and puts it into the transaction. An error means that the transaction is lost.
    fn write(&mut self, at: usize, conn: &Connection) -> rusqlite::Result<()>;
    /// The transaction was rolled back: what was written is only planned again.
    fn rewind(&mut self);
    /// Whether this write still has to be written.
    fn is_open(&self, at: usize) -> bool;
    /// This write is answered with an error; `None` has the store's own words.
    fn refuse(&mut self, at: usize, error: Error);
    /// The commit was confirmed: the hub hears of it, then the callers.
    fn answer(self: Box<Self>);
}

/// Writes to one table.
pub(super) struct TypedBatch<M: SyncModel> {
    table: Arc<Table<M>>,
    writes: Vec<(Write<M>, Step<M>)>,
    answer: oneshot::Sender<Vec<Answer<M>>>,
    _permit: OwnedSemaphorePermit,
}

/// How far a write is.
enum Step<M: SyncModel> {
    Waiting,
    Planned(Plan<M>),
    Written { plan: Plan<M>, prev: Rev, rev: Rev },
    Refused(Error),
}

/// Everything a write's statements need.
struct Prepared<M: SyncModel> {
    plan: Plan<M>,
    id: Sql,
    stored: Option<Stored>,
    /// The text to store; `None` where the document goes.
    text: Option<String>,
    entry: Entry,
    rev: Rev,
}

impl<M: SyncModel> TypedBatch<M> {
    pub(super) fn new(
        table: Arc<Table<M>>,
        writes: Vec<Write<M>>,
        permit: OwnedSemaphorePermit,
    ) -> (Self, oneshot::Receiver<Vec<Answer<M>>>) {
        let (answer, receiver) = oneshot::channel();
        let writes = writes.into_iter().map(|write| (write, Step::Waiting)).collect();
        (TypedBatch { table, writes, answer, _permit: permit }, receiver)
    }
}

impl<M: SyncModel> Batch for TypedBatch<M> {
    fn len(&self) -> usize {
        self.writes.len()
    }

    fn write(&mut self, at: usize, conn: &Connection) -> rusqlite::Result<()> {
        if !self.is_open(at) {
            return Ok(());
        }
        let (write, step) = &mut self.writes[at];
        let id = match id_to_sql(&write.id) {
            Ok(id) => id,
            Err(refusal) => {
                *step = Step::Refused(write.refused(&refusal));
                return Ok(());
            }
        };
        let stored = self.table.stored(conn, &id)?;
        let plan = match std::mem::replace(step, Step::Waiting) {
            Step::Planned(plan) => Some(plan),
            _ => None,
        };
        match prepare(&self.table, write, plan, stored, id) {
            Err(error) => *step = Step::Refused(error),
            Ok(prepared) => match run(&self.table, write, &prepared, conn) {
                Ok(Ok(prev)) => *step = Step::Written { plan: prepared.plan, prev, rev: prepared.rev },
                Ok(Err(refusal)) => *step = Step::Refused(refusal),
                Err(error) => {
                    // A write is planned once: its plan is what a second transaction tries again.
                    *step = Step::Planned(prepared.plan);
                    return Err(error);
                }
            },
        }
        Ok(())
    }

    fn rewind(&mut self) {
        for (_, step) in &mut self.writes {
            *step = match std::mem::replace(step, Step::Waiting) {
                Step::Written { plan, .. } => Step::Planned(plan),
                other => other,
            };
        }
    }

    fn is_open(&self, at: usize) -> bool {
        matches!(self.writes[at].1, Step::Waiting | Step::Planned(_))
    }

    fn refuse(&mut self, at: usize, error: Error) {
        self.writes[at].1 = Step::Refused(error);
    }

    fn answer(self: Box<Self>) {
        let TypedBatch { table, writes, answer, _permit } = *self;
        let answers = writes.into_iter().map(|(write, step)| match step {
            Step::Written { plan, prev, rev } => {
                let change = plan.committed(&write, prev, rev, rev);
                if let Some(feed) = table.feed.get() {
                    feed.committed(&write, &change);
                }
                Ok(change)
            }
            Step::Refused(error) => Err(error),
            Step::Waiting | Step::Planned(_) => {
                Err(Error::new(Code::Internal, format!("{} {}: was never written", table.name, write.id)))
            }
        });
        // The caller may be gone; the hub has heard of it all the same.
        let _gone = answer.send(answers.collect());
    }
}

/// Plans and encodes; a panic of the model's own code refuses this write only.
fn prepare<M: SyncModel>(
    table: &Table<M>,
    write: &mut Write<M>,
    planned: Option<Plan<M>>,
    stored: Option<Stored>,
    id: Sql,
) -> Result<Prepared<M>, Error> {
    let rev = table.next();
    let decide = || decide(table, write, planned, stored, id, rev);
    catch_unwind(AssertUnwindSafe(decide)).unwrap_or_else(|panic| Err(panicked(table, &*panic)))
}

fn decide<M: SyncModel>(
    table: &Table<M>,
    write: &mut Write<M>,
    planned: Option<Plan<M>>,
    stored: Option<Stored>,
    id: Sql,
    rev: Rev,
) -> Result<Prepared<M>, Error> {
    if let Some(stored) = &stored
        && stored.rev >= rev
    {
        let message =
            format!("{} {}: its revision {} is beyond the log's end", table.name, write.id, stored.rev);
        return Err(Error::new(Code::Corrupt, message));
    }
    let plan = match planned {
        None => {
            let current = stored.as_ref().map(|stored| table.decode(&write.id, stored)).transpose()?;
            write.plan(current.as_ref())?
        }
        // The transaction it was made in was lost; it holds only on top of the same revision.
        Some(plan) if plan.before().map(|doc| doc.rev) == stored.as_ref().map(|stored| stored.rev) => plan,
        Some(_) => {
            let message =
                format!("{} {}: the store failed half-way; nothing was written", table.name, write.id);
            return Err(Error::new(Code::Unavailable, message));
        }
    };
    let text = match (&plan.after, &plan.outcome, &stored) {
        (None, ..) => None,
        (Some(after), Some(outcome), Some(stored)) => Some(
            splice(&stored.text, &**after, &outcome.fields()).map_err(|refusal| write.refused(&refusal))?,
        ),
        (Some(after), ..) => {
            let json = encode_doc(&**after, &M::SCHEMA.all_fields(), None, Spelling::Stored);
            let json = json.map_err(|refusal| write.refused(&refusal))?;
            Some(String::from_utf8(json).map_err(|_| write.refused(&Refusal::new("is not UTF-8")))?)
        }
    };
    let entry = Entry::of(&plan).map_err(|refusal| write.refused(&refusal))?;
    Ok(Prepared { plan, id, stored, text, entry, rev })
}

/// Runs the statements: the document first, for only it can be refused; then its row of the log. Gives the
/// document's revision before. The outer error is the store's, the inner one the write's own.
fn run<M: SyncModel>(
    table: &Table<M>,
    write: &Write<M>,
    prepared: &Prepared<M>,
    conn: &Connection,
) -> rusqlite::Result<Result<Rev, Error>> {
    let Prepared { plan, id, stored, text, entry, rev } = prepared;
    let (sql, rev) = (&table.sql, *rev);
    let row = stored.as_ref().map(|stored| stored.row);
    let document = match (plan.action(), text) {
        (Action::Create, Some(text)) => conn.prepare_cached(&sql.create)?.execute(params![id, rev, text]),
        (Action::Update, Some(text)) => conn.prepare_cached(&sql.update)?.execute(params![row, rev, text]),
        _ => conn.prepare_cached(&sql.delete)?.execute([row]),
    };
    if let Err(error) = document {
        // One statement is atomic by itself, so the transaction goes on without it.
        return match refusal(table, write, &error) {
            Some(refusal) if !conn.is_autocommit() => Ok(Err(refusal)),
            _ => Err(error),
        };
    }
    let prev = match (plan.action(), stored) {
        (Action::Create, _) => {
            let gone = conn.prepare_cached(&sql.gone_take)?.query_row([id], |row| row.get(0)).optional()?;
            gone.unwrap_or(0)
        }
        (_, Some(stored)) => stored.rev,
        (_, None) => 0,
    };
    if plan.action() == Action::Delete {
        conn.prepare_cached(&sql.gone_put)?.execute(params![id, rev])?;
    }
    entry.insert(conn, table, id, (prev, rev), text.as_deref(), &write.context)?;
    table.took(rev);
    Ok(Ok(prev))
}

/// What a failed statement says of this write alone; `None` where it says something of the store.
fn refusal<M: SyncModel>(table: &Table<M>, write: &Write<M>, error: &rusqlite::Error) -> Option<Error> {
    if let Some(field) = violated(&table.name, M::SCHEMA, error) {
        return Some(write.duplicate(field));
    }
    matches!(error.sqlite_error_code(), Some(ErrorCode::TooBig | ErrorCode::ConstraintViolation))
        .then(|| table.failed(error))
}

fn panicked<M: SyncModel>(table: &Table<M>, panic: &(dyn Any + Send)) -> Error {
    tracing::error!(table = table.name, panic = panic_text(panic), "a write panicked while it was planned");
    Error::new(Code::Internal, format!("{}: the model panicked while a write was planned", table.name))
}
