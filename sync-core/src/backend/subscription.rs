//! [`Subscription`]: a subscriber's stream of events.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::event::Event;
use super::mailbox::{Lost, Mailbox};
use crate::model::SyncModel;

/// A stream of events; ends when the backend shuts down.
///
/// At most 1,024 events wait. A reader that is slower gets one [`Event::Reset`] in place of them: it reads
/// what it keeps anew, then goes on.
pub struct Subscription<M: SyncModel> {
    mailbox: Arc<Mailbox<Event<M>>>,
    unsubscribe: Option<Box<dyn FnOnce() + Send + Sync>>,
}

fn event<M: SyncModel>(taken: Result<Event<M>, Lost>) -> Event<M> {
    taken.unwrap_or(Event::Reset)
}

impl<M: SyncModel> Subscription<M> {
    pub(crate) fn new(
        mailbox: Arc<Mailbox<Event<M>>>,
        unsubscribe: impl FnOnce() + Send + Sync + 'static,
    ) -> Self {
        Subscription { mailbox, unsubscribe: Some(Box::new(unsubscribe)) }
    }

    /// The next event; `None` when the backend has shut down.
    pub async fn next(&mut self) -> Option<Event<M>> {
        std::future::poll_fn(|cx| self.mailbox.poll(cx)).await.map(event)
    }

    /// The next event, if one is waiting.
    pub fn try_next(&mut self) -> Option<Event<M>> {
        self.mailbox.try_next().map(event)
    }
}

impl<M: SyncModel> Stream for Subscription<M> {
    type Item = Event<M>;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event<M>>> {
        self.mailbox.poll(cx).map(|taken| taken.map(event))
    }
}

impl<M: SyncModel> Drop for Subscription<M> {
    fn drop(&mut self) {
        if let Some(unsubscribe) = self.unsubscribe.take() {
            unsubscribe();
        }
    }
}

impl<M: SyncModel> std::fmt::Debug for Subscription<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subscription")
    }
}
