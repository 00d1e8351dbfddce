//! Sockets from outside: a real server on a free port, and a client that speaks the wire.
#![allow(clippy::unwrap_used)]

mod client;
mod hostile;
mod input;
mod javascript;
mod listens;
mod policies;
mod requests;
mod slow;
mod web;

use std::net::SocketAddr;

use sync_core::prelude::*;
use sync_core::ws::{Limits, Policy, RouterBuilder, Sockets};

/// Whom tokens name.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: String,
}

#[derive(SyncModel, Clone, Debug, PartialEq)]
#[sync(backend = "lists", validate = "List::check")]
pub(crate) struct List {
    #[sync(id)]
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) note: Option<String>,
    #[sync(facet)]
    pub(crate) owner: String,
    #[sync(facet, default)]
    pub(crate) views: i64,
    #[sync(readonly, default)]
    pub(crate) edits: i64,
    #[sync(default)]
    pub(crate) rating: i64,
    #[sync(private)]
    pub(crate) secret: String,
}

impl List {
    fn check(&self) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        if self.name.is_empty() {
            invalid = invalid.and("name", "must not be empty");
        }
        if self.name == "Cheap" && self.rating > 3 {
            invalid = invalid.and("rating", "is too high for it");
        }
        invalid.check()
    }
}

pub(crate) fn list(name: &str, owner: &str) -> List {
    List {
        id: Uuid::now_v7(),
        name: name.into(),
        note: None,
        owner: owner.into(),
        views: 0,
        edits: 0,
        rating: 5,
        secret: "SECRET".into(),
    }
}

/// A server on a free port, and its backend.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) lists: Backend<List>,
    pub(crate) sockets: Sockets,
    pub(crate) registry: Registry,
}

pub(crate) async fn lists() -> (Registry, Backend<List>) {
    lists_in(MemoryStore::new()).await
}

async fn lists_in(store: impl sync_core::backend::Store<List>) -> (Registry, Backend<List>) {
    let backend = Backend::<List>::builder()
        .with(AssignId::v7())
        .with_fn(
            async |mut request: sync_core::backend::Request<List>, next: sync_core::backend::Next<List>| {
                request.checks.validate = true;
                next.run(request).await
            },
        )
        .store(store);
    let registry = Registry::builder().backend(backend).build().await.unwrap();
    let lists = registry.backend();
    (registry, lists)
}

impl Server {
    /// Everyone may do everything.
    pub(crate) async fn open() -> Self {
        Server::with(Policy::new().allow_all(), Limits::default()).await
    }

    pub(crate) async fn with(policy: Policy<List>, limits: Limits) -> Self {
        Server::built(policy, |router| router.limits(limits)).await
    }

    pub(crate) async fn built(
        policy: Policy<List>,
        more: impl FnOnce(RouterBuilder) -> RouterBuilder,
    ) -> Self {
        Server::serving(lists().await, policy, more).await
    }

    /// The same over a file.
    pub(crate) async fn on_sqlite(dir: &std::path::Path, policy: Policy<List>) -> Self {
        let sqlite = Sqlite::open(dir.join("lists.sqlite")).unwrap();
        let built = lists_in(SqliteStore::new(&sqlite)).await;
        Server::serving(built, policy, |router| router).await
    }

    async fn serving(
        (registry, lists): (Registry, Backend<List>),
        policy: Policy<List>,
        more: impl FnOnce(RouterBuilder) -> RouterBuilder,
    ) -> Self {
        let router = sync_core::ws::router().expose(lists.clone(), policy).authenticate(
            async |hello: sync_core::ws::Hello| match hello.token() {
                Some("refused") => Err(Error::denied("no such user")),
                name => Ok(User { name: name.unwrap_or("nobody").into() }),
            },
        );
        let sockets = more(router).build().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = axum::Router::new().nest("/sync", sockets.clone().into_axum());
        tokio::spawn(std::future::IntoFuture::into_future(sync_core::ws::serve(listener, app)));
        Server { address, lists, sockets, registry }
    }
}
