//! [`Fact`]: a change without its model's type, so that sessions have none.

use std::any::Any;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::cursor::Binding;
use crate::backend::{Author, Body, Change, Event, Subscription};
use crate::model::{FieldSet, Rev, Spelling, SyncModel, SyncValue as _, write_json};
use crate::query::Expr;

/// A committed change, as sessions see it.
pub(crate) trait Fact: Any + Send + Sync {
    /// The document's revision just before, and now.
    fn revs(&self) -> (Rev, Rev);
    /// Its place in the log; 0 where that is not known.
    fn position(&self) -> u64;
    /// Which document, as JSON.
    fn id(&self) -> String;
    fn author(&self) -> Option<&Author>;
    fn channel(&self) -> Option<&str>;
    fn is_gone(&self) -> bool;
    /// Whether the whole document after the change is at hand.
    fn has_document(&self) -> bool;
    /// Whether the filter matched the document before; `None` where that cannot be told from here.
    fn before(&self, filter: &Expr) -> Option<bool>;
    /// Whether it matches now.
    fn after(&self, filter: &Expr) -> Option<bool>;
    /// The `change` member of a `synced` frame, and whether it was made just now.
    fn encoded(&self, seen: &FieldSet, whole: bool) -> Option<(Arc<str>, bool)>;
}

impl<M: SyncModel> Fact for Change<M> {
    fn revs(&self) -> (Rev, Rev) {
        (self.prev, self.rev)
    }
    fn position(&self) -> u64 {
        self.position
    }
    fn id(&self) -> String {
        id_json::<M>(&self.id)
    }
    fn author(&self) -> Option<&Author> {
        self.context.author()
    }
    fn channel(&self) -> Option<&str> {
        self.context.channel()
    }
    fn is_gone(&self) -> bool {
        matches!(self.body, Body::Gone)
    }
    fn has_document(&self) -> bool {
        self.document().is_some()
    }
    fn before(&self, filter: &Expr) -> Option<bool> {
        self.met_before(filter)
    }
    fn after(&self, filter: &Expr) -> Option<bool> {
        self.meets_after(filter)
    }
    fn encoded(&self, seen: &FieldSet, whole: bool) -> Option<(Arc<str>, bool)> {
        let encoded = Change::encoded(self, seen, whole);
        encoded.map_err(|error| tracing::error!(%error, "a change cannot be told to clients")).ok()
    }
}

/// An id in its wire form.
pub(crate) fn id_json<M: SyncModel>(id: &M::Id) -> String {
    let mut out = Vec::with_capacity(40);
    match write_json(id.view(), Spelling::Wire, &mut out) {
        Ok(()) => String::from_utf8(out).expect("JSON is UTF-8"),
        // Unreachable for ids that came through a store: it keeps nothing outside the value domain.
        Err(_) => "null".into(),
    }
}

/// What a subscription tells a session.
pub(crate) enum Told {
    /// A change, and the position of the log up to which everything has been told.
    Fact(Arc<dyn Fact>, u64),
    /// Changes were lost: what is shown must be read anew.
    Reset,
    /// The backend shut down.
    End,
}

/// A subscription without its model's type.
pub(crate) trait Facts: Send {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Told>;
}

impl<M: SyncModel> Facts for Subscription<M> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Told> {
        loop {
            return Poll::Ready(match self.poll_event(cx) {
                Poll::Pending => return Poll::Pending,
                // Signals have no revision; the protocol has no frame for them.
                Poll::Ready(Some(Event::Signal(_))) => continue,
                Poll::Ready(Some(Event::Change(change))) => Told::Fact(change, self.mark()),
                Poll::Ready(Some(Event::Reset)) => Told::Reset,
                Poll::Ready(None) => Told::End,
            });
        }
    }
}

/// What a listen is about: a filter, the policy's USING included, and where its cursors are good.
#[derive(Clone, Debug)]
pub(crate) struct Scoped {
    pub(crate) filter: Arc<Expr>,
    pub(crate) binding: Binding,
}
