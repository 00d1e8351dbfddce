//! Models with every kind of field, with one, and with more than fit a machine word.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use sync_core::model::Value;
use sync_core::prelude::*;

/// A value of its own.
#[derive(SyncValue, Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) x: f64,
    pub(crate) label: Option<String>,
    pub(crate) path: Vec<i64>,
}

/// One of three.
#[derive(SyncValue, Clone, Copy, Debug, PartialEq)]
#[sync(rename_all = "snake_case")]
pub(crate) enum Status {
    OnAir,
    Ready,
    Lost,
}

#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "riches", rename_all = "camelCase")]
pub(crate) struct Rich {
    #[sync(id)]
    pub(crate) id: u64,
    #[sync(facet)]
    pub(crate) name: String,
    pub(crate) note: Option<String>,
    pub(crate) doubt: Option<Option<i64>>,
    pub(crate) ratio: f64,
    pub(crate) single: f32,
    pub(crate) size: u64,
    pub(crate) begun_at: Option<DateTime<Utc>>,
    pub(crate) day: Option<NaiveDate>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) tags: BTreeSet<u64>,
    pub(crate) scores: BTreeMap<String, Option<f64>>,
    pub(crate) hashed: HashMap<i64, String>,
    pub(crate) words: Vec<Option<String>>,
    pub(crate) place: Option<Place>,
    pub(crate) status: Status,
    pub(crate) anything: Value,
    #[sync(private)]
    pub(crate) secret: String,
    #[sync(readonly)]
    pub(crate) owner: Option<Uuid>,
}

#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "bares")]
pub(crate) struct Bare {
    #[sync(id)]
    pub(crate) id: u64,
    pub(crate) doubt: Option<Option<bool>>,
}

macro_rules! many {
    ($($field:ident)*) => {
        /// More fields than the first word of a field set holds.
        #[derive(SyncModel, Clone, Debug)]
        #[sync(backend = "manies")]
        pub(crate) struct Many {
            #[sync(id)]
            pub id: u64,
            $(pub $field: Option<i8>,)*
        }

        impl Many {
            /// Each field after the id, in order.
            pub(crate) fn of(id: u64, values: &[Option<i8>]) -> Self {
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
