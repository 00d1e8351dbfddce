//! [`Hello`]: what is known of a client when it says hello, and the hook that tells who it is.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::http::{HeaderMap, Uri, request::Parts};

use crate::backend::{Context, Origin};
use crate::error::Error;

/// What is known of a client when it says hello: its handshake, and the token it sent.
#[derive(Clone, Debug)]
pub struct Hello {
    parts: Arc<Parts>,
    token: Option<String>,
}

impl Hello {
    pub(crate) fn new(parts: Arc<Parts>, token: Option<String>) -> Self {
        Hello { parts, token }
    }

    /// The handshake's headers: cookies, for one.
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// The handshake's address, with its query.
    pub fn uri(&self) -> &Uri {
        &self.parts.uri
    }

    /// What layers of the server left with the handshake.
    pub fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.parts.extensions.get()
    }

    /// The token of the `hello` frame.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }
}

/// The hook without its types.
pub(crate) type Authenticate =
    Arc<dyn Fn(Hello) -> Pin<Box<dyn Future<Output = Result<Context, Error>> + Send>> + Send + Sync>;

pub(crate) fn erased<U, F, Fut>(hook: F) -> Authenticate
where
    U: Any + Send + Sync,
    F: Fn(Hello) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<U, Error>> + Send + 'static,
{
    Arc::new(move |hello| {
        let user = hook(hello);
        Box::pin(async move { Ok(Context::of(Origin::Client).for_user(Arc::new(user.await?))) })
    })
}

/// Where no hook is set: a client without a user.
pub(crate) fn anyone() -> Authenticate {
    Arc::new(|_| Box::pin(async { Ok(Context::of(Origin::Client)) }))
}
