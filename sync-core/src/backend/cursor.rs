//! Cursors: where in a backend's log a reader stopped.

use std::fmt;
use std::str::FromStr;

use crate::error::{Code, Error};

/// A place in a backend's log: log epoch and position; opaque text to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The log's unbroken life.
    pub epoch: u64,
    /// The last position that was read.
    pub position: u64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.epoch, self.position)
    }
}

impl FromStr for Cursor {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let parse = |(epoch, position)| {
            Some(Cursor {
                epoch: u64::from_str_radix(epoch, 16).ok()?,
                position: u64::from_str_radix(position, 16).ok()?,
            })
        };
        let cursor = text.split_once('-').and_then(parse);
        cursor.ok_or_else(|| Error::new(Code::BadFrame, "the cursor is not one that this server gave"))
    }
}
