//! [`Upsert`]: an update of an unknown document creates it.

use std::sync::Arc;

use crate::backend::{Middleware, Next, Op, Reply, Request};
use crate::error::{Code, Error};
use crate::model::{ModelPatch as _, SyncModel, id_field};

/// Turns an update of a document that does not exist into a create, so that writers can name a document
/// before anyone saved it. After the `tmpId` middleware of the original.
///
/// The update is tried first; where another writer creates the document in between, it is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Upsert;

impl<M: SyncModel> Middleware<M> for Upsert {
    async fn handle(&self, request: Request<M>, next: Next<M>) -> Result<Reply<M>, Error> {
        let Op::Update { id, patch, expect: None, .. } = request.op() else { return next.run(request).await };
        let mut patch = patch.clone();
        Arc::make_mut(&mut patch).set(id_field(), id.clone());
        let mut create = request.clone();
        *create.op_mut() = Op::Create(patch);

        match next.clone().run(request.clone()).await {
            Err(error) if error.code() == Code::NotFound => {}
            answer => return answer,
        }
        match next.clone().run(create).await {
            Err(error) if error.code() == Code::Exists => next.run(request).await,
            answer => answer,
        }
    }
}
