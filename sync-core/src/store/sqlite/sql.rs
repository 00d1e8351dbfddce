//! Filters and orders as SQL over the stored JSON: the same answer as in memory, value by value.
//!
//! What cannot be said exactly is not said: those parts are left to Rust. Every value is a bound parameter;
//! only field names, which come from the model, are text. The logic is two-valued as in memory: each clause
//! is 0 or 1 and never NULL, so that `NOT` means what it says.

use rusqlite::types::Value as Sql;

use crate::model::{FieldInfo, FieldSet, Kind, Schema, Value};
use crate::query::{Comparison, Expr, Order};

/// Beyond this a filter is looked at in Rust: SQLite bounds the depth and the parameters of a statement.
const MOST_PARTS: usize = 10_000;
const DEEPEST: usize = 100;

/// SQL with its parameters, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Clause {
    pub(super) sql: String,
    pub(super) params: Vec<Sql>,
}

/// What is known of a table's fields.
pub(super) struct Fields<'a> {
    pub(super) schema: &'a Schema,
    /// Fields whose stored values may be of another kind.
    pub(super) mixed: &'a FieldSet,
    /// What a field reads as where a document lacks it; `None` where that is not known.
    pub(super) defaults: &'a [Option<Value>],
}

impl Clause {
    fn new(sql: impl Into<String>, params: impl IntoIterator<Item = Sql>) -> Self {
        Clause { sql: sql.into(), params: params.into_iter().collect() }
    }

    fn truth(truth: bool) -> Self {
        Clause::new(if truth { "1" } else { "0" }, [])
    }

    /// Both, or one of both; balanced, so that many parts do not nest deep.
    fn join(mut parts: Vec<Clause>, word: &str, none: bool) -> Clause {
        while parts.len() > 1 {
            let mut pairs = parts.into_iter();
            let mut joined = Vec::new();
            while let Some(mut first) = pairs.next() {
                if let Some(second) = pairs.next() {
                    first.sql = format!("({} {word} {})", first.sql, second.sql);
                    first.params.extend(second.params);
                }
                joined.push(first);
            }
            parts = joined;
        }
        parts.pop().unwrap_or_else(|| Clause::truth(none))
    }
}

/// The filter's part that SQL can say, and the rest.
pub(super) fn split(expr: &Expr, fields: &Fields<'_>) -> (Clause, Option<Expr>) {
    if expr.size() > MOST_PARTS || depth(expr) > DEEPEST {
        return (Clause::truth(true), Some(expr.clone()));
    }
    let parts = match expr {
        Expr::And(parts) => parts.as_slice(),
        other => std::slice::from_ref(other),
    };
    let (mut said, mut rest) = (Vec::new(), Vec::new());
    for part in parts {
        match fields.clause(part) {
            Some(clause) => said.push(clause),
            None => rest.push(part.clone()),
        }
    }
    (Clause::join(said, "AND", true), (!rest.is_empty()).then_some(Expr::And(rest)))
}

fn depth(expr: &Expr) -> usize {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => 1 + parts.iter().map(depth).max().unwrap_or(0),
        Expr::Not(part) => 1 + depth(part),
        Expr::Compare(..) | Expr::In(..) => 1,
    }
}

impl Fields<'_> {
    fn clause(&self, expr: &Expr) -> Option<Clause> {
        let all = |parts: &[Expr]| parts.iter().map(|part| self.clause(part)).collect::<Option<Vec<_>>>();
        Some(match expr {
            Expr::And(parts) => Clause::join(all(parts)?, "AND", true),
            Expr::Or(parts) => Clause::join(all(parts)?, "OR", false),
            Expr::Not(part) => {
                let part = self.clause(part)?;
                Clause { sql: format!("(NOT {})", part.sql), params: part.params }
            }
            Expr::Compare(field, how, value) => {
                let clause = self.compare(*field, *how, value)?;
                self.with_default(*field, clause, expr)?
            }
            Expr::In(field, values) => {
                let clause = self.is_in(*field, values)?;
                self.with_default(*field, clause, expr)?
            }
        })
    }

    /// The same clause where a document may lack a field that has a default: what the default answers is
    /// known here already.
    fn with_default(&self, field: usize, clause: Clause, expr: &Expr) -> Option<Clause> {
        let Some(default) = self.default(field)? else { return Some(clause) };
        let answer = expr.matches(&Default { field, value: default })?;
        let absent = absent(&self.schema.fields[field])?;
        let sql = match answer {
            true => format!("({} OR {absent})", clause.sql),
            false => format!("({} AND NOT {absent})", clause.sql),
        };
        Some(Clause { sql, params: clause.params })
    }

    /// A field's default, where a document may lack it and it is not null; `None` where that is not known.
    fn default(&self, field: usize) -> Option<Option<&Value>> {
        if !self.schema.fields[field].optional {
            return Some(None);
        }
        let default = self.defaults.get(field)?.as_ref()?;
        Some((*default != Value::Null).then_some(default))
    }

    fn kind(&self, field: usize) -> Kind {
        if self.mixed.has(field) { Kind::Any } else { self.schema.fields[field].kind }
    }

    fn column(&self, field: usize, ordered: bool) -> Option<String> {
        if field == self.schema.id {
            return Some("id".to_owned());
        }
        column(&self.schema.fields[field], self.kind(field), ordered)
    }

    fn compare(&self, field: usize, how: Comparison, value: &Value) -> Option<Clause> {
        let ordered = !matches!(how, Comparison::Eq | Comparison::Ne);
        let column = self.column(field, ordered)?;
        if *value == Value::Null {
            return Some(match how {
                Comparison::Eq => Clause::new(format!("({column} IS NULL)"), []),
                Comparison::Ne => Clause::new(format!("({column} IS NOT NULL)"), []),
                _ => Clause::truth(false),
            });
        }
        let Some(param) = param(self.kind(field), value, ordered) else {
            // A value of another kind: no order between them, and never equal.
            return Some(Clause::truth(how == Comparison::Ne));
        };
        let word = match how {
            Comparison::Eq => return Some(Clause::new(format!("({column} IS ?)"), [param])),
            Comparison::Ne => return Some(Clause::new(format!("({column} IS NOT ?)"), [param])),
            Comparison::Lt => "<",
            Comparison::Le => "<=",
            Comparison::Gt => ">",
            Comparison::Ge => ">=",
        };
        Some(Clause::new(format!("({column} IS NOT NULL AND {column} {word} ?)"), [param]))
    }

    fn is_in(&self, field: usize, values: &[Value]) -> Option<Clause> {
        let column = self.column(field, false)?;
        let params: Vec<Sql> =
            values.iter().filter_map(|value| param(self.kind(field), value, false)).collect();
        let mut parts = Vec::new();
        if !params.is_empty() {
            let marks = vec!["?"; params.len()].join(", ");
            parts.push(Clause::new(format!("({column} IS NOT NULL AND {column} IN ({marks}))"), params));
        }
        if values.contains(&Value::Null) {
            parts.push(Clause::new(format!("({column} IS NULL)"), []));
        }
        Some(Clause::join(parts, "OR", false))
    }

    /// What to sort by, ending in the id; `None` where SQL cannot say it.
    pub(super) fn order(&self, sort: &[Order]) -> Option<Clause> {
        let mut out = Clause::default();
        for Order { field, descending } in sort {
            if matches!(self.kind(*field), Kind::List | Kind::Map) {
                continue; // these do not sort: all are alike
            }
            let column = self.column(*field, true)?;
            let column = match self.default(*field)? {
                None => column,
                Some(default) => {
                    out.params.push(param(self.kind(*field), default, true)?);
                    let absent = absent(&self.schema.fields[*field])?;
                    format!("CASE WHEN {absent} THEN ? ELSE {column} END")
                }
            };
            out.sql.push_str(&column);
            out.sql.push_str(if *descending { " DESC, " } else { ", " });
        }
        out.sql.push_str("id");
        Some(out)
    }
}

/// A document of which only one field is looked at.
struct Default<'a> {
    field: usize,
    value: &'a Value,
}

impl crate::query::Row for Default<'_> {
    fn field(&self, index: usize) -> Option<crate::model::View<'_>> {
        (index == self.field).then(|| self.value.view())
    }
}

/// A value as a parameter that compares with a column of this kind; `None` where the two never compare.
fn param(kind: Kind, value: &Value, ordered: bool) -> Option<Sql> {
    match (kind, value) {
        (Kind::Bool, Value::Bool(b)) => Some(Sql::Integer(i64::from(*b))),
        (Kind::Int | Kind::Float, Value::Int(n)) => Some(Sql::Integer(*n)),
        (Kind::Int | Kind::Float, Value::Float(x)) if x.is_finite() => Some(Sql::Real(*x)),
        (Kind::Text, Value::Text(text)) => Some(Sql::Text(text.clone())),
        (Kind::Uuid, Value::Uuid(id)) => Some(Sql::Text(id.as_hyphenated().to_string())),
        (Kind::Date, Value::Date(date)) => Some(Sql::Text(date.to_string())),
        (Kind::Bytes, Value::Bytes(bytes)) if ordered => Some(Sql::Blob(bytes.clone())),
        (Kind::Bytes, Value::Bytes(bytes)) => {
            use base64::Engine as _;
            Some(Sql::Text(base64::engine::general_purpose::STANDARD.encode(bytes)))
        }
        _ => None,
    }
}

/// A field's value as SQL sees it; `None` where SQL would see something else than we do.
fn column(field: &FieldInfo, kind: Kind, ordered: bool) -> Option<String> {
    match kind {
        Kind::Any => None,
        Kind::Bytes if ordered => Some(format!("sync_bytes({})", pick(field, "->>")?)),
        Kind::Bool
        | Kind::Int
        | Kind::Float
        | Kind::Text
        | Kind::Bytes
        | Kind::Uuid
        | Kind::Date
        | Kind::List
        | Kind::Map => pick(field, "->>"),
    }
}

/// What an index over the field indexes: the very expression that queries use.
///
/// None has a function of ours in it, so that other programs can write to the table: bytes are found by
/// their text, though they do not sort by it.
pub(super) fn index_expression(schema: &Schema, index: usize) -> Option<String> {
    let field = &schema.fields[index];
    match field.kind {
        // Nothing sorts by these; two are the same where their text is.
        Kind::List | Kind::Map | Kind::Any => Some(format!("nullif({}, 'null')", pick(field, "->")?)),
        kind => column(field, kind, false),
    }
}

/// The stored value under the field's name, or else under an alias.
fn pick(field: &FieldInfo, arrow: &str) -> Option<String> {
    let own = path(field.name)?;
    if field.aliases.is_empty() {
        return Some(format!("(doc {arrow} {own})"));
    }
    let mut sql = "CASE".to_owned();
    for name in std::iter::once(&field.name).chain(field.aliases) {
        let path = path(name)?;
        sql.push_str(&format!(" WHEN (doc -> {path}) IS NOT NULL THEN (doc {arrow} {path})"));
    }
    Some(format!("({sql} END)"))
}

/// Whether a document has the field under none of its names; an explicit null is not absent.
fn absent(field: &FieldInfo) -> Option<String> {
    let names = std::iter::once(&field.name).chain(field.aliases);
    let parts = names.map(|name| Some(format!("(doc -> {}) IS NULL", path(name)?)));
    Some(format!("({})", parts.collect::<Option<Vec<_>>>()?.join(" AND ")))
}

/// A path to a top-level name, as an SQL literal; `None` for names that SQLite's paths cannot spell.
fn path(name: &str) -> Option<String> {
    let plain = !name.contains(['"', '\\']) && !name.chars().any(char::is_control);
    plain.then(|| format!("'$.\"{}\"'", name.replace('\'', "''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_literal() {
        assert_eq!(path("it's").as_deref(), Some(r#"'$."it''s"'"#));
        assert_eq!(path("a\"] OR 1"), None);
        assert_eq!(path("a\\u0022"), None);
    }

    #[test]
    fn many_parts_do_not_nest_deep() {
        let parts = (0..1_000).map(|n| Clause::new(format!("({n})"), [Sql::Integer(n)])).collect();
        let clause = Clause::join(parts, "OR", false);
        let mut depth = 0i32;
        let deepest = clause.sql.chars().fold(0, |deepest, c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            deepest.max(depth)
        });
        assert!(deepest <= 12, "{deepest}");
        assert_eq!(clause.params.len(), 1_000);
    }
}
