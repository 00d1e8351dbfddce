//! Values on which stores tend to differ, and documents made of them.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::models::{Shape, Specimen};
use crate::model::Value;
use crate::testing::Dice;

pub(super) const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "A",
    "ab",
    "B",
    "Z",
    "_",
    "%",
    "\u{e4}",
    "e\u{301}",
    "\u{e9}",
    "\u{df}",
    "\u{6f22}\u{5b57}",
    "\u{ffff}",
    "\u{1f986}",
    "\u{10ffff}",
    "a\0b",
    "'; drop table specimens; --",
    "\"quoted\" \\ back",
    "line\nbreak",
    "10",
    "9",
    "1e3",
    "null",
    "true",
    "$notes",
    "2026-01-31",
];

pub(super) const INTEGERS: &[i64] = &[
    i64::MIN,
    i64::MIN + 1,
    -9_007_199_254_740_993,
    -1,
    0,
    1,
    9,
    10,
    9_007_199_254_740_991,
    9_007_199_254_740_992,
    9_007_199_254_740_993,
    i64::MAX - 1,
    i64::MAX,
];

pub(super) const FLOATS: &[f64] = &[
    -f64::MAX,
    -1.5,
    -f64::MIN_POSITIVE,
    0.0,
    5e-324,
    1e-300,
    0.1,
    0.30000000000000004,
    1.0,
    9.0,
    10.0,
    9_007_199_254_740_993.0,
    9.223372036854775e18,
    1e300,
    f64::MAX,
];

const MILLIS: &[i64] = &[
    -62_167_219_200_000, // 0000-01-01T00:00:00.000Z
    -1,
    0,
    1,
    1_769_860_800_000,
    1_769_860_800_001,
    253_402_300_799_999, // 9999-12-31T23:59:59.999Z
];

fn dates() -> Vec<Option<DateTime<Utc>>> {
    std::iter::once(None).chain(MILLIS.iter().map(|at| DateTime::from_timestamp_millis(*at))).collect()
}

fn days() -> Vec<Option<NaiveDate>> {
    let days = [(0, 1, 1), (1969, 12, 31), (2024, 2, 29), (2024, 10, 1), (9999, 12, 31)];
    let days = days.into_iter().map(|(y, m, d)| NaiveDate::from_ymd_opt(y, m, d));
    std::iter::once(None).chain(days).collect()
}

fn anythings() -> Vec<Value> {
    let text = |text: &str| Value::Text(text.to_owned());
    let map = |n: i64| Value::Map(vec![("b".into(), Value::Int(n)), ("a".into(), Value::Null)]);
    vec![
        Value::Null,
        Value::Bool(false),
        Value::Bool(true),
        Value::Int(i64::MIN),
        Value::Int(0),
        Value::Int(1),
        Value::Int(9_007_199_254_740_993),
        Value::Int(i64::MAX),
        Value::Float(0.5),
        Value::Float(1.0),
        Value::Float(9_007_199_254_740_992.0),
        Value::Float(1e300),
        text(""),
        text("1"),
        text("\u{1f986}"),
        Value::List(Vec::new()),
        Value::List(vec![Value::Int(1), text("a"), map(2)]),
        map(1),
        Value::Map(Vec::new()),
    ]
}

fn some<T: Clone>(dice: &mut Dice, of: &[T]) -> Option<T> {
    (!dice.once_in(5)).then(|| dice.pick(of).clone())
}

fn texts(dice: &mut Dice) -> Vec<String> {
    (0..dice.below(4)).map(|_| (*dice.pick(TEXTS)).to_owned()).collect()
}

/// A document of values drawn from the tables; its unique fields are null.
pub(super) fn specimen(id: Uuid, dice: &mut Dice) -> Specimen {
    let keys = ["a", "b", "\u{e4}", "with space", "10", ""];
    let low = *dice.pick(INTEGERS);
    Specimen {
        name: (*dice.pick(TEXTS)).to_owned(),
        nick_name: some(dice, TEXTS).map(str::to_owned),
        sure: dice.once_in(2),
        flag: some(dice, &[false, true]),
        count: *dice.pick(INTEGERS),
        size: dice.pick(INTEGERS).unsigned_abs().min(i64::MAX.unsigned_abs()),
        ratio: *dice.pick(FLOATS),
        weight: some(dice, FLOATS),
        maybe: some(dice, &[None, Some(i64::MIN), Some(0), Some(7)]),
        at: *dice.pick(&dates()),
        day: *dice.pick(&days()),
        span: Duration::from_millis(*dice.pick(&[0, 1, 999, 60_000, i64::MAX.unsigned_abs()])),
        other: some(dice, &[Uuid::nil(), Uuid::from_u128(1), Uuid::from_u128(1 << 127), Uuid::max()]),
        bytes: dice.pick(&[&b""[..], b"\0", b"\0\0", b"\xff", b"text", &[7; 300]]).to_vec(),
        words: texts(dice),
        tags: texts(dice).into_iter().collect(),
        scores: (0..dice.below(3)).map(|_| ((*dice.pick(&keys)).to_owned(), *dice.pick(INTEGERS))).collect(),
        shape: some(
            dice,
            &[Shape { width: 0.1, label: None }, Shape { width: 1e300, label: Some("x".into()) }],
        ),
        anything: dice.pick(&anythings()).clone(),
        low,
        high: low.max(*dice.pick(INTEGERS)),
        secret: (*dice.pick(TEXTS)).to_owned(),
        ..Specimen::empty(id)
    }
}

/// Ids that sort differently by their bytes, by their text and by their halves.
pub(super) fn uuid(n: usize) -> Uuid {
    let n = n as u128 + 1;
    Uuid::from_u128(if n.is_multiple_of(3) { n << 120 | n } else { n })
}

/// Many documents, each in its own way odd.
pub(super) fn specimens(count: usize, seed: u64) -> Vec<Specimen> {
    let mut dice = Dice::new(seed);
    (0..count).map(|n| specimen(uuid(n), &mut dice)).collect()
}
