//! [`BackendBuilder`]: layers in the order they are added, then the store.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use tokio::runtime::Handle;

use super::change::Action;
use super::handle::Backend;
use super::hub::{Hub, Reread};
use super::middleware::{DynMiddleware, FnLayer, Middleware, Next, OnLayer, StateLayer};
use super::registry::{AnyBackend, BuildBackend};
use super::request::{Reply, Request};
use super::shared::Shared;
use super::store::{Boxed, DynStore, Feed, Store};
use crate::error::{Code, Error};
use crate::model::SyncModel;

/// A backend that is being configured.
///
/// Requests pass the layers in the order they are added. Without a store the backend echoes: it answers
/// with the request's own fields and tells subscribers.
#[must_use = "a backend exists once it is given to `Registry::builder` and built"]
pub struct BackendBuilder<M: SyncModel> {
    name: Arc<str>,
    layers: Vec<Box<dyn DynMiddleware<M>>>,
    store: Option<Arc<dyn DynStore<M>>>,
}

impl<M: SyncModel> BackendBuilder<M> {
    pub(crate) fn new() -> Self {
        BackendBuilder { name: M::SCHEMA.backend.into(), layers: Vec::new(), store: None }
    }

    /// Another wire name than the struct's.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// One more layer.
    pub fn with(mut self, layer: impl Middleware<M>) -> Self {
        self.layers.push(Box::new(layer));
        self
    }

    /// One more layer, made of an async function.
    pub fn with_fn<F, Fut>(self, layer: F) -> Self
    where
        F: Fn(Request<M>, Next<M>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Reply<M>, Error>> + Send + 'static,
    {
        self.with(FnLayer(layer))
    }

    /// One more layer, made of an async function and a state that is cloned for each request.
    pub fn with_state<S, F, Fut>(self, state: S, layer: F) -> Self
    where
        S: Clone + Send + Sync + 'static,
        F: Fn(S, Request<M>, Next<M>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Reply<M>, Error>> + Send + 'static,
    {
        self.with(StateLayer(state, layer))
    }

    /// One more layer, for these actions only.
    pub fn on(self, actions: impl IntoIterator<Item = Action>, layer: impl Middleware<M>) -> Self {
        self.with(OnLayer(actions.into_iter().collect(), layer))
    }

    /// The end of the chain.
    pub fn store(mut self, store: impl Store<M>) -> Self {
        self.store = Some(Arc::new(store));
        self
    }
}

impl<M: SyncModel> BuildBackend for BackendBuilder<M> {
    fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    fn build(self: Box<Self>) -> Boxed<'static, Result<Arc<dyn AnyBackend>, Error>> {
        Box::pin(async move {
            let runtime = Handle::try_current().map_err(|error| {
                let message = format!("{}: a registry is built inside a tokio runtime", self.name);
                Error::new(Code::Config, message).caused_by(error)
            })?;
            let hub = Hub::new(runtime.clone());
            let shared = Arc::new(Shared {
                name: self.name,
                layers: self.layers,
                store: self.store,
                hub,
                runtime,
                closed: AtomicBool::new(false),
                reads: AtomicU64::new(0),
                finds: AtomicU64::new(0),
            });
            let reread: std::sync::Weak<dyn Reread<M>> =
                Arc::downgrade(&(shared.clone() as Arc<dyn Reread<M>>));
            // Before the store opens: what it feeds may need a read at once.
            shared.hub.reread_with(reread);
            if let Some(store) = &shared.store {
                shared.hub.opened(store.open(Feed(shared.hub.clone())).await?);
            }
            for layer in &shared.layers {
                if let Err(error) = layer.attach(&shared.hub).await {
                    shared.shut_down().await;
                    return Err(error);
                }
            }
            Ok(Arc::new(Backend(shared)) as Arc<dyn AnyBackend>)
        })
    }
}

impl<M: SyncModel> std::fmt::Debug for BackendBuilder<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackendBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}
