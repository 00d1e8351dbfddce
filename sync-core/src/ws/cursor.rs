//! Cursors as clients hold them: a place in the log, bound to what was listened to.
//!
//! The binding covers backend, policy, field view, filter and channel, so that a client that comes back
//! with other rights, or to another view, reads anew. It guards against mistakes, not against forgery:
//! whatever a cursor says, every change still passes the policy.

use std::fmt::Debug;

use crate::backend::Cursor;

/// FNV-1a: the same on every server and in every version, which no hasher of std promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Binding(u64);

impl Binding {
    pub(crate) fn new() -> Self {
        Binding(0xcbf2_9ce4_8422_2325)
    }

    #[must_use]
    pub(crate) fn with(self, part: &impl Debug) -> Self {
        let text = format!("{part:?}\0");
        Binding(
            text.bytes().fold(self.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)),
        )
    }

    /// The cursor's text.
    pub(crate) fn write(self, at: Cursor) -> String {
        format!("{at}-{:x}", self.0)
    }

    /// The place that this binding's cursor names; `None` where the text is not one of them.
    pub(crate) fn read(self, text: &str) -> Option<Cursor> {
        let (at, binding) = text.rsplit_once('-')?;
        (u64::from_str_radix(binding, 16) == Ok(self.0)).then_some(())?;
        at.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_own_view_only() {
        let at = Cursor { epoch: 7, position: u64::MAX };
        let ann = Binding::new().with(&"lists").with(&"ann");
        let text = ann.write(at);
        assert_eq!(ann.read(&text), Some(at));
        assert_eq!(Binding::new().with(&"lists").with(&"bob").read(&text), None);
        assert!(["", "-", "1-2", "x-y-z", "1-2-3-4-5"].iter().all(|text| ann.read(text).is_none()));
        assert!(text.len() < 256);
    }
}
