//! [`Validate`]: the struct's own `validate` function is asked inside the store's write.

use std::sync::Arc;

use crate::backend::{Hub, Middleware, Next, Reply, Request};
use crate::error::{Code, Error};
use crate::model::SyncModel;

/// Has every document that a write produces checked by the struct's `validate` function.
///
/// The check runs inside the store's atomic write, on the document as it would be committed; so two patches
/// that are each valid and together are not can never both commit. It is synchronous and pure; a check
/// that needs I/O is a layer of your own, and not atomic.
///
/// ```
/// use sync_core::prelude::*;
///
/// #[derive(SyncModel, Clone, Debug)]
/// #[sync(backend = "lists", validate = "List::validate")]
/// struct List {
///     #[sync(id)]
///     id: Uuid,
///     name: String,
/// }
///
/// impl List {
///     fn validate(&self) -> Result<(), Invalid> {
///         if self.name.is_empty() {
///             return Err(Invalid::field("name", "must not be empty"));
///         }
///         Ok(())
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let backend = Backend::<List>::builder().with(AssignId::v7()).with(Validate).store(MemoryStore::new());
/// let lists = Registry::builder().backend(backend).build().await?.backend::<List>();
/// let refused = lists.create(ListPatch::default().with(List::NAME, "")).await.unwrap_err();
/// assert!(refused.is_invalid() && refused.fields() == ["name"]);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Validate;

impl<M: SyncModel> Middleware<M> for Validate {
    async fn handle(&self, mut request: Request<M>, next: Next<M>) -> Result<Reply<M>, Error> {
        request.checks.validate = true;
        next.run(request).await
    }

    async fn attach(&self, _: &Arc<Hub<M>>) -> Result<(), Error> {
        if M::SCHEMA.validates {
            return Ok(());
        }
        let message = format!(
            "{}: `Validate` has nothing to ask; write `#[sync(validate = \"{}::validate\")]` on the struct",
            M::SCHEMA.model,
            M::SCHEMA.model,
        );
        Err(Error::new(Code::Config, message))
    }
}
