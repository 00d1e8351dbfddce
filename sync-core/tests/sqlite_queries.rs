//! Queries: what SQL answers is what memory answers, value by value and in order.
//!
//! Documents are of all kinds and in all states that a file can have: written by the store, by an older
//! program (without newer fields, or under their former names), with an explicit null.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used)] // what helps a test may fail by panicking as the test may

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use sync_core::backend::Store;
use sync_core::model::{Millis, Value};
use sync_core::prelude::*;
use sync_core::query::{Comparison, Expr, Order, Query};

#[derive(SyncModel, Clone, Debug, PartialEq)]
#[sync(backend = "things")]
struct Thing {
    #[sync(id)]
    id: i64,
    #[sync(facet)]
    flag: bool,
    #[sync(index)]
    whole: i64,
    #[sync(facet)]
    number: f64,
    #[sync(facet, alias = "title", alias = "caption")]
    text: String,
    #[sync(index)]
    key: Uuid,
    #[sync(facet)]
    at: DateTime<Utc>,
    #[sync(facet)]
    blob: Vec<u8>,
    maybe_flag: Option<bool>,
    #[sync(facet)]
    maybe_whole: Option<i64>,
    maybe_number: Option<f64>,
    #[sync(alias = "label")]
    maybe_text: Option<String>,
    maybe_key: Option<Uuid>,
    maybe_at: Option<DateTime<Utc>>,
    maybe_blob: Option<Vec<u8>>,
    double: Option<Option<i64>>,
    #[sync(facet, default = "seven")]
    rating: i64,
    #[sync(default = "open", alias = "status")]
    state: String,
    #[sync(default = "half")]
    share: f64,
    #[sync(default)]
    tags: Vec<String>,
    #[sync(default)]
    counts: BTreeMap<String, i64>,
    any: Option<Value>,
    #[sync(rename = "it's \u{fc}nusual")]
    odd: Option<i64>,
    narrow: Option<f32>,
    small: Option<u8>,
}

const FIELDS: usize = 25;

fn seven() -> i64 {
    7
}

fn open() -> String {
    "open".to_owned()
}

fn half() -> f64 {
    0.5
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec!["", "a", "b", "A", "ab", "true", "1", "null", "open", "\u{0}", "a\u{0}b"])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec!["\u{fc}", "\u{10ffff}", "\u{ffff}", "\"", "\\", "'", "%", "\u{1f}\n"])
            .prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn wholes() -> impl Strategy<Value = i64> {
    let edges = vec![
        i64::MIN,
        i64::MIN + 1,
        -1,
        0,
        1,
        2,
        7,
        (1 << 53) - 1,
        1 << 53,
        (1 << 53) + 1,
        i64::MAX - 1,
        i64::MAX,
    ];
    prop_oneof![4 => prop::sample::select(edges), 1 => any::<i64>(), 1 => -3..4i64]
}

fn numbers() -> impl Strategy<Value = f64> {
    let edges = vec![
        0.0,
        0.5,
        1.0,
        -1.0,
        1.5,
        7.0,
        0.1,
        0.2,
        0.30000000000000004,
        0.3,
        9_007_199_254_740_992.0,
        9_007_199_254_740_994.0,
        9.223_372_036_854_775e18,
        9_223_372_036_854_775_808.0,
        -9_223_372_036_854_775_808.0,
        1e300,
        -1e300,
        5e-324,
        f64::MAX,
        f64::MIN_POSITIVE,
        1e23,
        8.41e21,
        9.5367431640625e-7,
    ];
    let bits = any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |x| x.is_finite());
    prop_oneof![3 => prop::sample::select(edges), 2 => bits.prop_map(|x| x + 0.0)]
}

fn keys() -> impl Strategy<Value = Uuid> {
    prop_oneof![(0..4u128).prop_map(Uuid::from_u128), any::<u128>().prop_map(Uuid::from_u128)]
}

fn dates() -> impl Strategy<Value = DateTime<Utc>> {
    let millis = prop_oneof![-2..3i64, -62_167_219_200_000..=253_402_300_799_999i64];
    millis.prop_map(|millis| DateTime::from_timestamp_millis(millis).unwrap())
}

fn blobs() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::sample::select(vec![vec![], vec![0], vec![255], vec![0, 0], vec![251, 240], vec![62, 1]]),
        prop::collection::vec(any::<u8>(), 0..5)
    ]
}

/// Without null inside lists and maps beyond what any type keeps.
fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => scalars(),
        1 => prop::collection::vec(scalars(), 0..3).prop_map(Value::List),
        1 => scalars().prop_map(|value| Value::Map(vec![("k".to_owned(), value)])),
    ]
}

fn scalars() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        wholes().prop_map(Value::Int),
        numbers().prop_map(Value::Float),
        texts().prop_map(Value::Text),
        blobs().prop_map(Value::Bytes),
        keys().prop_map(Value::Uuid),
        dates().prop_map(|date| Value::Date(Millis::new(date.timestamp_millis()).unwrap())),
    ]
}

fn things() -> impl Strategy<Value = Thing> {
    let first = (any::<bool>(), wholes(), numbers(), texts(), keys(), dates(), blobs());
    let maybe = (
        any::<Option<bool>>(),
        prop::option::of(wholes()),
        prop::option::of(numbers()),
        prop::option::of(texts()),
        prop::option::of(keys()),
        prop::option::of(dates()),
        prop::option::of(blobs()),
        prop::option::of(prop::option::of(wholes())),
    );
    let rest = (
        wholes(),
        texts(),
        numbers(),
        prop::collection::vec(texts(), 0..2),
        prop::option::of(anything().prop_filter("null is None", |value| *value != Value::Null)),
        prop::option::of(wholes()),
        prop::option::of(any::<f32>().prop_filter("finite", |x| x.is_finite())),
        any::<Option<u8>>(),
    );
    (first, maybe, rest).prop_map(|(first, maybe, rest)| {
        let (flag, whole, number, text, key, at, blob) = first;
        let (maybe_flag, maybe_whole, maybe_number, maybe_text, maybe_key, maybe_at, maybe_blob, double) =
            maybe;
        let (rating, state, share, tags, any, odd, narrow, small) = rest;
        Thing {
            id: 0,
            flag,
            whole,
            number,
            text,
            key,
            at,
            blob,
            maybe_flag,
            maybe_whole,
            maybe_number,
            maybe_text,
            maybe_key,
            maybe_at,
            maybe_blob,
            double,
            rating,
            state,
            share,
            tags,
            counts: BTreeMap::new(),
            any,
            odd,
            narrow,
            small,
        }
    })
}

/// What a program of another age did to the stored text.
#[derive(Clone, Debug)]
enum Age {
    Today,
    /// Fields that it did not know are missing.
    Without(Vec<&'static str>),
    /// It knew a field by another name.
    Renamed(&'static str, &'static str),
    /// It wrote null where we leave out.
    Null(&'static str),
    /// A newer and an older program wrote the same field.
    Both(&'static str),
}

fn ages() -> impl Strategy<Value = Age> {
    let later = vec![
        "maybe_flag",
        "maybe_whole",
        "maybe_text",
        "maybe_at",
        "rating",
        "state",
        "share",
        "tags",
        "counts",
        "odd",
    ];
    let names = vec![("text", "title"), ("text", "caption"), ("maybe_text", "label"), ("state", "status")];
    let nulls = vec!["maybe_flag", "maybe_whole", "maybe_number", "maybe_text", "maybe_key", "double", "odd"];
    prop_oneof![
        2 => Just(Age::Today),
        2 => prop::sample::subsequence(later, 0..10).prop_map(Age::Without),
        1 => prop::sample::select(names.clone()).prop_map(|(name, alias)| Age::Renamed(name, alias)),
        1 => prop::sample::select(nulls).prop_map(Age::Null),
        1 => prop::sample::select(names).prop_map(|(_, alias)| Age::Both(alias)),
    ]
}

fn aged(text: &str, age: &Age) -> String {
    let mut json: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).unwrap();
    match age {
        Age::Today => return text.to_owned(),
        Age::Without(names) => names.iter().for_each(|name| drop(json.remove(*name))),
        Age::Null(name) => drop(json.insert((*name).to_owned(), serde_json::Value::Null)),
        Age::Renamed(name, alias) => {
            if let Some(value) = json.remove(*name) {
                json.insert((*alias).to_owned(), value);
            }
        }
        Age::Both(alias) => drop(json.insert((*alias).to_owned(), "other".into())),
    }
    serde_json::to_string(&json).unwrap()
}

/// Filters of every shape; half of the values are of the field's own kind, or nothing would ever match.
fn filters(pool: Vec<Thing>) -> impl Strategy<Value = Expr> {
    let value =
        (0..FIELDS, 0..pool.len().max(1), scalars(), 0..3u8).prop_map(move |(field, at, other, how)| {
            let own = pool.get(at).and_then(|thing| SyncModel::view(thing, field).to_value().ok());
            (field, if how == 0 { other } else { own.unwrap_or(other) })
        });
    let value = value.boxed();
    let comparison = prop::sample::select(vec![
        Comparison::Eq,
        Comparison::Ne,
        Comparison::Lt,
        Comparison::Le,
        Comparison::Gt,
        Comparison::Ge,
    ]);
    let leaf = prop_oneof![
        4 => (value.clone(), comparison).prop_map(|((field, value), how)| Expr::Compare(field, how, value)),
        2 => (value, prop::collection::vec(scalars(), 0..4)).prop_map(|((field, value), mut values)| {
            values.push(value);
            Expr::In(field, values)
        }),
        1 => (0..FIELDS).prop_map(|field| Expr::In(field, Vec::new())),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Expr::Or),
            inner.prop_map(|part| Expr::Not(Box::new(part))),
        ]
    })
}

#[derive(Clone, Debug)]
struct Case {
    things: Vec<(Thing, Age)>,
    queries: Vec<Asked>,
}

/// A filter, what to sort by (and whether descending), a limit and an offset.
type Asked = (Expr, Vec<(usize, bool)>, Option<usize>, usize);

fn cases() -> impl Strategy<Value = Case> {
    prop::collection::vec((things(), ages()), 0..14).prop_flat_map(|things| {
        let pool = things.iter().map(|(thing, _)| thing.clone()).collect();
        let sort = prop::collection::vec((0..FIELDS, any::<bool>()), 0..3);
        let query = (filters(pool), sort, prop::option::of(0..6usize), prop_oneof![Just(0), 0..5usize]);
        (Just(things), prop::collection::vec(query, 1..40))
            .prop_map(|(things, queries)| Case { things, queries })
    })
}

async fn check(case: Case) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("things.db");
    let store = SqliteStore::<Thing>::new(&Sqlite::open(&path).unwrap());
    let registry =
        Registry::builder().backend(Backend::builder().store(store.clone())).build().await.unwrap();
    let backend = registry.backend::<Thing>();
    let raw = rusqlite::Connection::open(&path).unwrap();
    for (at, (thing, age)) in case.things.iter().enumerate() {
        let id = at as i64 + 1;
        backend.create(Thing { id, ..thing.clone() }).await.unwrap();
        let text: String =
            raw.query_row("SELECT doc FROM things WHERE id = ?1", [id], |row| row.get(0)).unwrap();
        let older = aged(&text, age);
        if older != text {
            raw.execute("UPDATE things SET doc = ?2 WHERE id = ?1", rusqlite::params![id, older]).unwrap();
        }
    }
    let all = store.find(&Query::new(Filter::all())).await.unwrap().docs;
    assert_eq!(all.len(), case.things.len());
    for (expr, sort, limit, offset) in case.queries {
        let mut query = Query::<Thing>::new(Filter::from(expr));
        // Values of several kinds in one field have no total order.
        let any = Thing::ANY.index();
        query.sort = sort
            .into_iter()
            .filter(|(field, _)| *field != any)
            .map(|(field, descending)| Order { field, descending })
            .collect();
        (query.limit, query.offset, query.total) = (limit, offset, true);
        let mut expected: Vec<_> = all.iter().filter(|doc| query.filter.matches(&doc.value)).collect();
        expected.sort_by(|a, b| query.compare(&a.value, &b.value));
        let total = expected.len();
        let expected: Vec<i64> = expected
            .into_iter()
            .skip(offset)
            .take(limit.unwrap_or(usize::MAX))
            .map(|doc| doc.value.id)
            .collect();
        let found = store.find(&query).await.unwrap();
        let ids: Vec<i64> = found.docs.iter().map(|doc| doc.value.id).collect();
        if (&ids, found.total) != (&expected, Some(total)) {
            let mut fields = Vec::new();
            query.filter.expr().each_field(&mut |field| fields.push(field));
            fields.extend(query.sort.iter().map(|order| order.field));
            let seen = all.iter().map(|doc| {
                let values: Vec<_> = fields.iter().map(|field| (field, doc.value.view(*field))).collect();
                format!("{}: {values:?}\n", doc.value.id)
            });
            let seen: String = seen.collect();
            return Err(format!("SQL {ids:?}, memory {expected:?} of {total}: {query:?}\n{seen}"));
        }
    }
    Ok(())
}

#[test]
fn sql_answers_what_memory_answers() {
    let cases_to_run = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    let config = Config { cases: cases_to_run, max_shrink_iters: 2_000, ..Config::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let seed =
        std::env::var("SEED").ok().map_or_else(rand_seed, |text| text.parse().expect("SEED is a number"));
    println!("SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&u64::to_le_bytes(seed));
    let rng = proptest::test_runner::TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&cases(), |case| runtime.block_on(check(case)).map_err(TestCaseError::fail));
    if let Err(error) = result {
        let TestError::Fail(reason, case) = error else { panic!("SEED={seed}: {error}") };
        panic!("SEED={seed}: {reason}\n{} documents, {} queries", case.things.len(), case.queries.len());
    }
}

/// Filters compare floats as SQLite reads them, so it must read what we write to the last bit.
#[test]
fn sqlite_reads_floats_exactly() {
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    let mut read = conn.prepare("SELECT ?1 ->> '$.x'").unwrap();
    let mut check = |x: f64| {
        let json = format!("{{\"x\":{}}}", serde_json::to_string(&x).unwrap());
        let found: f64 = read.query_row([&json], |row| row.get(0)).unwrap();
        assert_eq!(found.to_bits(), x.to_bits(), "{json}");
        let decoded: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(decoded["x"].as_f64().unwrap().to_bits(), x.to_bits(), "{json}");
    };
    let mut bits = rand_seed() | 1;
    println!("bits={bits}");
    for n in 0..100_000u64 {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        // All exponents, only the subnormal ones, and numbers of the size that people write.
        let x = match n % 3 {
            0 => f64::from_bits(bits),
            1 => f64::from_bits(bits & 0x800f_ffff_ffff_ffff),
            _ => (bits % 1_000_000_000) as f64 / 1_000.0,
        };
        if x.is_finite() {
            check(x);
        }
    }
    [5e-324, f64::MIN_POSITIVE, f64::MAX, 1e23, 8.41e21, 9.5e-315, 0.1 + 0.2]
        .into_iter()
        .for_each(&mut check);
}

fn rand_seed() -> u64 {
    Uuid::new_v4().as_u64_pair().0
}
