//! [`serve`]: axum's server, with sockets that answer at once.

use axum::serve::{ListenerExt as _, Serve, TapIo};
use tokio::net::{TcpListener, TcpStream};

/// A listener whose connections send at once.
type Prompt = TapIo<TcpListener, fn(&mut TcpStream)>;

/// [`axum::serve()`] with `TCP_NODELAY`.
///
/// Without it an answer and a change that leave as two small writes wait for each other's
/// acknowledgement, some 40 ms.
///
/// ```no_run
/// # async fn demo(app: axum::Router) -> std::io::Result<()> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
/// sync_core::ws::serve(listener, app).with_graceful_shutdown(std::future::pending()).await
/// # }
/// ```
pub fn serve(listener: TcpListener, app: axum::Router) -> Serve<Prompt, axum::Router, axum::Router> {
    axum::serve(listener.tap_io(no_delay as fn(&mut TcpStream)), app)
}

fn no_delay(stream: &mut TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
}
