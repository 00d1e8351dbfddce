//! PROTOCOL.md against the code: each of its examples is one of our frames, and each of our frames is one
//! of its own.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::super::frames::Frame;

const PROTOCOL: &str = include_str!("../../../PROTOCOL.md");

/// What the server may send.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
#[allow(dead_code)] // they are there to be read
enum Sent {
    Welcome {
        protocol: u64,
        session: String,
        server: String,
        backends: BTreeMap<String, Described>,
        limits: BTreeMap<String, u64>,
    },
    Ack {
        n: u64,
        id: Option<Json>,
        rev: Option<u64>,
        prev: Option<u64>,
        doc: Option<Json>,
        patch: Option<Json>,
        docs: Option<Vec<Entry>>,
        total: Option<u64>,
    },
    Error {
        n: Option<u64>,
        code: String,
        message: String,
        fields: Option<Vec<String>>,
        current: Option<Entry>,
    },
    Snapshot {
        listen: u64,
        docs: Vec<Entry>,
        done: bool,
        cursor: Option<String>,
    },
    Resumed {
        listen: u64,
        cursor: String,
    },
    Reset {
        listen: u64,
    },
    Synced {
        listen: Vec<u64>,
        n: Option<u64>,
        cursor: Option<String>,
        change: Change,
    },
    Gone {
        listen: Vec<u64>,
        n: Option<u64>,
        cursor: Option<String>,
        id: Json,
        rev: u64,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Described {
    id: String,
    actions: Vec<String>,
    fields: BTreeMap<String, Field>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Field {
    kind: Kind,
    readonly: bool,
    facet: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    nullable: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Uuid,
    String,
    Bool,
    Integer,
    Float,
    Date,
    Bytes,
    List,
    Map,
    Object,
    Any,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Entry {
    id: Json,
    rev: u64,
    doc: serde_json::Map<String, Json>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Change {
    method: Method,
    id: Json,
    prev: Option<u64>,
    rev: u64,
    doc: Option<serde_json::Map<String, Json>>,
    patch: Option<serde_json::Map<String, Json>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Method {
    Create,
    Update,
}

/// Panics where a frame is none that the protocol knows.
pub(super) fn check(frame: &str) {
    if let Err(error) = serde_json::from_str::<Sent>(frame) {
        panic!("{error}: {frame}");
    }
}

/// The lines of the document's blocks of this kind.
fn examples(of: &str) -> Vec<&'static str> {
    let blocks = PROTOCOL.split("```").skip(1).step_by(2);
    let blocks = blocks.filter_map(|block| block.strip_prefix(&format!("json {of}\n")));
    blocks.flat_map(str::lines).collect()
}

#[test]
fn every_client_example_is_understood() {
    let examples = examples("client");
    assert!(examples.len() >= 15, "{}", examples.len());
    for example in examples {
        let frame = Frame::parse(example);
        assert!(frame.ask.is_ok(), "{example}: {:?}", frame.ask);
        assert_eq!(frame.n.is_none(), example.contains("\"hello\""), "{example}");
    }
}

#[test]
fn every_server_example_is_one_that_could_be_sent() {
    let examples = examples("server");
    assert!(examples.len() >= 20, "{}", examples.len());
    examples.into_iter().for_each(check);
}

#[test]
fn every_code_is_in_the_table() {
    use crate::Code::*;
    let codes = [
        NotFound,
        Exists,
        Conflict,
        Invalid,
        InvalidValue,
        Readonly,
        UnknownField,
        NotFacet,
        UnknownBackend,
        Denied,
        Duplicate,
        Unavailable,
        Indeterminate,
        TooLarge,
        TooMany,
        BadFrame,
        Protocol,
        Internal,
    ];
    for code in codes {
        assert!(PROTOCOL.contains(&format!("\n| `{}` |", code.as_str())), "{code:?}");
    }
    let rows = PROTOCOL.split("| code | meaning |").nth(1).unwrap().lines().skip(2);
    assert_eq!(rows.take_while(|row| row.starts_with('|')).count(), codes.len());
}
