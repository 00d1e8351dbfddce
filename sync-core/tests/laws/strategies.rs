//! Values that proptest draws, and shrinks: mostly ordinary, often at an edge, sometimes outside the domain.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use proptest::collection::{btree_set, hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use sync_core::model::Value;
use sync_core::prelude::Uuid;

use crate::models::{Bare, Many, Place, Rich, Status};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,4}",
        "\\PC{0,6}",
        Just("\u{1f986} e\u{301}\0\u{10ffff}".to_owned()),
        Just("\"\\\n'; --".to_owned()),
    ]
}

/// A key of a map; one in twenty is reserved.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![19 => "[a-z\u{e4} ]{0,3}", 1 => Just("$set".to_owned())]
}

/// A number; one in twenty is none.
fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        10 => any::<i32>().prop_map(f64::from),
        8 => proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
    ]
}

/// A whole number; one in twenty is too large.
fn size() -> impl Strategy<Value = u64> {
    prop_oneof![
        10 => 0..10u64,
        9 => any::<u64>().prop_map(|n| n >> 1),
        1 => any::<u64>().prop_map(|n| n | 1 << 63),
    ]
}

fn moment() -> impl Strategy<Value = Option<DateTime<Utc>>> {
    let seconds = prop_oneof![-62_167_219_200i64..253_402_300_800, 0..2_000_000_000i64];
    option::of((seconds, 0..1_000_000_000u32))
        .prop_map(|at| at.and_then(|(s, ns)| DateTime::from_timestamp(s, ns)))
}

fn day() -> impl Strategy<Value = Option<NaiveDate>> {
    option::of((0..10_000i32, 1..366u32)).prop_map(|day| day.and_then(|(y, d)| NaiveDate::from_yo_opt(y, d)))
}

fn place() -> impl Strategy<Value = Place> {
    (float(), option::of(text()), vec(any::<i64>(), 0..3)).prop_map(|(x, label, path)| Place {
        x,
        label,
        path,
    })
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        float().prop_map(Value::Float),
        text().prop_map(Value::Text),
        any::<u128>().prop_map(|n| Value::Uuid(Uuid::from_u128(n))),
        vec(any::<u8>(), 0..5).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::List),
            hash_map(key(), inner, 0..4).prop_map(|map| Value::Map(map.into_iter().collect())),
        ]
    })
}

/// A document with this id.
pub(crate) fn rich(id: u64) -> impl Strategy<Value = Rich> {
    let single = prop_oneof![any::<i16>().prop_map(f32::from), proptest::num::f32::NORMAL];
    let status = prop_oneof![Just(Status::OnAir), Just(Status::Ready), Just(Status::Lost)];
    let first = (text(), option::of(text()), option::of(option::of(any::<i64>())), float(), single, size());
    let second = (moment(), day(), vec(any::<u8>(), 0..6), btree_set(size(), 0..4));
    let third = (
        hash_map(key(), option::of(float()), 0..3),
        hash_map(any::<i64>(), text(), 0..3),
        vec(option::of(text()), 0..3),
        option::of(place()),
    );
    let fourth = (status, anything(), text(), option::of(any::<u128>()));
    (first, second, third, fourth).prop_map(move |(first, second, third, fourth)| {
        let (name, note, doubt, ratio, single, size) = first;
        let (begun_at, day, bytes, tags) = second;
        let (scores, hashed, words, place) = third;
        let (status, anything, secret, owner) = fourth;
        let scores: BTreeMap<_, _> = scores.into_iter().collect();
        let owner = owner.map(Uuid::from_u128);
        Rich {
            id,
            name,
            note,
            doubt,
            ratio,
            single,
            size,
            begun_at,
            day,
            bytes,
            tags,
            scores,
            hashed,
            words,
            place,
            status,
            anything,
            secret,
            owner,
        }
    })
}

/// A document with this id.
pub(crate) fn bare(id: u64) -> impl Strategy<Value = Bare> {
    option::of(option::of(any::<bool>())).prop_map(move |doubt| Bare { id, doubt })
}

/// A document with this id.
pub(crate) fn many(id: u64) -> impl Strategy<Value = Many> {
    vec(option::of(-1..2i8), 1..71).prop_map(move |values| Many::of(id, &values))
}
