//! [`Policy`]: who may do what over a socket, and see which documents and fields.

use std::any::Any;
use std::sync::Arc;

use crate::backend::{Action, Context};
use crate::error::{Code, Error};
use crate::model::{Field, FieldSet, SyncModel};
use crate::query::Filter;

/// Who may do what over a socket, and see which documents and fields of one backend.
///
/// It begins with nothing allowed. As in row-level security, a USING rule says which documents exist for
/// the asker, and a CHECK rule which ones a write may leave behind; both hold inside the store's commit,
/// and USING also decides what is sent. Rules may name the id, `facet` and `tracked` fields.
///
/// ```
/// use sync_core::prelude::*;
/// use sync_core::ws::Policy;
///
/// struct User { name: String }
///
/// #[derive(SyncModel, Clone, Debug)]
/// #[sync(backend = "lists")]
/// struct List {
///     #[sync(id)]
///     id: Uuid,
///     #[sync(facet)]
///     owner: String,
///     #[sync(facet)]
///     public: bool,
///     rating: Option<u8>,
/// }
/// // Everyone reads public lists and their own, writes their own, and sees no ratings.
/// let policy = Policy::<List>::new()
///     .allow_all()
///     .using(|user: &User| List::PUBLIC.eq(true) | List::OWNER.eq(&user.name))
///     .check(|user: &User| List::OWNER.eq(&user.name))
///     .hide(List::RATING);
/// ```
#[must_use = "a policy says something once a backend is exposed with it"]
pub struct Policy<M: SyncModel> {
    pub(crate) actions: Vec<Action>,
    using: Option<Rule<M>>,
    check: Option<Rule<M>>,
    hidden: FieldSet,
}

/// The rows a policy means.
#[derive(Clone)]
pub(crate) enum Rule<M> {
    Rows(Filter<M>),
    RowsOf(Arc<RowsOf<M>>),
}

type RowsOf<M> = dyn Fn(&Context) -> Filter<M> + Send + Sync;

/// What a rule can be made of: a filter, or a function of the user (or of the whole
/// [`Context`](crate::backend::Context)).
///
/// A function of the user gives no rows to a socket whose user is of another type, or that has none.
pub trait IntoRule<M, Kind>: Send + Sync + 'static {
    #[doc(hidden)]
    fn rows(&self, context: &Context) -> Filter<M>;

    #[doc(hidden)]
    fn fixed(&self) -> Option<Filter<M>> {
        None
    }
}

impl<M: SyncModel> IntoRule<M, ()> for Filter<M> {
    fn rows(&self, _: &Context) -> Filter<M> {
        self.clone()
    }
    fn fixed(&self) -> Option<Filter<M>> {
        Some(self.clone())
    }
}

impl<M: SyncModel, U: Any, F: Fn(&U) -> Filter<M> + Send + Sync + 'static> IntoRule<M, fn(&U)> for F {
    fn rows(&self, context: &Context) -> Filter<M> {
        let user = (context as &dyn Any).downcast_ref::<U>().or_else(|| context.user::<U>());
        user.map_or_else(Filter::none, self)
    }
}

fn rule<M: SyncModel, K>(rule: Arc<dyn IntoRule<M, K>>) -> Rule<M>
where
    K: 'static,
{
    match rule.fixed() {
        Some(rows) => Rule::Rows(rows),
        None => Rule::RowsOf(Arc::new(move |context| rule.rows(context))),
    }
}

/// A policy as it is for one session.
pub(crate) struct Resolved<M> {
    pub(crate) actions: Vec<Action>,
    pub(crate) using: Option<Filter<M>>,
    pub(crate) check: Option<Filter<M>>,
    /// The fields that the session sees.
    pub(crate) seen: FieldSet,
}

impl<M: SyncModel> Policy<M> {
    /// A policy that allows nothing yet.
    pub fn new() -> Self {
        Policy { actions: Vec::new(), using: None, check: None, hidden: FieldSet::new() }
    }

    /// These actions are allowed too; `Read` covers finding and listening.
    pub fn allow(mut self, actions: impl IntoIterator<Item = Action>) -> Self {
        self.actions.extend(actions);
        self
    }

    /// Every action is allowed.
    pub fn allow_all(self) -> Self {
        self.allow([Action::Read, Action::Create, Action::Update, Action::Delete])
    }

    /// These rows only: both [`using`](Policy::using) and [`check`](Policy::check).
    pub fn rows<K: 'static>(mut self, rows: impl IntoRule<M, K>) -> Self {
        let rows: Rule<M> = rule(Arc::new(rows));
        self.using = Some(rows.clone());
        self.check = Some(rows);
        self
    }

    /// Only these rows exist for the asker; the others are not found, not listed, and not told of.
    pub fn using<K: 'static>(mut self, rows: impl IntoRule<M, K>) -> Self {
        self.using = Some(rule(Arc::new(rows)));
        self
    }

    /// Only such rows may be left behind by a write; others are `denied`.
    pub fn check<K: 'static>(mut self, rows: impl IntoRule<M, K>) -> Self {
        self.check = Some(rule(Arc::new(rows)));
        self
    }

    /// The asker sees no such field, and can neither set it nor filter by it.
    pub fn hide<T: 'static>(mut self, field: Field<M, T>) -> Self {
        self.hidden.insert(field.index());
        self
    }

    pub(crate) fn allows(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }

    /// What can be known to be wrong before anyone asks.
    pub(crate) fn check_setup(&self) -> Result<(), Error> {
        for rule in [&self.using, &self.check].into_iter().flatten() {
            if let Rule::Rows(rows) = rule {
                check_fields(rows)?;
            }
        }
        for index in self.hidden.iter() {
            let field = &M::SCHEMA.fields[index];
            let reason = match () {
                () if index == M::SCHEMA.id => "is the id, and cannot be hidden",
                () if !field.optional && self.allows(Action::Create) => {
                    "is hidden and required, so that no client could create a document: give it a default"
                }
                () => continue,
            };
            let message = format!("{}: {} {reason}", M::SCHEMA.model, field.name);
            return Err(Error::new(Code::Config, message).at_field(field.name));
        }
        Ok(())
    }

    /// The policy for this asker.
    pub(crate) fn resolve(&self, context: &Context) -> Result<Resolved<M>, Error> {
        let rows = |rule: &Option<Rule<M>>| match rule {
            None => Ok(None),
            Some(Rule::Rows(rows)) => Ok(Some(rows.clone())),
            Some(Rule::RowsOf(rows)) => {
                let rows = rows(context);
                check_fields(&rows).map(|()| Some(rows))
            }
        };
        let seen = M::SCHEMA.public_fields().iter().filter(|field| !self.hidden.has(*field)).collect();
        let (using, check) = (rows(&self.using)?, rows(&self.check)?);
        Ok(Resolved { actions: self.actions.clone(), using, check, seen })
    }
}

/// Rules may only name fields whose values travel with each change.
fn check_fields<M: SyncModel>(rows: &Filter<M>) -> Result<(), Error> {
    let Some(field) = rows.expr().first_beyond_keys(M::SCHEMA) else { return Ok(()) };
    let name = M::SCHEMA.fields[field].name;
    let message = format!(
        "{}: a policy cannot be about {name}: its values do not travel with changes; annotate it with \
         #[sync(facet)], or with #[sync(tracked)] if clients may not filter by it",
        M::SCHEMA.model
    );
    Err(Error::new(Code::Config, message).at_field(name))
}

impl<M: SyncModel> Default for Policy<M> {
    fn default() -> Self {
        Policy::new()
    }
}

impl<M: SyncModel> std::fmt::Debug for Policy<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy")
            .field("model", &M::SCHEMA.model)
            .field("actions", &self.actions)
            .finish_non_exhaustive()
    }
}
