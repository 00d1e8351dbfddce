//! Queries: what SQL answers is what memory answers, value by value and in order.
//!
//! Documents are of all kinds and in all states that a file can have: written by the store, by an older
//! program (without newer fields, or under their former names), with an explicit null.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used)] // what helps a test may fail by panicking as the test may

mod cases;

use std::collections::BTreeMap;

use cases::{Case, aged, cases};
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
