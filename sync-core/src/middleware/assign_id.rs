//! [`AssignId`]: gives new documents an id.

use uuid::Uuid;

use crate::backend::{Action, Middleware, Next, Reply, Request};
use crate::error::Error;
use crate::model::{ModelId as _, ModelPatch as _, SyncModel, id_field};

/// Gives a UUID to each created document that has none: nil, empty text, or not said.
///
/// Version 7 by default (sorts by time, kind to indexes); [`v4`](AssignId::v4) for ids that tell nothing.
/// After the `uuid` middleware of backbone.io.
///
/// Integer ids cannot hold a UUID; a document without one is then refused by the store.
#[derive(Clone, Copy, Debug)]
pub struct AssignId(fn() -> Uuid);

impl AssignId {
    /// Ids that sort by the time they were made.
    pub fn v7() -> Self {
        AssignId(Uuid::now_v7)
    }

    /// Ids at random.
    pub fn v4() -> Self {
        AssignId(Uuid::new_v4)
    }
}

impl Default for AssignId {
    fn default() -> Self {
        AssignId::v7()
    }
}

impl<M: SyncModel> Middleware<M> for AssignId {
    async fn handle(&self, mut request: Request<M>, next: Next<M>) -> Result<Reply<M>, Error> {
        if request.action() == Action::Create
            && request.id().is_none_or(M::Id::is_unset)
            && let Some(id) = M::Id::from_uuid((self.0)())
            && let Some(patch) = request.patch_mut()
        {
            patch.set(id_field(), id);
        }
        next.run(request).await
    }
}
