//! [`Router`]: which backends sockets may use, and the axum routes that serve them.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;

use super::grant::{Exposed, Offer};
use super::hello::{Authenticate, Hello, anyone, erased};
use super::limits::Limits;
use super::policy::Policy;
use super::session::House;
use super::stats::{Counters, Stats};
use super::{assets, origin, socket};
use crate::backend::Backend;
use crate::error::{Code, Error};
use crate::model::SyncModel;

/// Which backends sockets may use, by whom and how.
///
/// ```
/// use sync_core::prelude::*;
/// use sync_core::ws::{self, Policy};
///
/// struct User { name: String }
///
/// #[derive(SyncModel, Clone, Debug)]
/// #[sync(backend = "lists")]
/// struct List {
///     #[sync(id)]
///     id: Uuid,
///     #[sync(facet)]
///     owner: String,
/// }
/// # fn app(lists: Backend<List>) -> Result<axum::Router, Error> {
/// let sockets = ws::router()
///     .expose(lists, Policy::new().allow_all().rows(|user: &User| List::OWNER.eq(&user.name)))
///     .authenticate(async |hello: ws::Hello| match hello.token() {
///         Some(name) => Ok(User { name: name.to_owned() }),
///         None => Err(Error::denied("no token")),
///     })
///     .build()?;
/// Ok(axum::Router::new().nest("/sync", sockets.into_axum())) // the client is at /sync/sync.js
/// # }
/// ```
#[must_use = "sockets are served once the router is built and given to axum"]
pub struct RouterBuilder {
    exposed: Vec<Arc<dyn Exposed>>,
    authenticate: Authenticate,
    limits: Limits,
    origins: Vec<String>,
}

/// A router that is being configured: nothing is exposed, and anyone of the same origin may connect.
pub fn router() -> RouterBuilder {
    RouterBuilder {
        exposed: Vec::new(),
        authenticate: anyone(),
        limits: Limits::default(),
        origins: Vec::new(),
    }
}

impl RouterBuilder {
    /// Sockets may use this backend, under this policy.
    pub fn expose<M: SyncModel>(mut self, backend: Backend<M>, policy: Policy<M>) -> Self {
        self.exposed.push(Arc::new(Offer(backend, policy)));
        self
    }

    /// Tells who a client is, or refuses it; the answer is the user that policies and layers get.
    pub fn authenticate<U, F, Fut>(mut self, hook: F) -> Self
    where
        U: Any + Send + Sync,
        F: Fn(Hello) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<U, Error>> + Send + 'static,
    {
        self.authenticate = erased(hook);
        self
    }

    /// What one session may ask of the server.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Pages of this site may connect too: `https://example.com`.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// The sockets, ready to be served.
    ///
    /// # Errors
    /// `config` where a policy cannot be kept: it is about a field whose values do not travel with changes,
    /// or hides a field that a created document must have; and where a backend is exposed twice.
    pub fn build(self) -> Result<Sockets, Error> {
        for (at, exposed) in self.exposed.iter().enumerate() {
            exposed.check_setup()?;
            if self.exposed[..at].iter().any(|earlier| earlier.name() == exposed.name()) {
                return Err(Error::new(Code::Config, format!("{}: exposed twice", exposed.name())));
            }
        }
        let server = short_name();
        let house =
            House { server, exposed: self.exposed, limits: self.limits, counters: Counters::default() };
        Ok(Sockets(Arc::new(Shared {
            house: Arc::new(house),
            authenticate: self.authenticate,
            origins: self.origins,
            closed: watch::Sender::new(false),
        })))
    }
}

impl std::fmt::Debug for RouterBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.exposed.iter().map(|exposed| exposed.name()).collect();
        f.debug_struct("RouterBuilder").field("exposed", &names).finish_non_exhaustive()
    }
}

/// A name at random, for logs.
pub(crate) fn short_name() -> String {
    uuid::Uuid::new_v4().simple().to_string()[..12].to_owned()
}

pub(crate) struct Shared {
    pub(crate) house: Arc<House>,
    pub(crate) authenticate: Authenticate,
    origins: Vec<String>,
    pub(crate) closed: watch::Sender<bool>,
}

/// The sockets of a router: their routes, what they have done, and their end. Cheap to clone.
#[derive(Clone)]
pub struct Sockets(Arc<Shared>);

impl Sockets {
    /// The routes `/ws` and `/sync.js` (with the modules it imports), to be nested where you like.
    pub fn into_axum(self) -> axum::Router {
        let socket = axum::Router::new().route("/ws", axum::routing::get(upgrade)).with_state(self);
        assets::routes().merge(socket)
    }

    /// What the sockets have done since the router was built.
    pub fn stats(&self) -> Stats {
        self.0.house.counters.read()
    }

    /// Ends every session, and those that begin from now on: clients are told that the server goes away.
    pub fn close(&self) {
        self.0.closed.send_replace(true);
    }
}

impl std::fmt::Debug for Sockets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sockets").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

async fn upgrade(State(Sockets(shared)): State<Sockets>, request: Request) -> Response {
    if !origin::allowed(request.headers(), &shared.origins) {
        return (StatusCode::FORBIDDEN, "this site may not connect").into_response();
    }
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(refusal) => return refusal.into_response(),
    };
    // A frame a little too large is read, and refused with a proper error; a huge one ends the connection.
    let largest = shared.house.limits.frame.saturating_mul(2);
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_frame_size(largest)
        .max_message_size(largest)
        .on_upgrade(move |socket| socket::run(shared, Arc::new(parts), socket))
}

/// An idle connection keeps this much.
const READ_BUFFER: usize = 1 << 10;
/// Frames that wait leave together, up to this many bytes in one write. The buffer grows by the largest
/// frame, and an idle connection keeps it.
const WRITE_BUFFER: usize = 4 << 10;
