//! [`Events`]: runs your handlers for committed changes.
//!
//! Invariant: a handler sees what was committed, in order, on every write path; it can be slow, err or
//! panic without harm to the writer or to other handlers, for it has a task and a queue of its own.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use tokio::task::JoinHandle;

use crate::backend::{Action, Event, Hub, Interest, Middleware, Next, Origin, Reply, Request};
use crate::error::Error;
use crate::model::SyncModel;

type Handler<M> = Arc<dyn Fn(Event<M>) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Runs handlers for committed changes, by where they came from and what they did.
///
/// Each handler has its own task and a queue of 1,024 events; a slower one gets [`Event::Reset`] in place
/// of what did not fit. After the event middleware of the original, which told the server's models what
/// browsers changed.
///
/// ```
/// use sync_core::prelude::*;
/// use sync_core::middleware::Events;
/// # #[derive(SyncModel, Clone, Debug)]
/// # #[sync(backend = "lists")]
/// # struct List { #[sync(id)] id: Uuid, name: String }
/// let log = Events::<List>::new().on(Origin::Client, |event: Event<List>| async move {
///     if let Some(change) = event.change() {
///         println!("{} was {:?}", change.id, change.old(List::NAME));
///     }
/// });
/// let backend = Backend::<List>::builder().with(log).store(MemoryStore::new());
/// ```
pub struct Events<M: SyncModel> {
    handlers: Vec<(Option<Origin>, Option<Action>, Handler<M>)>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl<M: SyncModel> Events<M> {
    /// No handler yet.
    pub fn new() -> Self {
        Events { handlers: Vec::new(), tasks: Mutex::default() }
    }

    /// Runs the handler for every change of this origin.
    #[must_use]
    pub fn on<F, Fut>(self, origin: Origin, handler: F) -> Self
    where
        F: Fn(Event<M>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.add(Some(origin), None, handler)
    }

    /// Runs the handler for every change of this origin that this action made.
    #[must_use]
    pub fn on_action<F, Fut>(self, origin: Origin, action: Action, handler: F) -> Self
    where
        F: Fn(Event<M>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.add(Some(origin), Some(action), handler)
    }

    /// Runs the handler for every change.
    #[must_use]
    pub fn on_any<F, Fut>(self, handler: F) -> Self
    where
        F: Fn(Event<M>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.add(None, None, handler)
    }

    fn add<F, Fut>(mut self, origin: Option<Origin>, action: Option<Action>, handler: F) -> Self
    where
        F: Fn(Event<M>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.handlers.push((origin, action, Arc::new(move |event| Box::pin(handler(event)))));
        self
    }
}

impl<M: SyncModel> Default for Events<M> {
    fn default() -> Self {
        Events::new()
    }
}

impl<M: SyncModel> Middleware<M> for Events<M> {
    async fn handle(&self, request: Request<M>, next: Next<M>) -> Result<Reply<M>, Error> {
        next.run(request).await
    }

    async fn attach(&self, hub: &Arc<Hub<M>>) -> Result<(), Error> {
        let start = |(origin, action, handler): &(_, _, Handler<M>)| {
            let mut events = hub.subscribe(Interest::From(*origin, *action));
            let handler = handler.clone();
            tokio::spawn(async move {
                while let Some(event) = events.next().await {
                    // The handler's own code may panic before it gives a future, too.
                    let run = AssertUnwindSafe(async { handler(event).await }).catch_unwind();
                    if run.await.is_err() {
                        tracing::error!(model = M::SCHEMA.model, "an event handler panicked");
                    }
                }
            })
        };
        let tasks = self.handlers.iter().map(start).collect();
        *self.tasks.lock().expect("nothing panics while it holds the tasks") = tasks;
        Ok(())
    }

    async fn shutdown(&self) {
        let tasks = std::mem::take(&mut *self.tasks.lock().expect("nothing panics while it holds the tasks"));
        for task in tasks {
            let _handled_its_last_event = task.await;
        }
    }
}

impl<M: SyncModel> std::fmt::Debug for Events<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("handlers", &self.handlers.len()).finish_non_exhaustive()
    }
}
