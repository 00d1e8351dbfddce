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
        let mut of_model = self.0.values().filter(|backend| backend.model() == TypeId::of::<M>());
        match (of_model.next(), of_model.next()) {
            (Some(only), None) => Ok(downcast(&**only).expect("the type was compared just now")),
            (found, _) => {
                let count = if found.is_some() { "several backends" } else { "no backend" };
                let message = format!(
                    "{}: the registry has {count} for it; `Registry::builder().backend(Backend::<{}>::builder()…)` \
                     adds one, `named` finds one by its wire name",
                    M::SCHEMA.model,
                    type_name::<M>(),
                );
                Err(Error::new(Code::Config, message))
            }
        }
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
    /// `config` where two backends have one wire name; whatever a store answers when it is opened.
    pub async fn build(self) -> Result<Registry, Error> {
        let mut backends = BTreeMap::new();
        if let Err(error) = self.build_into(&mut backends).await {
            // What is open already would stay so, and keep its tables from a second attempt.
            for backend in backends.values() {
                backend.shutdown().await;
            }
            return Err(error);
        }
        Ok(Registry(Arc::new(backends)))
    }

    async fn build_into(self, backends: &mut BTreeMap<Arc<str>, Arc<dyn AnyBackend>>) -> Result<(), Error> {
        for builder in self.backends {
            let name = builder.name();
            if backends.contains_key(&name) {
                let message =
                    format!("{name}: two backends have this wire name; give one another by `.name(..)`");
                return Err(Error::new(Code::Config, message));
            }
            backends.insert(name, builder.build().await?);
        }
        Ok(())
    }
}

impl std::fmt::Debug for RegistryBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.backends.iter().map(|backend| backend.name())).finish()
    }
}
