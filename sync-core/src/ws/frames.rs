//! What clients send, taken apart: PROTOCOL.md, sections 1 to 3.
//!
//! Shapes are checked here, values later by the types that they are for: documents, patches, ids and
//! filters stay raw text.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::refused::Refused;

/// Integers on the wire are below this.
const SAFE: u64 = 1 << 53;

/// A channel's name has at most this many bytes: it stays in the log with every change made in it.
const CHANNEL: usize = 256;

/// One frame of a client.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    /// The client's number for it, where one could be read.
    pub(crate) n: Option<u64>,
    pub(crate) ask: Result<Ask<'a>, Refused>,
}

/// What a frame asks for.
#[derive(Debug)]
pub(crate) enum Ask<'a> {
    Hello { protocol: u64, token: Option<String> },
    Listen { backend: String, channel: Option<String>, filter: Option<&'a RawValue>, cursor: Option<String> },
    Unlisten { listen: u64 },
    Request { backend: String, channel: Option<String>, verb: Verb<'a> },
}

/// What is wanted of a backend.
#[derive(Debug)]
pub(crate) enum Verb<'a> {
    Create { doc: &'a RawValue },
    Read { id: &'a RawValue },
    Update { id: &'a RawValue, patch: &'a RawValue, rev: Option<u64> },
    Delete { id: &'a RawValue, rev: Option<u64> },
    Find { filter: Option<&'a RawValue>, sort: Vec<String>, limit: Option<u64>, offset: u64 },
}

impl<'a> Frame<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        let members: Members<'a> = match serde_json::from_str(text) {
            Ok(members) => members,
            Err(error) => {
                let ask = Err(Refused::frame(format!("the frame is not a JSON object: {error}")));
                return Frame { n: None, ask };
            }
        };
        let n = members.optional::<u64>("n").and_then(|n| match n {
            Some(n) if n == 0 || n >= SAFE => Err(Refused::frame("n is not from 1 to 2^53 - 1")),
            n => Ok(n),
        });
        match n {
            Ok(n) => Frame { n, ask: Ask::of(&members) },
            Err(refused) => Frame { n: None, ask: Err(refused) },
        }
    }
}

#[derive(Deserialize)]
struct Members<'a>(#[serde(borrow)] BTreeMap<String, &'a RawValue>);

impl<'a> Members<'a> {
    fn raw(&self, name: &str) -> Result<&'a RawValue, Refused> {
        self.0.get(name).copied().ok_or_else(|| Refused::frame(format!("the frame has no {name}")))
    }

    /// A member that may be left out; null counts as left out.
    fn optional<T: Deserialize<'a>>(&self, name: &str) -> Result<Option<T>, Refused> {
        let Some(raw) = self.0.get(name) else { return Ok(None) };
        serde_json::from_str(raw.get())
            .map_err(|error| Refused::frame(format!("{name} is not of the right shape: {error}")))
    }

    fn required<T: Deserialize<'a>>(&self, name: &str) -> Result<T, Refused> {
        self.optional(name)?.ok_or_else(|| Refused::frame(format!("the frame has no {name}")))
    }

    fn rev(&self) -> Result<Option<u64>, Refused> {
        match self.optional::<u64>("rev")? {
            Some(rev) if rev >= SAFE => Err(Refused::frame("rev is not below 2^53")),
            rev => Ok(rev),
        }
    }

    fn channel(&self) -> Result<Option<String>, Refused> {
        match self.optional::<String>("channel")? {
            Some(channel) if channel.len() > CHANNEL => {
                Err(Refused::frame(format!("channel has more than {CHANNEL} bytes")))
            }
            channel => Ok(channel),
        }
    }

    fn filter(&self) -> Option<&'a RawValue> {
        self.0.get("filter").copied().filter(|raw| raw.get() != "null")
    }
}

impl<'a> Ask<'a> {
    fn of(members: &Members<'a>) -> Result<Self, Refused> {
        let op: String = members.required("op")?;
        let verb = match op.as_str() {
            "hello" => {
                let (protocol, token) = (members.required("protocol")?, members.optional("token")?);
                return Ok(Ask::Hello { protocol, token });
            }
            "unlisten" => return Ok(Ask::Unlisten { listen: members.required("listen")? }),
            "listen" => {
                return Ok(Ask::Listen {
                    backend: members.required("backend")?,
                    channel: members.channel()?,
                    filter: members.filter(),
                    cursor: members.optional("cursor")?,
                });
            }
            "create" => Verb::Create { doc: members.raw("doc")? },
            "read" => Verb::Read { id: members.raw("id")? },
            "update" => {
                Verb::Update { id: members.raw("id")?, patch: members.raw("patch")?, rev: members.rev()? }
            }
            "delete" => Verb::Delete { id: members.raw("id")?, rev: members.rev()? },
            "find" => Verb::Find {
                filter: members.filter(),
                sort: members.optional("sort")?.unwrap_or_default(),
                limit: members.optional("limit")?,
                offset: members.optional("offset")?.unwrap_or_default(),
            },
            other => {
                let other: String = other.chars().take(40).collect();
                return Err(Refused::frame(format!("unknown op {other:?}")));
            }
        };
        let (backend, channel) = (members.required("backend")?, members.channel()?);
        Ok(Ask::Request { backend, channel, verb })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_is_wrong_still_tells_its_number() {
        let frame = Frame::parse(r#"{"op":"update","n":7,"backend":5,"id":1,"patch":{}}"#);
        assert_eq!(frame.n, Some(7));
        assert!(frame.ask.unwrap_err().message.contains("backend"));
    }

    #[test]
    fn nonsense_is_refused() {
        let deep = "[".repeat(100_000);
        let texts =
            ["", "[]", "{", "1", r#"{"op":3}"#, r#"{"op":"find","n":0}"#, r#"{"op":"x","n":1e30}"#, &deep];
        for text in texts {
            assert!(Frame::parse(text).ask.is_err(), "{text:.20}");
        }
    }
}
