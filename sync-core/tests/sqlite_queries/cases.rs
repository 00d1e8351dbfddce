//! Random documents, what programs of another age made of them, and random queries.

use super::*;

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
pub(crate) enum Age {
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

pub(crate) fn aged(text: &str, age: &Age) -> String {
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
pub(crate) struct Case {
    pub(crate) things: Vec<(Thing, Age)>,
    pub(crate) queries: Vec<Asked>,
}

/// A filter, what to sort by (and whether descending), a limit and an offset.
pub(crate) type Asked = (Expr, Vec<(usize, bool)>, Option<usize>, usize);

pub(crate) fn cases() -> impl Strategy<Value = Case> {
    prop::collection::vec((things(), ages()), 0..14).prop_flat_map(|things| {
        let pool = things.iter().map(|(thing, _)| thing.clone()).collect();
        let sort = prop::collection::vec((0..FIELDS, any::<bool>()), 0..3);
        let query = (filters(pool), sort, prop::option::of(0..6usize), prop_oneof![Just(0), 0..5usize]);
        (Just(things), prop::collection::vec(query, 1..40))
            .prop_map(|(things, queries)| Case { things, queries })
    })
}
