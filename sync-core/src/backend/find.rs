//! [`Find`]: a query that is being built, and the ways it ends.

use super::handle::Backend;
use super::instance::Model;
use super::request::{Found, Op, Request};
use crate::error::Error;
use crate::model::SyncModel;
use crate::query::{Query, Sort};

/// A query on its way: refine it, then end it with `all`, `first`, `count`, `page` or `live`.
///
/// ```
/// use sync_core::prelude::*;
/// # #[derive(SyncModel, Clone, Debug)]
/// # #[sync(backend = "lists")]
/// # struct List { #[sync(id)] id: u32, owner: String, name: String }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// # let backend = Backend::<List>::builder().store(MemoryStore::new());
/// # let lists = Registry::builder().backend(backend).build().await?.backend::<List>();
/// for (id, name) in [(1, "Milk"), (2, "Oats"), (3, "Bread")] {
///     lists.create(List { id, owner: "ann".into(), name: name.into() }).await?;
/// }
/// let of_ann = lists.find(List::OWNER.eq("ann")).sort(List::OWNER.asc().then(List::NAME.desc()));
/// let page = of_ann.clone().page(1, 2).await?;
/// assert_eq!((page.items[0].name.as_str(), page.items.len(), page.total), ("Oats", 2, 3));
/// assert_eq!(of_ann.count().await?, 3);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a query does nothing until it ends in `all`, `first`, `count`, `page` or `live`"]
pub struct Find<M: SyncModel> {
    pub(crate) backend: Backend<M>,
    pub(crate) query: Query<M>,
}

/// One page of a query's answer.
#[derive(Debug)]
pub struct Page<M: SyncModel> {
    /// The documents of this page.
    pub items: Vec<Model<M>>,
    /// How many match in all.
    pub total: usize,
    /// Which page it is, from 1.
    pub page: usize,
    /// How many a page has.
    pub per_page: usize,
}

impl<M: SyncModel> Find<M> {
    /// Sorted by this, and no longer by what was said before; ties by id.
    pub fn sort(mut self, sort: Sort<M>) -> Self {
        self.query.sorted(sort);
        self
    }

    /// At most this many.
    pub fn limit(mut self, limit: usize) -> Self {
        self.query.limit = Some(limit);
        self
    }

    /// Without the first ones.
    pub fn offset(mut self, offset: usize) -> Self {
        self.query.offset = offset;
        self
    }

    async fn run(&self, query: Query<M>) -> Result<Found<M>, Error> {
        self.backend.request(Request::new(Op::Find(query))).await?.into_found()
    }

    fn models(&self, found: Found<M>) -> Vec<Model<M>> {
        found.docs.into_iter().map(|doc| Model::fetched(self.backend.clone(), doc)).collect()
    }

    /// All documents that match, in order.
    ///
    /// # Errors
    /// Whatever layers and the store answer.
    pub async fn all(self) -> Result<Vec<Model<M>>, Error> {
        let found = self.run(self.query.clone()).await?;
        Ok(self.models(found))
    }

    /// The first document that matches.
    ///
    /// # Errors
    /// Whatever layers and the store answer.
    pub async fn first(self) -> Result<Option<Model<M>>, Error> {
        Ok(self.limit(1).all().await?.into_iter().next())
    }

    /// How many match, whatever the limit.
    ///
    /// # Errors
    /// Whatever layers and the store answer.
    pub async fn count(self) -> Result<usize, Error> {
        let mut query = Query::new(self.query.filter.clone());
        query.limit = Some(0);
        query.total = true;
        Ok(self.run(query).await?.total.unwrap_or_default())
    }

    /// One page, from 1, with the total.
    ///
    /// # Errors
    /// Whatever layers and the store answer.
    pub async fn page(self, page: usize, per_page: usize) -> Result<Page<M>, Error> {
        let page = page.max(1);
        let mut query = self.query.clone();
        query.offset = (page - 1).saturating_mul(per_page);
        query.limit = Some(per_page);
        query.total = true;
        let found = self.run(query).await?;
        let total = found.total.unwrap_or_default();
        Ok(Page { items: self.models(found), total, page, per_page })
    }
}
