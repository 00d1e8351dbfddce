//! [`Query`]: a filter, an order and a window.

use std::cmp::Ordering;
use std::marker::PhantomData;

use super::filter::Filter;
use crate::model::{Field, SyncModel};

/// One field to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The field's index.
    pub field: usize,
    /// Largest first.
    pub descending: bool,
}

/// What to sort by: fields in order of weight. Ties sort by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sort<M> {
    orders: Vec<Order>,
    model: PhantomData<fn(&M)>,
}

impl<M> Sort<M> {
    /// Then by this.
    #[must_use]
    pub fn then(mut self, next: Sort<M>) -> Self {
        self.orders.extend(next.orders);
        self
    }
}

impl<M: SyncModel, T: 'static> Field<M, T> {
    /// Smallest first; null before all values.
    pub fn asc(self) -> Sort<M> {
        Sort { orders: vec![Order { field: self.index(), descending: false }], model: PhantomData }
    }

    /// Largest first; null after all values.
    pub fn desc(self) -> Sort<M> {
        Sort { orders: vec![Order { field: self.index(), descending: true }], model: PhantomData }
    }
}

/// Which documents, in which order, and which part of them.
#[derive(Debug)]
pub struct Query<M> {
    /// Which documents.
    pub filter: Filter<M>,
    /// In which order; ties, and the rest, by id.
    pub sort: Vec<Order>,
    /// How many at most.
    pub limit: Option<usize>,
    /// How many to pass over first.
    pub offset: usize,
    /// Whether the answer counts all that match.
    pub total: bool,
}

impl<M: SyncModel> Query<M> {
    /// All documents that match, by id.
    pub fn new(filter: Filter<M>) -> Self {
        Query { filter, sort: Vec::new(), limit: None, offset: 0, total: false }
    }

    /// Sorted by this.
    pub fn sorted(&mut self, sort: Sort<M>) {
        self.sort = sort.orders;
    }

    /// Whether it is more than a set of documents: a sorted or limited window.
    pub fn is_window(&self) -> bool {
        self.limit.is_some() || self.offset > 0
    }

    /// Which of two documents comes first.
    pub fn compare(&self, a: &M, b: &M) -> Ordering {
        for order in &self.sort {
            let ordering = a.view(order.field).compare(&b.view(order.field)).unwrap_or(Ordering::Equal);
            let ordering = if order.descending { ordering.reverse() } else { ordering };
            if ordering.is_ne() {
                return ordering;
            }
        }
        a.id().cmp(b.id())
    }
}

impl<M> Clone for Query<M> {
    fn clone(&self) -> Self {
        Query {
            filter: self.filter.clone(),
            sort: self.sort.clone(),
            limit: self.limit,
            offset: self.offset,
            total: self.total,
        }
    }
}

impl<M> PartialEq for Query<M> {
    fn eq(&self, other: &Self) -> bool {
        self.filter == other.filter
            && self.sort == other.sort
            && self.limit == other.limit
            && self.offset == other.offset
            && self.total == other.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SyncModel;
    use crate::model::Value;

    #[derive(SyncModel, Clone)]
    #[sync(backend = "things")]
    struct Thing {
        #[sync(id)]
        id: u32,
        anything: Value,
    }

    /// Lists and maps have no order among themselves, and once had none against numbers either: then
    /// 1 = [] = 2 while 1 < 2, the sort noticed, and its panic poisoned the memory store for good.
    #[test]
    fn values_of_every_kind_have_a_total_order() {
        let kinds = |n: u32| match n % 5 {
            0 => Value::Int(i64::from(n)),
            1 => Value::List(Vec::new()),
            2 => Value::Null,
            3 => Value::Map(Vec::new()),
            _ => Value::Text(n.to_string()),
        };
        let mut things: Vec<Thing> = (1..200).map(|id| Thing { id, anything: kinds(id * 7 % 199) }).collect();
        let mut query = Query::new(Filter::all());
        query.sorted(Thing::ANYTHING.desc());
        things.sort_by(|a, b| query.compare(a, b));
        assert!(matches!(things[0].anything, Value::Map(_)));
        assert!(things.windows(2).all(|pair| query.compare(&pair[0], &pair[1]).is_lt()));
    }
}
