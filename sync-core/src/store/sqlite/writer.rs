//! The one thread that writes to a file: takes what waits, commits it as a group, answers.
//!
//! Invariants: a group is one transaction, and no write is answered before its COMMIT was confirmed; the hub
//! gets every change in the order of the sequence, those of other processes before our own that follow them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::batch::Batch;
use super::connection::{Place, failed};
use super::failure::Failure;
use super::table::Attached;
use crate::error::{Code, Error};

/// How many batches wait at most; then callers wait.
const WAITING: usize = 4_096;
/// After how many writes a group is committed though more wait.
const GROUP: usize = 1_024;
/// How often an idle writer looks for changes of other processes.
const POLL: Duration = Duration::from_millis(100);

/// What the thread is given to do.
enum Job {
    Write(Box<dyn Batch>),
    Call(Box<dyn FnOnce(&mut Writer) + Send>),
}

/// The way to the writer thread; it ends when the last of these is gone and everything given to it is done.
pub(super) struct Queue {
    jobs: Sender<Job>,
    room: Arc<Semaphore>,
}

impl Queue {
    /// Starts the thread.
    pub(super) fn start(conn: Connection, place: Arc<Place>) -> Result<Self, Error> {
        let (sender, jobs) = channel();
        let file = place.to_string();
        let writer = Writer { conn, place, file: file.clone(), tables: Vec::new(), data_version: None };
        std::thread::Builder::new().name("sync-sqlite".to_owned()).spawn(move || writer.run(&jobs)).map_err(
            |error| {
                Error::new(Code::Unavailable, format!("{file}: no thread could be started")).caused_by(error)
            },
        )?;
        Ok(Queue { jobs: sender, room: Arc::new(Semaphore::new(WAITING)) })
    }

    /// Room for one batch; waits while there is none.
    pub(super) async fn room(&self) -> OwnedSemaphorePermit {
        self.room.clone().acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Hands writes over. Where the thread is gone, the batch and its answer are dropped.
    pub(super) fn write(&self, batch: impl Batch + 'static) {
        let _gone = self.jobs.send(Job::Write(Box::new(batch)));
    }

    /// Runs a function on the thread, after everything that was handed over before.
    pub(super) async fn call<R: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Writer) -> R + Send + 'static,
    ) -> Result<R, Error> {
        let (sender, answer) = tokio::sync::oneshot::channel();
        let call = move |writer: &mut Writer| drop(sender.send(call(writer)));
        let _gone = self.jobs.send(Job::Call(Box::new(call)));
        answer.await.map_err(|_| stopped())
    }
}

/// The error of a write whose answer was lost.
pub(super) fn stopped() -> Error {
    Error::new(Code::Indeterminate, "the SQLite writer stopped before it answered")
}

/// What the thread owns.
pub(super) struct Writer {
    pub(super) conn: Connection,
    place: Arc<Place>,
    file: String,
    /// Those of stores that were dropped without a word go by themselves.
    tables: Vec<Weak<dyn Attached>>,
    /// SQLite's count of other connections' commits, as last seen; `None` where it must be looked at anew.
    data_version: Option<i64>,
}

impl Writer {
    fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            match jobs.recv_timeout(POLL) {
                Ok(first) => {
                    let took = catch_unwind(AssertUnwindSafe(|| self.take(first, jobs)));
                    if took.is_err() {
                        tracing::error!(file = self.file, "the SQLite writer panicked; its writes are lost");
                        self.roll_back();
                        self.data_version = None;
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.follow(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Takes what waits: all writes up to the next call are one group.
    fn take(&mut self, first: Job, jobs: &Receiver<Job>) {
        let mut group = Vec::new();
        let mut writes = 0;
        let mut next = Some(first);
        let mut call = None;
        while let Some(job) = next {
            match job {
                Job::Write(batch) => {
                    writes += batch.len();
                    group.push(batch);
                }
                Job::Call(then) => {
                    call = Some(then);
                    break;
                }
            }
            next = if writes < GROUP { jobs.try_recv().ok() } else { None };
        }
        if !group.is_empty() {
            self.commit(group);
        }
        if let Some(call) = call {
            call(self);
        }
    }

    /// Commits a group and answers it.
    fn commit(&mut self, mut group: Vec<Box<dyn Batch>>) {
        match self.transaction(|conn| {
            group.iter_mut().try_for_each(|batch| (0..batch.len()).try_for_each(|at| batch.write(at, conn)))
        }) {
            Ok(()) => {}
            // Nothing of it is in the file; perhaps one write is at fault, so each tries alone.
            Err(failure)
                if failure.may_be_one_write() && group.iter().map(|batch| batch.len()).sum::<usize>() > 1 =>
            {
                group.iter_mut().for_each(|batch| batch.rewind());
                for batch in &mut group {
                    self.commit_singly(&mut **batch);
                }
            }
            Err(failure) => {
                let error = failure.told(&self.file);
                for batch in &mut group {
                    batch.rewind();
                    refuse_open(&mut **batch, &error);
                }
            }
        }
        group.into_iter().for_each(Batch::answer);
    }

    fn commit_singly(&mut self, batch: &mut dyn Batch) {
        for at in (0..batch.len()).filter(|at| batch.is_open(*at)).collect::<Vec<_>>() {
            if let Err(failure) = self.transaction(|conn| batch.write(at, conn)) {
                batch.refuse(at, failure.told(&self.file));
            }
        }
    }

    /// Runs a transaction; what other processes committed before it goes to the hub first.
    fn transaction(
        &mut self,
        write: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), Failure> {
        let begun = self.place.still_there().and_then(|()| self.conn.execute_batch("BEGIN IMMEDIATE"));
        let result = begun.and_then(|()| self.catch_up()).and_then(|()| {
            write(&self.conn)?;
            self.tables().try_for_each(|table| table.trim(&self.conn))
        });
        if let Err(error) = result {
            self.roll_back();
            return Err(Failure::Nothing(error));
        }
        match self.conn.execute_batch("COMMIT") {
            Ok(()) => {
                self.tables().for_each(|table| table.settle());
                Ok(())
            }
            Err(error) => {
                self.roll_back();
                // Whatever is in the file after all is found there, and told, as if another had written it.
                self.data_version = None;
                Err(Failure::of_commit(error))
            }
        }
    }

    fn roll_back(&mut self) {
        if !self.conn.is_autocommit()
            && let Err(error) = self.conn.execute_batch("ROLLBACK")
        {
            tracing::error!(file = self.file, %error, "a transaction could not be rolled back");
        }
        self.tables().for_each(|table| table.rewind());
    }

    fn tables(&self) -> impl Iterator<Item = Arc<dyn Attached>> {
        self.tables.iter().filter_map(Weak::upgrade)
    }

    /// Gives what other processes committed to the hubs, within the transaction that is open and has nothing
    /// in it yet.
    fn catch_up(&mut self) -> rusqlite::Result<()> {
        let version = self.conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if self.data_version != Some(version) {
            let mut restored = Vec::new();
            for table in self.tables() {
                restored.extend(table.went_back(&self.conn)?.then_some(table));
            }
            if !restored.is_empty() {
                // In a transaction of its own: what is told now must not be undone with the next one.
                self.conn.execute_batch("ROLLBACK; BEGIN IMMEDIATE")?;
                restored.iter().try_for_each(|table| table.renew(&self.conn))?;
                self.conn.execute_batch("COMMIT; BEGIN IMMEDIATE")?;
            }
            self.tables().try_for_each(|table| table.catch_up(&self.conn))?;
            self.data_version = Some(version);
        }
        Ok(())
    }

    /// Looks for changes of other processes while there is nothing to write.
    fn follow(&mut self) {
        let version = self.conn.prepare_cached("PRAGMA data_version");
        let version = version.and_then(|mut version| version.query_row([], |row| row.get::<_, i64>(0)));
        match version {
            Ok(version) if self.data_version == Some(version) => return,
            Ok(_) => {}
            Err(error) => return tracing::warn!(file = self.file, %error, "the file could not be looked at"),
        }
        let read = self.conn.execute_batch("BEGIN").and_then(|()| self.catch_up());
        if let Err(error) = read {
            tracing::warn!(file = self.file, %error, "changes of other processes could not be read");
        }
        self.roll_back();
    }

    /// Prepares a table within a transaction, and follows it from then on.
    pub(super) fn attach(
        &mut self,
        table: &Arc<dyn Attached>,
        prepare: impl FnOnce(&Connection) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.tables.retain(|other| other.strong_count() > 0);
        if self.tables().any(|other| other.name() == table.name()) {
            let message = format!(
                "{}: one table of {} cannot end two chains; shut the registry down that has it, or name another by `.table(..)`",
                table.name(),
                self.file
            );
            return Err(Error::new(Code::Config, message));
        }
        let failed = |error: rusqlite::Error| failed(&self.file, &error);
        self.conn.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
        let prepared = self
            .catch_up()
            .map_err(|error| super::connection::failed(&self.file, &error))
            .and_then(|()| prepare(&self.conn))
            .and_then(|()| {
                let commit = self.conn.execute_batch("COMMIT");
                commit.map_err(|error| super::connection::failed(&self.file, &error))
            });
        match prepared {
            Ok(()) => self.tables.push(Arc::downgrade(table)),
            Err(_) => self.roll_back(),
        }
        prepared
    }

    /// No longer follows a table.
    pub(super) fn detach(&mut self, name: &str) {
        self.tables.retain(|table| table.upgrade().is_some_and(|table| table.name() != name));
    }
}

fn refuse_open(batch: &mut dyn Batch, error: &Error) {
    for at in 0..batch.len() {
        if batch.is_open(at) {
            batch.refuse(at, error.clone());
        }
    }
}
