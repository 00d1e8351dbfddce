//! [`Error`] as the answer of an axum handler: what a socket would be told, with a status.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::refused::Refused;
use crate::error::{Code, Error};

/// The error as JSON, `{"code": …, "message": …, "fields": […]}`, with a status that fits its code. What is of
/// the server's inside goes to the log, and not into the answer.
///
/// ```
/// use axum::{Json, extract::Path};
/// use sync_core::prelude::*;
/// # #[derive(SyncModel, Clone, Debug)]
/// # #[sync(backend = "lists")]
/// # struct List { #[sync(id)] id: Uuid, name: String }
/// async fn change(Path(id): Path<Uuid>, Json(patch): Json<ListPatch>) -> Result<Json<Model<List>>, Error> {
///     List::update(id, patch).await?;
///     Ok(Json(List::fetch(id).await?))
/// }
/// let app: axum::Router = axum::Router::new().route("/lists/{id}", axum::routing::patch(change));
/// ```
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let refused = Refused::plain(&self);
        let kind = [(CONTENT_TYPE, "application/json")];
        (status(refused.code), kind, format!("{{{}}}", refused.members())).into_response()
    }
}

fn status(code: Code) -> StatusCode {
    match code {
        Code::NotFound | Code::UnknownBackend => StatusCode::NOT_FOUND,
        Code::Exists | Code::Conflict | Code::Duplicate => StatusCode::CONFLICT,
        Code::Invalid | Code::InvalidValue | Code::UnknownField | Code::Readonly | Code::NotFacet => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Code::Denied => StatusCode::FORBIDDEN,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::TooMany | Code::BadFrame | Code::Protocol => StatusCode::BAD_REQUEST,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Indeterminate | Code::Config | Code::Corrupt | Code::Internal => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}
