//! The models of the suite: one with a field of every kind, and small ones for ids and unknown fields.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::SyncModel;
use crate::model::{Invalid, Value};

/// A document with a field of every kind.
#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "specimens", crate = "crate", validate = "Specimen::validate")]
pub struct Specimen {
    /// Its id.
    #[sync(id)]
    pub id: Uuid,
    /// Text.
    #[sync(facet, index, search)]
    pub name: String,
    /// Text or nothing, indexed under another name.
    #[sync(index, rename = "nickName")]
    pub nick_name: Option<String>,
    /// A boolean.
    #[sync(facet)]
    pub sure: bool,
    /// A boolean or nothing.
    pub flag: Option<bool>,
    /// An integer.
    #[sync(index)]
    pub count: i64,
    /// An integer from 0 up.
    pub size: u64,
    /// A number.
    pub ratio: f64,
    /// A number or nothing.
    #[sync(index)]
    pub weight: Option<f64>,
    /// Nothing, null, or an integer.
    pub maybe: Option<Option<i64>>,
    /// A moment or nothing.
    #[sync(facet, index)]
    pub at: Option<DateTime<Utc>>,
    /// A day or nothing.
    pub day: Option<NaiveDate>,
    /// A span of time.
    pub span: Duration,
    /// The id of something else, or nothing.
    #[sync(tracked, index)]
    pub other: Option<Uuid>,
    /// Bytes.
    pub bytes: Vec<u8>,
    /// A list.
    pub words: Vec<String>,
    /// A set.
    pub tags: BTreeSet<String>,
    /// A map.
    pub scores: BTreeMap<String, i64>,
    /// A foreign type with serde's traits.
    #[sync(opaque)]
    pub shape: Option<Shape>,
    /// Anything that JSON can say.
    pub anything: Value,
    /// Text that no two documents share.
    #[sync(unique)]
    pub code: Option<String>,
    /// An integer that no two documents share.
    #[sync(unique)]
    pub number: Option<i64>,
    /// At most `high`.
    pub low: i64,
    /// At least `low`.
    pub high: i64,
    /// What never leaves the server.
    #[sync(private)]
    pub secret: String,
}

/// A type that only serde knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// How wide.
    pub width: f64,
    /// What it is called.
    pub label: Option<String>,
}

/// The name that makes the validation of [`Specimen`] panic.
pub(super) const PANIC: &str = "the validation panics at this name";

impl Specimen {
    /// A document with this id, and empty otherwise.
    pub fn empty(id: Uuid) -> Self {
        Specimen {
            id,
            name: String::new(),
            nick_name: None,
            sure: false,
            flag: None,
            count: 0,
            size: 0,
            ratio: 0.0,
            weight: None,
            maybe: None,
            at: None,
            day: None,
            span: Duration::ZERO,
            other: None,
            bytes: Vec::new(),
            words: Vec::new(),
            tags: BTreeSet::new(),
            scores: BTreeMap::new(),
            shape: None,
            anything: Value::Null,
            code: None,
            number: None,
            low: 0,
            high: 0,
            secret: String::new(),
        }
    }

    fn validate(&self) -> Result<(), Invalid> {
        assert_ne!(self.name, PANIC);
        if self.low > self.high {
            return Err(Invalid::field("low", "must not be above high").and("high", "must not be below low"));
        }
        Ok(())
    }
}

/// A document whose id is text.
#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "named", crate = "crate")]
pub struct Named {
    /// Its id.
    #[sync(id)]
    pub id: String,
    /// What ties leave to the id.
    pub group: i64,
}

/// A document whose id is an integer.
#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "numbered", crate = "crate")]
pub struct Numbered {
    /// Its id.
    #[sync(id)]
    pub id: i64,
    /// What ties leave to the id.
    pub group: Option<String>,
}

/// A note as an older binary knows it.
#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "notes", crate = "crate")]
pub struct Narrow {
    /// Its id.
    #[sync(id)]
    pub id: Uuid,
    /// What it is about.
    pub title: String,
    /// How often it was read.
    pub reads: i64,
}

/// The same note as a newer binary knows it.
#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "notes", crate = "crate")]
pub struct Wide {
    /// Its id.
    #[sync(id)]
    pub id: Uuid,
    /// What it is about.
    pub title: String,
    /// How often it was read.
    pub reads: i64,
    /// A field with a default.
    #[sync(default = "grey")]
    pub color: String,
    /// A field that may be absent or null.
    pub rank: Option<Option<i64>>,
    /// A field with an index.
    #[sync(index)]
    pub due: Option<DateTime<Utc>>,
    /// A list.
    #[sync(default)]
    pub words: Vec<String>,
    /// A map.
    #[sync(default)]
    pub scores: BTreeMap<String, f64>,
    /// Anything.
    #[sync(default = "nothing")]
    pub anything: Value,
}

/// The default of [`Wide::color`].
pub(super) const GREY: &str = "grey";

fn grey() -> String {
    GREY.to_owned()
}

fn nothing() -> Value {
    Value::Null
}
