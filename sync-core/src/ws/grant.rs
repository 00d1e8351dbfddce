//! [`Grant`]: what one session may do with one backend, without the model's type.
//!
//! Everything typed is behind this line: ids, documents, patches and filters are read here with the model's
//! own decoders, under the policy, and answers come back as text.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::cursor::Binding;
use super::describe::describe;
use super::fact::{Fact, Facts, Scoped, id_json};
use super::frames::Verb;
use super::job;
use super::lanes::Scope;
use super::limits::Limits;
use super::policy::{Policy, Resolved};
use super::refused::Refused;
use crate::backend::{Action, Backend, Change, Checks, Context, Cursor, Op};
use crate::error::{Code, Error};
use crate::model::{
    Access, FieldSet, ModelPatch as _, Refusal, SyncModel, SyncValue as _, Value, decode_patch, id_field,
    read_json, read_operators,
};
use crate::query::{Query, parse_filter, parse_sort};

/// Something to be awaited for a session.
pub(crate) type Job = Pin<Box<dyn Future<Output = Result<Outcome, Refused>> + Send>>;

/// What came of it.
pub(crate) enum Outcome {
    /// The members of an `ack` behind its `n`, and the commit, where there was one.
    Answer(String, Option<Arc<dyn Fact>>),
    /// The documents of a listen, and where in the log they stand.
    Found(Box<dyn Pages>, Cursor),
    /// What was missed since a cursor, where that can be told, and where in the log that ends.
    Missed(Option<Vec<Arc<dyn Fact>>>, Cursor),
    /// A document that was read, as a change would tell it.
    Document(Option<Arc<dyn Fact>>),
}

/// Documents of a snapshot, made into text as the socket takes them.
pub(crate) trait Pages: Send {
    /// The next documents, as a JSON list without its brackets; whether these were the last.
    fn next(&mut self, documents: usize, bytes: usize) -> (String, bool);
}

/// A request that was read and may run.
pub(crate) struct Planned {
    pub(crate) scope: Scope,
    pub(crate) writes: bool,
    pub(crate) job: Job,
}

/// A backend that sockets may use, with its policy.
pub(crate) trait Exposed: Send + Sync {
    fn name(&self) -> &str;
    fn check_setup(&self) -> Result<(), Error>;
    /// What it is to this asker; `None` where nothing is allowed.
    fn grant(&self, context: &Context) -> Result<Option<Arc<dyn Grant>>, Error>;
}

/// What one session may do with one backend.
pub(crate) trait Grant: Send + Sync {
    fn name(&self) -> &str;
    /// Its entry in `welcome`.
    fn describe(&self) -> String;
    /// The fields that the session sees.
    fn seen(&self) -> &FieldSet;
    /// Whether there are documents that the session must not learn of.
    fn is_restricted(&self) -> bool;
    /// Reads a request.
    fn plan(&self, verb: Verb<'_>, context: Context, limits: &Limits) -> Result<Planned, Refused>;
    /// Reads what a listen is about.
    fn scope(&self, filter: Option<&RawValue>, channel: Option<&str>) -> Result<Scoped, Refused>;
    fn snapshot(&self, scope: &Scoped, at_most: usize) -> Job;
    fn missed(&self, since: Cursor) -> Job;
    /// Reads the document of a change that came without it.
    fn fill(&self, fact: &Arc<dyn Fact>) -> Job;
    fn subscribe(&self) -> Box<dyn Facts>;
}

/// A backend and its policy.
pub(crate) struct Offer<M: SyncModel>(pub(crate) Backend<M>, pub(crate) Policy<M>);

impl<M: SyncModel> Exposed for Offer<M> {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn check_setup(&self) -> Result<(), Error> {
        self.1.check_setup()
    }
    fn grant(&self, context: &Context) -> Result<Option<Arc<dyn Grant>>, Error> {
        let rules = Arc::new(self.1.resolve(context)?);
        if rules.actions.is_empty() {
            return Ok(None);
        }
        Ok(Some(Arc::new(Granted { backend: self.0.clone(), rules, context: context.clone() })))
    }
}

pub(crate) struct Granted<M: SyncModel> {
    pub(crate) backend: Backend<M>,
    pub(crate) rules: Arc<Resolved<M>>,
    pub(crate) context: Context,
}

impl<M: SyncModel> Resolved<M> {
    pub(crate) fn checks(&self) -> Checks<M> {
        Checks { using: self.using.clone(), check: self.check.clone(), validate: false }
    }

    pub(crate) fn refused(&self, error: &Error) -> Refused {
        Refused::seen(error, M::SCHEMA, &self.seen)
    }

    fn refusal(&self, refusal: &Refusal) -> Refused {
        self.refused(&Error::refused(M::SCHEMA.model, refusal))
    }

    fn id(&self, json: &RawValue) -> Result<M::Id, Refused> {
        let read = read_json(json.get().as_bytes(), M::Id::read).and_then(|mut id| {
            id.normalize()?;
            Ok(id)
        });
        read.map_err(|refusal| self.refusal(&refusal.at(M::SCHEMA.fields[M::SCHEMA.id].name)))
    }

    /// A client's patch. Fields that it may not see are refused before their values are looked at.
    fn patch(&self, json: &RawValue) -> Result<Arc<M::Patch>, Refused> {
        let names: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(json.get())
            .map_err(|_| Refused::frame(format!("{}: a document or patch is an object", M::SCHEMA.model)))?;
        for name in names.keys() {
            if !M::SCHEMA.find(name).is_some_and(|field| self.seen.has(field)) {
                return Err(self.refusal(&Refusal::unknown_field(name)));
            }
        }
        let patch = decode_patch::<M::Patch>(json.get().as_bytes(), Access::Client);
        patch.map(Arc::new).map_err(|refusal| self.refusal(&refusal))
    }

    fn query(&self, filter: Option<&RawValue>) -> Result<Query<M>, Refused> {
        let Some(json) = filter else { return Ok(Query::new(crate::query::Filter::all())) };
        let value: Value =
            read_json(json.get().as_bytes(), read_operators).map_err(|refusal| self.refusal(&refusal))?;
        let filter = parse_filter(&value, &self.seen).map_err(|error| self.refused(&error))?;
        Ok(Query::new(filter))
    }
}

impl<M: SyncModel> Granted<M> {
    fn allowed(&self, action: Action) -> Result<(), Refused> {
        if self.rules.actions.contains(&action) {
            return Ok(());
        }
        let message = format!("{}: the policy does not allow {}", M::SCHEMA.model, action.as_str());
        Err(Refused::new(Code::Denied, message))
    }

    fn find(
        &self,
        filter: Option<&RawValue>,
        sort: &[String],
        (limit, offset): (Option<u64>, u64),
        limits: &Limits,
    ) -> Result<Op<M>, Refused> {
        let limit = limit.unwrap_or(100.min(limits.page as u64));
        if limit > limits.page as u64 {
            let message = format!("a page has at most {} documents", limits.page);
            return Err(Refused::new(Code::TooMany, message));
        }
        if limit == 0 {
            return Err(Refused::frame("limit is at least 1"));
        }
        let mut query = self.rules.query(filter)?;
        query.sort = parse_sort::<M>(sort, &self.rules.seen).map_err(|error| self.rules.refused(&error))?;
        query.limit = Some(limit as usize);
        query.offset = usize::try_from(offset).unwrap_or(usize::MAX).min(i64::MAX as usize);
        query.total = true;
        Ok(Op::Find(query))
    }
}

impl<M: SyncModel> Grant for Granted<M> {
    fn name(&self) -> &str {
        self.backend.name()
    }

    fn describe(&self) -> String {
        describe::<M>(&self.rules)
    }

    fn seen(&self) -> &FieldSet {
        &self.rules.seen
    }

    fn is_restricted(&self) -> bool {
        self.rules.using.is_some()
    }

    fn plan(&self, verb: Verb<'_>, context: Context, limits: &Limits) -> Result<Planned, Refused> {
        let rules = &self.rules;
        let (op, scope) = match verb {
            Verb::Create { doc } => {
                self.allowed(Action::Create)?;
                let patch = rules.patch(doc)?;
                let scope = patch.get(id_field()).map_or(Scope::New, |id| Scope::One(id_json::<M>(id)));
                (Op::Create(patch), scope)
            }
            Verb::Read { id } => {
                self.allowed(Action::Read)?;
                let id = rules.id(id)?;
                let scope = Scope::One(id_json::<M>(&id));
                (Op::Read(id), scope)
            }
            Verb::Update { id, patch, rev } => {
                self.allowed(Action::Update)?;
                let (id, patch) = (rules.id(id)?, rules.patch(patch)?);
                if patch.slot(M::SCHEMA.id).is_set() {
                    return Err(rules.refusal(&Refusal::readonly(M::SCHEMA.fields[M::SCHEMA.id].name)));
                }
                let scope = Scope::One(id_json::<M>(&id));
                (Op::Update { id, patch, own: None, expect: rev }, scope)
            }
            Verb::Delete { id, rev } => {
                self.allowed(Action::Delete)?;
                let id = rules.id(id)?;
                let scope = Scope::One(id_json::<M>(&id));
                (Op::Delete { id, expect: rev }, scope)
            }
            Verb::Find { filter, sort, limit, offset } => {
                self.allowed(Action::Read)?;
                (self.find(filter, &sort, (limit, offset), limits)?, Scope::All)
            }
        };
        let writes = matches!(op, Op::Create(_) | Op::Update { .. } | Op::Delete { .. });
        let job = job::run(self.backend.clone(), rules.clone(), op, context);
        Ok(Planned { scope, writes, job: Box::pin(job) })
    }

    fn scope(&self, filter: Option<&RawValue>, channel: Option<&str>) -> Result<Scoped, Refused> {
        self.allowed(Action::Read)?;
        let mut filter = self.rules.query(filter)?.filter;
        if let Some(using) = &self.rules.using {
            filter = filter & using.clone();
        }
        let binding = Binding::new().with(&self.name()).with(&self.rules.seen).with(&filter).with(&channel);
        Ok(Scoped { filter: filter.shared(), binding })
    }

    fn snapshot(&self, scope: &Scoped, at_most: usize) -> Job {
        let filter = (*scope.filter).clone().into();
        let context = self.context.clone();
        Box::pin(job::snapshot(self.backend.clone(), self.rules.clone(), filter, at_most, context))
    }

    fn missed(&self, since: Cursor) -> Job {
        Box::pin(job::missed(self.backend.clone(), self.rules.clone(), since))
    }

    fn fill(&self, fact: &Arc<dyn Fact>) -> Job {
        let fact: &dyn std::any::Any = &**fact;
        let change = fact.downcast_ref::<Change<M>>().expect("a grant gets the changes of its own backend");
        let id = change.id.clone();
        Box::pin(job::fill(self.backend.clone(), self.rules.clone(), id, self.context.clone()))
    }

    fn subscribe(&self) -> Box<dyn Facts> {
        Box::new(self.backend.subscribe())
    }
}
