//! What waits for one socket: bounded by those who ask [`Outbox::has_room`] first.

use std::collections::VecDeque;
use std::sync::Arc;

/// Frames on their way to one socket.
#[derive(Debug)]
pub(crate) struct Outbox {
    waiting: VecDeque<Outgoing>,
    bytes: usize,
    bound: usize,
}

/// One frame. The body of a change is shared by all sockets that send it, and is copied, never made anew.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// A frame of this session's own.
    Text(String),
    /// A frame around a shared body.
    Around { before: String, body: Arc<str>, after: &'static str },
}

impl Outgoing {
    fn len(&self) -> usize {
        match self {
            Outgoing::Text(text) => text.len(),
            Outgoing::Around { before, body, after } => before.len() + body.len() + after.len(),
        }
    }

    fn into_text(self) -> String {
        match self {
            Outgoing::Text(text) => text,
            Outgoing::Around { before, body, after } => {
                let mut text = String::with_capacity(before.len() + body.len() + after.len());
                text.push_str(&before);
                text.push_str(&body);
                text.push_str(after);
                text
            }
        }
    }
}

/// At most this many frames are made ahead of the socket.
const FRAMES: usize = 256;
/// And room for so many is kept.
const FEW: usize = 16;

impl Outbox {
    pub(crate) fn new(bound: usize) -> Self {
        Outbox { waiting: VecDeque::new(), bytes: 0, bound }
    }

    pub(crate) fn push(&mut self, frame: Outgoing) {
        self.bytes += frame.len();
        self.waiting.push_back(frame);
    }

    pub(crate) fn pop(&mut self) -> Option<String> {
        let frame = self.waiting.pop_front()?;
        self.bytes -= frame.len();
        if self.waiting.is_empty() {
            // One busy moment should not cost its memory for as long as the connection lasts.
            self.waiting.shrink_to(FEW);
        }
        Some(frame.into_text())
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
        self.bytes = 0;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether more may be made for it now.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting.len() < FRAMES && self.bytes < self.bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_moment_passes() {
        let mut out = Outbox::new(1 << 20);
        while out.has_room() {
            out.push(Outgoing::Text("x".into()));
        }
        while out.pop().is_some() {}
        assert!(out.waiting.capacity() <= 2 * FEW);
    }
}
