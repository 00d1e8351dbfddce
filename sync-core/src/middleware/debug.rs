//! [`Debug`]: tells `tracing` of every request and its answer.

use std::time::Instant;

use crate::backend::{Middleware, Next, Reply, Request};
use crate::error::Error;
use crate::model::SyncModel;

/// Logs each request and its answer at level DEBUG: model, action, id, who asked, what is written (private
/// fields hidden), the outcome and the time.
#[derive(Clone, Copy, Debug)]
pub struct Debug;

impl<M: SyncModel> Middleware<M> for Debug {
    async fn handle(&self, request: Request<M>, next: Next<M>) -> Result<Reply<M>, Error> {
        if !tracing::enabled!(tracing::Level::DEBUG) {
            return next.run(request).await;
        }
        let (model, action, context) = (M::SCHEMA.model, request.action().as_str(), request.context.clone());
        let id = request.id().map(ToString::to_string);
        tracing::debug!(model, action, id, ?context, patch = ?request.patch(), "request");
        let begun = Instant::now();
        let reply = next.run(request).await;
        let micros = begun.elapsed().as_micros();
        match &reply {
            Ok(Reply::Committed(change)) => tracing::debug!(model, action, ?change, micros, "committed"),
            Ok(_) => tracing::debug!(model, action, id, micros, "answered"),
            Err(error) => tracing::debug!(model, action, id, %error, micros, "refused"),
        }
        reply
    }
}
