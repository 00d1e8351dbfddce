//! [`Filter`]: an expression over one model's fields, made from its tokens.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr, Not};
use std::sync::Arc;

use super::criteria::IntoValue;
use super::expr::{Comparison, DocRow, Expr, Row};
use crate::model::{Field, SyncModel, Value};

/// Which documents of a model are meant.
///
/// Filters compare single values: a field that holds a list or a map equals nothing, and differs from all.
///
/// ```
/// use sync_core::prelude::*;
///
/// #[derive(SyncModel, Clone, Debug)]
/// #[sync(backend = "lists")]
/// struct List {
///     #[sync(id)]
///     id: Uuid,
///     owner: String,
///     views: u64,
/// }
/// let popular = List::OWNER.eq("ann") & (List::VIEWS.gt(10) | !List::OWNER.is_in(["bob", "cid"]));
/// let list = List { id: Uuid::nil(), owner: "ann".into(), views: 11 };
/// assert!(popular.matches(&list));
/// ```
pub struct Filter<M> {
    expr: Arc<Expr>,
    model: PhantomData<fn(&M)>,
}

impl<M: SyncModel> Filter<M> {
    /// The filter that matches everything.
    pub fn all() -> Self {
        Expr::ALL.into()
    }

    /// The filter that matches nothing.
    pub fn none() -> Self {
        Expr::NONE.into()
    }

    /// The filter as data.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// The filter as data that outlives it, without the model's type.
    #[cfg(feature = "ws")]
    pub(crate) fn shared(&self) -> Arc<Expr> {
        self.expr.clone()
    }

    /// Whether it matches everything without looking.
    pub fn is_all(&self) -> bool {
        *self.expr == Expr::ALL
    }

    /// Whether it matches this document.
    pub fn matches(&self, model: &M) -> bool {
        self.expr.matches(&DocRow(model)).unwrap_or(false)
    }

    /// Whether it matches this row; `None` where that depends on a field that is not at hand.
    pub fn matches_row(&self, row: &dyn Row) -> Option<bool> {
        self.expr.matches(row)
    }
}

impl<M> From<Expr> for Filter<M> {
    fn from(expr: Expr) -> Self {
        Filter { expr: Arc::new(expr), model: PhantomData }
    }
}

impl<M> Clone for Filter<M> {
    fn clone(&self) -> Self {
        Filter { expr: self.expr.clone(), model: PhantomData }
    }
}

impl<M: SyncModel> Default for Filter<M> {
    fn default() -> Self {
        Filter::all()
    }
}

impl<M> PartialEq for Filter<M> {
    fn eq(&self, other: &Self) -> bool {
        self.expr == other.expr
    }
}

impl<M> fmt::Debug for Filter<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

fn join<M>(a: Filter<M>, b: Filter<M>, and: bool) -> Filter<M> {
    let mut parts = Vec::new();
    for filter in [a, b] {
        match (&*filter.expr, and) {
            (Expr::And(inner), true) | (Expr::Or(inner), false) => parts.extend(inner.iter().cloned()),
            (expr, _) => parts.push(expr.clone()),
        }
    }
    match (parts.len(), and) {
        (1, _) => parts.remove(0).into(),
        (_, true) => Expr::And(parts).into(),
        (_, false) => Expr::Or(parts).into(),
    }
}

impl<M> BitAnd for Filter<M> {
    type Output = Filter<M>;
    fn bitand(self, other: Self) -> Self {
        join(self, other, true)
    }
}

impl<M> BitOr for Filter<M> {
    type Output = Filter<M>;
    fn bitor(self, other: Self) -> Self {
        join(self, other, false)
    }
}

impl<M> Not for Filter<M> {
    type Output = Filter<M>;
    fn not(self) -> Self {
        Expr::Not(Box::new((*self.expr).clone())).into()
    }
}

impl<M: SyncModel, T: 'static> Field<M, T> {
    fn compare(self, how: Comparison, value: impl IntoValue<T>) -> Filter<M> {
        Expr::Compare(self.index(), how, value.into_value()).into()
    }

    /// The field equals the value.
    pub fn eq(self, value: impl IntoValue<T>) -> Filter<M> {
        self.compare(Comparison::Eq, value)
    }

    /// The field differs from the value; null differs from every value.
    pub fn ne(self, value: impl IntoValue<T>) -> Filter<M> {
        self.compare(Comparison::Ne, value)
    }

    /// The field is less than the value.
    pub fn lt(self, value: impl IntoValue<T>) -> Filter<M> {
        self.compare(Comparison::Lt, value)
    }

    /// The field is at most the value.
    pub fn le(self, value: impl IntoValue<T>) -> Filter<M> {
        self.compare(Comparison::Le, value)
    }

    /// The field is greater than the value.
    pub fn gt(self, value: impl IntoValue<T>) -> Filter<M> {
        self.compare(Comparison::Gt, value)
    }

    /// The field is at least the value.
    pub fn ge(self, value: impl IntoValue<T>) -> Filter<M> {
        self.compare(Comparison::Ge, value)
    }

    /// The field equals one of the values.
    pub fn is_in<V: IntoValue<T>>(self, values: impl IntoIterator<Item = V>) -> Filter<M> {
        Expr::In(self.index(), values.into_iter().map(IntoValue::into_value).collect()).into()
    }

    /// The field is null or absent.
    pub fn is_null(self) -> Filter<M> {
        Expr::Compare(self.index(), Comparison::Eq, Value::Null).into()
    }
}
