//! What all handles of one backend share: its layers, its end, its hub; and the one road every request takes.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::FutureExt as _;
use tokio::runtime::Handle;

use super::change::{Action, Change};
use super::event::Signal;
use super::hub::{Hub, Reread};
use super::middleware::{DynMiddleware, Next};
use super::request::{Found, Op, OwnDoc, Parts, Reply, Request};
use super::store::{Boxed, DynStore};
use super::write::Write;
use crate::error::{Code, Error, panic_text};
use crate::model::{Doc, ModelPatch as _, Rev, SyncModel};

/// One configured backend.
pub(crate) struct Shared<M: SyncModel> {
    pub(crate) name: Arc<str>,
    pub(crate) layers: Vec<Box<dyn DynMiddleware<M>>>,
    pub(crate) store: Option<Arc<dyn DynStore<M>>>,
    pub(crate) hub: Arc<Hub<M>>,
    pub(crate) runtime: Handle,
    pub(crate) closed: AtomicBool,
    /// Documents read from the store one by one, and queries: what tests count.
    pub(crate) reads: AtomicU64,
    pub(crate) finds: AtomicU64,
}

impl<M: SyncModel> Shared<M> {
    /// Runs a request down the chain. A commit that happened although the answer is an error goes with the
    /// error.
    pub(crate) async fn call(self: &Arc<Self>, request: Request<M>) -> Result<Reply<M>, Error> {
        let slot = request.slot.clone();
        self.run(request).await.map_err(|error| slot.carried_by(error))
    }

    /// Runs a request down the chain. A panic in a layer fails this request only.
    pub(crate) async fn run(self: &Arc<Self>, request: Request<M>) -> Result<Reply<M>, Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::new(Code::Unavailable, format!("{}: the registry was shut down", self.name)));
        }
        let action = request.action();
        let run = AssertUnwindSafe(async {
            match self.layers.is_empty() {
                true => self.end(request).await,
                false => Next { shared: self.clone(), at: 0 }.run(request).await,
            }
        });
        run.catch_unwind().await.unwrap_or_else(|panic| Err(self.panicked(action, &*panic)))
    }

    /// Refuses what comes, ends what was started; what the store has taken is committed and told first.
    pub(crate) async fn shut_down(&self) {
        self.closed.store(true, Ordering::Release);
        if let Some(store) = &self.store {
            store.close().await;
        }
        self.hub.close();
        for layer in &self.layers {
            layer.shutdown().await;
        }
    }

    /// Commits a save at once where no layer is in its way and the store can; gives it back where not.
    ///
    /// From the call to its answer there is no await point and no layer, so the answer cannot get lost: such
    /// a write needs no slot, no request on the heap, and no future. Its parts come one by one and are put
    /// together where the store takes them: a write that is moved right after it was made waits for itself.
    #[allow(clippy::result_large_err)] // what is given back takes the road of a request right away
    pub(crate) fn update_now(
        &self,
        id: M::Id,
        patch: Arc<M::Patch>,
        own: OwnDoc<M>,
        expect: Option<Rev>,
    ) -> Result<Result<Arc<Change<M>>, Error>, Op<M>> {
        let open = self.layers.is_empty() && !self.closed.load(Ordering::Acquire);
        let Some(store) = self.store.as_ref().filter(|_| open) else {
            return Err(Op::Update { id, patch, own: Some(own), expect });
        };
        let commit = AssertUnwindSafe(|| store.commit_now(Write::untold(id, patch, own, expect)));
        match catch_unwind(commit) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(write)) => match write.into_op() {
                Some(op) => Err(op),
                None => {
                    let message = format!("{}: the store gave back a write that it had planned", self.name);
                    Ok(Err(Error::new(Code::Internal, message)))
                }
            },
            Err(panic) => Ok(Err(self.panicked(Action::Update, &*panic))),
        }
    }

    fn panicked(&self, action: Action, panic: &(dyn Any + Send)) -> Error {
        tracing::error!(
            backend = &*self.name,
            action = action.as_str(),
            panic = panic_text(panic),
            "a layer panicked"
        );
        Error::new(
            Code::Internal,
            format!("{}: a layer panicked while it handled {}", self.name, action.as_str()),
        )
    }

    /// The end of the chain.
    pub(crate) async fn end(self: &Arc<Self>, request: Request<M>) -> Result<Reply<M>, Error> {
        let Some(store) = &self.store else { return Ok(self.echo(request)) };
        match &request.op {
            Op::Read(id) => {
                self.reads.fetch_add(1, Ordering::Relaxed);
                let using = request.checks.using.as_ref();
                let visible = |doc: &Doc<M>| using.is_none_or(|using| using.matches(&doc.value));
                store.get(id).await.map(|doc| Reply::Document(doc.filter(visible)))
            }
            Op::Find(query) => {
                let mut query = query.clone();
                if let Some(using) = &request.checks.using {
                    query.filter = query.filter & using.clone();
                }
                self.finds.fetch_add(1, Ordering::Relaxed);
                store.find(&query).await.map(Reply::Found)
            }
            _ => self.commit(store, Write::from_request(request)?).await,
        }
    }

    async fn commit(&self, store: &Arc<dyn DynStore<M>>, write: Write<M>) -> Result<Reply<M>, Error> {
        let mut write = match store.commit_now(write) {
            Ok(answer) => return answer.map(Reply::Committed),
            Err(write) => write,
        };
        write.ticket.begin();
        let mut answers = if store.runs_detached() {
            let store = store.clone();
            let task = self.runtime.spawn(async move { store.commit(vec![write]).await });
            task.await.map_err(|error| {
                Error::new(Code::Internal, format!("{}: the store panicked", self.name)).caused_by(error)
            })?
        } else {
            store.commit(vec![write]).await
        };
        let answer = answers.pop().unwrap_or_else(|| {
            Err(Error::new(Code::Internal, format!("{}: the store gave no answer to a write", self.name)))
        });
        answer.map(Reply::Committed)
    }

    /// A backend without a store answers with the request's own fields, and tells everyone.
    fn echo(&self, request: Request<M>) -> Reply<M> {
        let id = request.id().cloned();
        let action = request.action();
        let Parts { op, context, .. } = *request.0;
        let patch = match op {
            Op::Create(patch) | Op::Update { patch, .. } => Some(patch),
            Op::Delete { .. } => None,
            Op::Read(_) => return Reply::Document(None),
            Op::Find(_) => return Reply::Found(Found { docs: Vec::new(), total: Some(0), position: 0 }),
        };
        let told = patch.clone().filter(|patch| !patch.is_empty());
        self.hub.signal(Signal { action, id, patch: told, context });
        Reply::Echo(patch)
    }
}

impl<M: SyncModel> Reread<M> for Shared<M> {
    fn reread(&self, id: M::Id) -> Boxed<'_, Result<Option<Doc<M>>, Error>> {
        Box::pin(async move {
            match &self.store {
                Some(store) => store.get(&id).await,
                None => Ok(None),
            }
        })
    }
}
