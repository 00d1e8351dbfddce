//! Models with every kind of field, with one, and with more than fit a machine word.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use sync_core::model::Value;
use sync_core::prelude::*;

/// A value of its own.
#[derive(SyncValue, Clone, Debug, PartialEq)]
pub struct Place {
    pub x: f64,
    pub label: Option<String>,
    pub path: Vec<i64>,
}

/// One of three.
#[derive(SyncValue, Clone, Copy, Debug, PartialEq)]
#[sync(rename_all = "snake_case")]
pub enum Status {
    OnAir,
    Ready,
    Lost,
}

#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "riches", rename_all = "camelCase")]
pub struct Rich {
    #[sync(id)]
    pub id: u64,
    #[sync(facet)]
    pub name: String,
    pub note: Option<String>,
    pub doubt: Option<Option<i64>>,
    pub ratio: f64,
    pub single: f32,
    pub size: u64,
    pub begun_at: Option<DateTime<Utc>>,
    pub day: Option<NaiveDate>,
    pub bytes: Vec<u8>,
    pub tags: BTreeSet<u64>,
    pub scores: BTreeMap<String, Option<f64>>,
    pub hashed: HashMap<i64, String>,
    pub words: Vec<Option<String>>,
    pub place: Option<Place>,
    pub status: Status,
    pub anything: Value,
    #[sync(private)]
    pub secret: String,
    #[sync(readonly)]
    pub owner: Option<Uuid>,
}

#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "bares")]
pub struct Bare {
    #[sync(id)]
    pub id: u64,
    pub doubt: Option<Option<bool>>,
}

macro_rules! many {
    ($($field:ident)*) => {
        /// More fields than the first word of a field set holds.
        #[derive(SyncModel, Clone, Debug)]
        #[sync(backend = "manies")]
        pub struct Many {
            #[sync(id)]
            pub id: u64,
            $(pub $field: Option<i8>,)*
        }

        impl Many {
            /// Each field after the id, in order.
            pub fn of(id: u64, values: &[Option<i8>]) -> Self {
                let mut values = values.iter().copied().cycle();
                Many { id, $($field: values.next().flatten(),)* }
            }
        }
    };
}
many! {
    a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 c0 c1 c2 c3 c4 c5 c6 c7 c8 c9
    d0 d1 d2 d3 d4 d5 d6 d7 d8 d9 e0 e1 e2 e3 e4 e5 e6 e7 e8 e9 f0 f1 f2 f3 f4 f5 f6 f7 f8 f9
    g0 g1 g2 g3 g4 g5 g6 g7 g8 g9
}
