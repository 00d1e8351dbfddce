//! [`Verbs`]: the backend's verbs on the model's type, through the process's default registry.

use std::future::Future;
use std::sync::Arc;

use crate::backend::{Backend, Change, Find, Model, Registry, Subscription};
use crate::error::{Code, Error};
use crate::live::Live;
use crate::model::{IntoNew, SyncModel};
use crate::query::Filter;

/// The verbs of [`Backend`] on every model: `List::fetch(id)` asks the registry that was
/// [`install`](Registry::install)ed.
///
/// A trait of its own, so that a method of yours with the same name comes first.
///
/// ```
/// use sync_core::prelude::*;
/// # #[derive(SyncModel, Clone, Debug)]
/// # #[sync(backend = "lists")]
/// # struct List { #[sync(id)] id: Uuid, name: String }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let backend = Backend::<List>::builder().with(AssignId::v7()).store(MemoryStore::new());
/// Registry::builder().backend(backend).build().await?.install();
///
/// let list = List::create(ListPatch::default().with(List::NAME, "Milk")).await?;
/// assert_eq!(List::fetch(list.id).await?.name, "Milk");
/// # Ok(()) }
/// ```
pub trait Verbs: SyncModel {
    /// The backend of this model in the default registry.
    ///
    /// # Errors
    /// `config` where no registry was installed, or it has no backend of this model.
    fn backend() -> Result<Backend<Self>, Error> {
        let registry = Registry::installed().ok_or_else(|| {
            let message =
                format!("{}: no registry was installed; call `registry.install()` first", Self::SCHEMA.model);
            Error::new(Code::Config, message)
        })?;
        registry.try_backend()
    }

    /// See [`Backend::create`].
    ///
    /// # Errors
    /// As there, and `config`.
    fn create(new: impl IntoNew<Self> + Send) -> impl Future<Output = Result<Model<Self>, Error>> + Send {
        let patch = new.into_new();
        async { Self::backend()?.create(patch_of::<Self>(patch)).await }
    }

    /// See [`Backend::create_many`]; every answer is `config` where there is no backend.
    fn create_many<N: IntoNew<Self> + Send>(
        new: impl IntoIterator<Item = N> + Send,
    ) -> impl Future<Output = Vec<Result<Model<Self>, Error>>> + Send {
        let patches: Vec<_> = new.into_iter().map(|new| patch_of::<Self>(new.into_new())).collect();
        async {
            match Self::backend() {
                Ok(backend) => backend.create_many(patches).await,
                Err(error) => patches.iter().map(|_| Err(error.clone())).collect(),
            }
        }
    }

    /// See [`Backend::fetch`].
    ///
    /// # Errors
    /// As there, and `config`.
    fn fetch(id: impl Into<Self::Id> + Send) -> impl Future<Output = Result<Model<Self>, Error>> + Send {
        let id = id.into();
        async { Self::backend()?.fetch(id).await }
    }

    /// See [`Backend::find`].
    ///
    /// # Errors
    /// `config`.
    fn find(filter: Filter<Self>) -> Result<Find<Self>, Error> {
        Ok(Self::backend()?.find(filter))
    }

    /// See [`Backend::all`].
    ///
    /// # Errors
    /// As there, and `config`.
    fn all() -> impl Future<Output = Result<Vec<Model<Self>>, Error>> + Send {
        async { Self::backend()?.all().await }
    }

    /// See [`Backend::update`].
    ///
    /// # Errors
    /// As there, and `config`.
    fn update(
        id: impl Into<Self::Id> + Send,
        patch: Self::Patch,
    ) -> impl Future<Output = Result<Arc<Change<Self>>, Error>> + Send {
        let id = id.into();
        async { Self::backend()?.update(id, patch).await }
    }

    /// See [`Backend::delete_by_id`].
    ///
    /// # Errors
    /// As there, and `config`.
    fn delete_by_id(
        id: impl Into<Self::Id> + Send,
    ) -> impl Future<Output = Result<Arc<Change<Self>>, Error>> + Send {
        let id = id.into();
        async { Self::backend()?.delete_by_id(id).await }
    }

    /// See [`Backend::subscribe`].
    ///
    /// # Errors
    /// `config`.
    fn subscribe() -> Result<Subscription<Self>, Error> {
        Ok(Self::backend()?.subscribe())
    }

    /// See [`Backend::live`].
    ///
    /// # Errors
    /// As there, and `config`.
    fn live(id: impl Into<Self::Id> + Send) -> impl Future<Output = Result<Live<Self>, Error>> + Send {
        let id = id.into();
        async { Self::backend()?.live(id).await }
    }
}

impl<M: SyncModel> Verbs for M {}

/// A patch as what it is: the fields of a new document.
struct Fields<P>(P);

impl<M: SyncModel> IntoNew<M> for Fields<M::Patch> {
    fn into_new(self) -> M::Patch {
        self.0
    }
}

fn patch_of<M: SyncModel>(patch: M::Patch) -> Fields<M::Patch> {
    Fields(patch)
}
