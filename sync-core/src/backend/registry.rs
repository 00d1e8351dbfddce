//! [`Registry`]: the backends of this process, found by model type and by wire name.

use std::any::{Any, TypeId, type_name};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use super::builder::BackendBuilder;
use super::handle::Backend;
use super::hub::HubStats;
use super::store::Boxed;
use crate::error::{Code, Error};
use crate::model::SyncModel;

/// A backend without its model's type.
pub(crate) trait AnyBackend: Any + Send + Sync {
    fn name(&self) -> &str;
    fn model(&self) -> TypeId;
    fn health(&self) -> BackendHealth;
    fn shutdown(&self) -> Boxed<'_, ()>;
    fn as_any(&self) -> &dyn Any;
}

/// A builder without its model's type.
pub(crate) trait BuildBackend: Send {
    fn name(&self) -> Arc<str>;
    fn build(self: Box<Self>) -> Boxed<'static, Result<Arc<dyn AnyBackend>, Error>>;
}

impl<M: SyncModel> AnyBackend for Backend<M> {
    fn name(&self) -> &str {
        self.name()
    }
    fn model(&self) -> TypeId {
        TypeId::of::<M>()
    }
    fn health(&self) -> BackendHealth {
        BackendHealth {
            name: self.name().to_owned(),
            model: M::SCHEMA.model,
            stored: self.0.store.is_some(),
            position: self.hub().cursor().position,
            hub: self.hub().stats(),
        }
    }
    fn shutdown(&self) -> Boxed<'_, ()> {
        Box::pin(self.0.shut_down())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// How one backend is doing.
#[derive(Clone, Debug)]
pub struct BackendHealth {
    /// Its wire name.
    pub name: String,
    /// Its model.
    pub model: &'static str,
    /// Whether it has a store.
    pub stored: bool,
    /// Where its log stands.
    pub position: u64,
    /// What its hub has done.
    pub hub: HubStats,
}

/// How the backends are doing.
#[derive(Clone, Debug)]
pub struct Health {
    /// Each backend, by name.
    pub backends: Vec<BackendHealth>,
}

/// The backends of this process. Cheap to clone.
///
/// Handles keep working when it is dropped; only [`shutdown`](Registry::shutdown) ends subscriptions and gives
/// the stores free, so that another registry can have their tables.
#[derive(Clone)]
pub struct Registry(Arc<BTreeMap<Arc<str>, Arc<dyn AnyBackend>>>);

/// The process's default registry, set by [`Registry::install`].
static INSTALLED: RwLock<Option<Registry>> = RwLock::new(None);

impl Registry {
    /// A registry to be configured.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder { backends: Vec::new() }
    }

    /// Makes this the process's default: `List::fetch(id)` finds its backend here from now on.
    pub fn install(&self) {
        *INSTALLED.write().expect("nothing panics while it holds the default registry") = Some(self.clone());
    }

    /// The process's default registry.
    pub fn installed() -> Option<Registry> {
        INSTALLED.read().expect("nothing panics while it holds the default registry").clone()
    }

    /// The backend of this model: the one with the struct's own wire name, or else the only one.
    ///
    /// # Panics
    /// Where there is none: a mistake in the program's set-up. [`try_backend`](Registry::try_backend) does not.
    #[track_caller]
    pub fn backend<M: SyncModel>(&self) -> Backend<M> {
        match self.try_backend() {
            Ok(backend) => backend,
            Err(error) => panic!("{error}"),
        }
    }

    /// The backend of this model.
    ///
    /// # Errors
    /// `config` where there is none, or several and none has the struct's own wire name.
    pub fn try_backend<M: SyncModel>(&self) -> Result<Backend<M>, Error> {
        if let Some(backend) = self.named(M::SCHEMA.backend) {
            return Ok(backend);
        }
        let of_model = self.0.values().filter(|backend| backend.model() == TypeId::of::<M>());
        let message = match *of_model.collect::<Vec<_>>() {
            [only] => return Ok(downcast(&**only).expect("the type was compared just now")),
            [] => format!(
                "{}: the registry has no backend for it; `Registry::builder().backend(Backend::<{}>::builder()…)` \
                 adds one",
                M::SCHEMA.model,
                type_name::<M>(),
            ),
            ref several => format!(
                "{}: the registry has several backends for it, and none is named {}; ask for one with `named`: {}",
                M::SCHEMA.model,
                M::SCHEMA.backend,
                several.iter().map(|backend| backend.name()).collect::<Vec<_>>().join(", "),
            ),
        };
        Err(Error::new(Code::Config, message))
    }

    /// The backend with this wire name, if it is of this model.
    pub fn named<M: SyncModel>(&self, name: &str) -> Option<Backend<M>> {
        downcast(&**self.0.get(name)?)
    }

    /// The wire names of all backends.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(|backend| backend.name())
    }

    /// How the backends are doing.
    pub fn health(&self) -> Health {
        Health { backends: self.0.values().map(|backend| backend.health()).collect() }
    }

    /// Refuses new requests, ends layers, stores and subscriptions.
    pub async fn shutdown(&self) {
        for backend in self.0.values() {
            backend.shutdown().await;
        }
    }
}

fn downcast<M: SyncModel>(backend: &dyn AnyBackend) -> Option<Backend<M>> {
    backend.as_any().downcast_ref::<Backend<M>>().cloned()
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// A registry that is being configured.
#[must_use = "a registry exists once it is built"]
pub struct RegistryBuilder {
    backends: Vec<Box<dyn BuildBackend>>,
}

impl RegistryBuilder {
    /// One more backend.
    pub fn backend<M: SyncModel>(mut self, backend: BackendBuilder<M>) -> Self {
        self.backends.push(Box::new(backend));
        self
    }

    /// Opens the stores and starts the layers.
    ///
    /// # Errors
    /// `config` where two backends have one wire name, or where no tokio runtime is entered; whatever a store
    /// answers when it is opened.
    pub async fn build(self) -> Result<Registry, Error> {
        let mut built = BTreeMap::new();
        for builder in self.backends {
            let name = builder.name();
            let backend = if built.contains_key(&name) {
                let message =
                    format!("{name}: two backends have this wire name; give one another by `.name(..)`");
                Err(Error::new(Code::Config, message))
            } else {
                builder.build().await
            };
            match backend {
                Ok(backend) => drop(built.insert(name, backend)),
                Err(error) => {
                    // What was opened would be kept from the next attempt.
                    Registry(Arc::new(built)).shutdown().await;
                    return Err(error);
                }
            }
        }
        Ok(Registry(Arc::new(built)))
    }
}

impl std::fmt::Debug for RegistryBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.backends.iter().map(|backend| backend.name())).finish()
    }
}
