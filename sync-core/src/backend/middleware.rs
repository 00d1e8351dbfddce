//! [`Middleware`] and [`Next`]: the layers of a chain.
//!
//! ```text
//!            request                      reply
//!               |                           ^
//!   +-----------v---------------------------|-----------+
//!   | layer 1   refuse, alter, answer    see, recover   |
//!   |  +--------v---------------------------|--------+  |
//!   |  | layer 2                                     |  |
//!   |  |  +-----v---------------------------|-----+  |  |
//!   |  |  |               store                   |  |  |
//!   |  |  +---------------------|-----------------+  |  |
//!   +--+------------------------|--------------------+--+
//!                               v
//!                              hub  -> subscribers, views, sockets
//! ```

use std::future::Future;
use std::sync::Arc;

use super::change::Action;
use super::hub::Hub;
use super::request::{Reply, Request};
use super::shared::Shared;
use super::store::Boxed;
use crate::error::Error;
use crate::model::SyncModel;

/// One layer of a chain.
///
/// A layer refuses by returning an error, alters by changing the request, answers by not calling `next`,
/// and sees or recovers the answer of what is below it. Facts from elsewhere do not pass the layers.
///
/// ```
/// use sync_core::prelude::*;
/// use sync_core::backend::{Middleware, Next, Reply, Request};
///
/// struct Slow;
///
/// impl<M: SyncModel> Middleware<M> for Slow {
///     async fn handle(&self, request: Request<M>, next: Next<M>) -> Result<Reply<M>, Error> {
///         let begun = std::time::Instant::now();
///         let reply = next.run(request).await;
///         if begun.elapsed().as_secs() > 1 {
///             eprintln!("{} was slow", M::SCHEMA.model);
///         }
///         reply
///     }
/// }
/// ```
pub trait Middleware<M: SyncModel>: Send + Sync + 'static {
    /// Handles one request.
    fn handle(
        &self,
        request: Request<M>,
        next: Next<M>,
    ) -> impl Future<Output = Result<Reply<M>, Error>> + Send;

    /// Called once when the registry is built, for layers that follow the hub or connect to something.
    ///
    /// # Errors
    /// Whatever keeps the layer from working; the registry is not built then.
    fn attach(&self, hub: &Arc<Hub<M>>) -> impl Future<Output = Result<(), Error>> + Send {
        let _ = hub;
        async { Ok(()) }
    }

    /// Called once while the registry shuts down, after subscriptions have ended.
    fn shutdown(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// The rest of a chain; may be cloned and run again.
pub struct Next<M: SyncModel> {
    pub(crate) shared: Arc<Shared<M>>,
    pub(crate) at: usize,
}

impl<M: SyncModel> Next<M> {
    /// Hands the request to the next layer, or to the store.
    ///
    /// # Errors
    /// Whatever the layers below answer.
    pub async fn run(self, request: Request<M>) -> Result<Reply<M>, Error> {
        let Next { shared, at } = self;
        match shared.layers.get(at) {
            Some(layer) => layer.handle(request, Next { shared: shared.clone(), at: at + 1 }).await,
            None => shared.end(request).await,
        }
    }
}

impl<M: SyncModel> Clone for Next<M> {
    fn clone(&self) -> Self {
        Next { shared: self.shared.clone(), at: self.at }
    }
}

impl<M: SyncModel> std::fmt::Debug for Next<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Next").field("at", &self.at).finish_non_exhaustive()
    }
}

/// [`Middleware`] as an object.
pub(crate) trait DynMiddleware<M: SyncModel>: Send + Sync {
    fn handle(&self, request: Request<M>, next: Next<M>) -> Boxed<'_, Result<Reply<M>, Error>>;
    fn attach<'a>(&'a self, hub: &'a Arc<Hub<M>>) -> Boxed<'a, Result<(), Error>>;
    fn shutdown(&self) -> Boxed<'_, ()>;
}

impl<M: SyncModel, L: Middleware<M>> DynMiddleware<M> for L {
    fn handle(&self, request: Request<M>, next: Next<M>) -> Boxed<'_, Result<Reply<M>, Error>> {
        Box::pin(Middleware::handle(self, request, next))
    }
    fn attach<'a>(&'a self, hub: &'a Arc<Hub<M>>) -> Boxed<'a, Result<(), Error>> {
        Box::pin(Middleware::attach(self, hub))
    }
    fn shutdown(&self) -> Boxed<'_, ()> {
        Box::pin(Middleware::shutdown(self))
    }
}

/// A layer made of a function: `with_fn`.
pub(crate) struct FnLayer<F>(pub(crate) F);

impl<M, F, Fut> Middleware<M> for FnLayer<F>
where
    M: SyncModel,
    F: Fn(Request<M>, Next<M>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<M>, Error>> + Send,
{
    fn handle(
        &self,
        request: Request<M>,
        next: Next<M>,
    ) -> impl Future<Output = Result<Reply<M>, Error>> + Send {
        (self.0)(request, next)
    }
}

/// A layer made of a function and its state: `with_state`.
pub(crate) struct StateLayer<S, F>(pub(crate) S, pub(crate) F);

impl<M, S, F, Fut> Middleware<M> for StateLayer<S, F>
where
    M: SyncModel,
    S: Clone + Send + Sync + 'static,
    F: Fn(S, Request<M>, Next<M>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply<M>, Error>> + Send,
{
    fn handle(
        &self,
        request: Request<M>,
        next: Next<M>,
    ) -> impl Future<Output = Result<Reply<M>, Error>> + Send {
        (self.1)(self.0.clone(), request, next)
    }
}

/// A layer for some actions only: `on`.
pub(crate) struct OnLayer<L>(pub(crate) Vec<Action>, pub(crate) L);

impl<M: SyncModel, L: Middleware<M>> Middleware<M> for OnLayer<L> {
    async fn handle(&self, request: Request<M>, next: Next<M>) -> Result<Reply<M>, Error> {
        if self.0.contains(&request.action()) {
            self.1.handle(request, next).await
        } else {
            next.run(request).await
        }
    }
    fn attach(&self, hub: &Arc<Hub<M>>) -> impl Future<Output = Result<(), Error>> + Send {
        self.1.attach(hub)
    }
    fn shutdown(&self) -> impl Future<Output = ()> + Send {
        self.1.shutdown()
    }
}
