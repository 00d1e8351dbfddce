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
    mailbox: Arc<Mailbox<Marked<M>>>,
    /// The log's low-water mark as of the last event that was taken.
    mark: u64,
    unsubscribe: Option<Box<dyn FnOnce() + Send + Sync>>,
}

/// An event, and the log's low-water mark when it was told: the reader has then been told all up to there.
pub(crate) type Marked<M> = (Event<M>, u64);

impl<M: SyncModel> Subscription<M> {
    pub(crate) fn new(
        mailbox: Arc<Mailbox<Marked<M>>>,
        mark: u64,
        unsubscribe: impl FnOnce() + Send + Sync + 'static,
    ) -> Self {
        Subscription { mailbox, mark, unsubscribe: Some(Box::new(unsubscribe)) }
    }

    /// The next event; `None` when the backend has shut down.
    pub async fn next(&mut self) -> Option<Event<M>> {
        std::future::poll_fn(|cx| self.poll_event(cx)).await
    }

    /// The next event, if one is waiting.
    pub fn try_next(&mut self) -> Option<Event<M>> {
        let taken = self.mailbox.try_next()?;
        Some(self.take(taken))
    }

    /// The next event, when there is one.
    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event<M>>> {
        self.mailbox.poll(cx).map(|taken| taken.map(|taken| self.take(taken)))
    }

    fn take(&mut self, taken: Result<Marked<M>, Lost>) -> Event<M> {
        let Ok((event, mark)) = taken else { return Event::Reset };
        self.mark = mark;
        event
    }

    /// Every change at or below this position of the log was taken from here, or came before it.
    #[cfg(feature = "ws")]
    pub(crate) fn mark(&self) -> u64 {
        self.mark
    }
}

impl<M: SyncModel> Stream for Subscription<M> {
    type Item = Event<M>;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event<M>>> {
        self.get_mut().poll_event(cx)
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
