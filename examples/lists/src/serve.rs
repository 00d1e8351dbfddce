//! `lists`: the page, and the socket that keeps it in sync.

use sync_core::prelude::*;
use sync_core::ws::{self, Policy};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::models::{Item, List};
use crate::{Outcome, page};

pub(crate) async fn serve(registry: &Registry, port: u16) -> Outcome {
    let sockets = ws::router()
        .expose(registry.backend::<List>(), Policy::new().allow_all())
        .expose(registry.backend::<Item>(), Policy::new().allow_all())
        .build()?;
    let app = page::routes().nest("/sync", sockets.into_axum());
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|error| format!("port {port}: {error}; `--port 0` takes a free one"))?;
    println!("lists: open http://{} in two tabs; Ctrl-C ends it", listener.local_addr()?);
    tokio::select! {
        served = ws::serve(listener, app) => Ok(served?),
        () = ended() => Ok(()),
    }
}

/// Resolves when the program is asked to end.
async fn ended() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
