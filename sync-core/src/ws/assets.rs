//! The JavaScript client's modules, served beside the socket.

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

macro_rules! modules {
    ($($name:literal)*) => {
        /// Path and text of each module.
        const MODULES: &[(&str, &str)] = &[
            $((concat!("/", $name), include_str!(concat!("../../client/", $name))),)*
        ];
    };
}

modules! {
    "backend.js" "copies.js" "emitter.js" "errors.js" "mutation.js" "requests.js" "socket.js" "sync.js" "values.js"
    "view.js"
}

/// One route per module.
pub(crate) fn routes() -> Router {
    MODULES.iter().fold(Router::new(), |router, (path, text)| {
        let tag = format!("\"{:016x}\"", fingerprint(text));
        router.route(path, get(async move |headers: HeaderMap| module(text, &tag, &headers)))
    })
}

/// Browsers ask each time whether they have the newest, for the modules belong to the server's version.
fn module(text: &'static str, tag: &str, headers: &HeaderMap) -> Response {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let caching = [(header::ETAG, tag), (header::CACHE_CONTROL, "no-cache")];
    if known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag)) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let types = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (caching, types, text).into_response()
}

/// FNV-1a.
fn fingerprint(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_that_a_module_imports_is_served() {
        for (path, text) in MODULES {
            for import in text.split("from './").skip(1) {
                let name = import.split('\'').next().unwrap();
                assert!(MODULES.iter().any(|(path, _)| path[1..] == *name), "{path} imports {name}");
            }
        }
    }
}
