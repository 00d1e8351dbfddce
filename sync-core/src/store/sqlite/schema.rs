//! Making the tables and indexes of a store, again and again without harm.
//!
//! Invariant: an index named `sync:<table>:…` is ours, and exists exactly where the model's annotations ask
//! for it; documents are never touched here.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};
use uuid::Uuid;

use super::connection::quoted;
use super::sql::index_expression;
use super::table::{Table, Tail};
use crate::backend::Opened;
use crate::error::{Code, Error};
use crate::model::{FieldSet, Flags, Kind, Schema, SyncModel};

/// The layout of our tables; a file of a later one is refused.
const FORMAT: i64 = 1;

/// Makes what is missing, within the transaction that is open; gives where the log stands.
pub(super) fn prepare<M: SyncModel>(conn: &Connection, table: &Table<M>) -> Result<(Opened, Tail), Error> {
    let failed = |error: rusqlite::Error| table.failed(&error);
    create_tables(conn, table).map_err(failed)?;
    let columns = format!("SELECT id, rev, doc FROM {} LIMIT 0", table.sql.table);
    if conn.prepare(&columns).is_err() {
        let message = format!("{}: the file has a table of this name that is no store's", table.name);
        return Err(Error::new(Code::Config, message));
    }
    check_id(conn, table)?;
    let mixed = note_kinds(conn, &table.name, M::SCHEMA)?;
    let _same = table.mixed.set(mixed);
    make_indexes(conn, &table.name, &table.sql.table, M::SCHEMA)?;
    table.position(conn).map_err(failed)
}

/// The type of the column that has the ids.
fn id_type(schema: &Schema) -> &'static str {
    match schema.fields[schema.id].kind {
        Kind::Int => "INTEGER",
        _ => "TEXT",
    }
}

/// Refuses a table whose ids are of another type than the model's: none would be found, and none be written.
fn check_id<M: SyncModel>(conn: &Connection, table: &Table<M>) -> Result<(), Error> {
    let column = "SELECT type FROM pragma_table_info(?1) WHERE name = 'id'";
    let found: Option<String> = conn
        .query_row(column, [&table.name], |row| row.get(0))
        .optional()
        .map_err(|error| table.failed(&error))?;
    let wanted = id_type(M::SCHEMA);
    match found.filter(|found| ["INTEGER", "TEXT"].contains(&&**found) && found != wanted) {
        None => Ok(()),
        Some(found) => {
            let (model, name) = (M::SCHEMA.model, &table.name);
            let field = M::SCHEMA.fields[M::SCHEMA.id].name;
            let message = format!(
                "{model}: the ids of the table {name} are {found}, and {field} is {wanted}; take another table by \
                 `.table(..)`, or move the documents"
            );
            Err(Error::new(Code::Config, message).at_field(field))
        }
    }
}

fn create_tables<M: SyncModel>(conn: &Connection, table: &Table<M>) -> rusqlite::Result<()> {
    let id = id_type(M::SCHEMA);
    let (docs, changes, gone) = (&table.sql.table, &table.sql.changes, &table.sql.gone);
    let by_rev = quoted(&format!("sync_gone:{}", table.name));
    conn.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS sync_meta (name TEXT PRIMARY KEY, format INTEGER NOT NULL,
            store_epoch INTEGER NOT NULL, log_epoch INTEGER NOT NULL, forgotten INTEGER NOT NULL,
            kinds TEXT NOT NULL) STRICT;
         CREATE TABLE IF NOT EXISTS {docs} (id {id} PRIMARY KEY NOT NULL, rev INTEGER NOT NULL,
            doc TEXT NOT NULL) STRICT;
         CREATE TABLE IF NOT EXISTS {changes} (seq INTEGER PRIMARY KEY, id {id} NOT NULL,
            action TEXT NOT NULL, prev INTEGER NOT NULL, body TEXT, before TEXT, after TEXT,
            writer INTEGER NOT NULL, origin TEXT NOT NULL, session TEXT, n INTEGER, channel TEXT) STRICT;
         CREATE TABLE IF NOT EXISTS {gone} (id {id} PRIMARY KEY NOT NULL, rev INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
         CREATE INDEX IF NOT EXISTS {by_rev} ON {gone} (rev);"
    ))?;
    conn.execute(
        "INSERT OR IGNORE INTO sync_meta VALUES (?1, ?2, ?3, ?4, 0, '{}')",
        params![table.name, FORMAT, random(), random()],
    )?;
    Ok(())
}

/// A random number that is a whole one everywhere: below 2^53, and not 0.
pub(super) fn random() -> i64 {
    i64::try_from(Uuid::new_v4().as_u64_pair().0 >> 11).unwrap_or(1).max(1)
}

/// Writes down of which kind each field's values are; gives the fields that once had another.
///
/// A document that was stored before keeps the old spelling until the field is written again: it reads all
/// the same, but SQL would not compare it so.
fn note_kinds(conn: &Connection, name: &str, schema: &Schema) -> Result<FieldSet, Error> {
    let failed = |error: rusqlite::Error| super::connection::failed(&name, &error);
    let (format, noted): (i64, String) = conn
        .query_row("SELECT format, kinds FROM sync_meta WHERE name = ?1", [name], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .map_err(failed)?;
    if format > FORMAT {
        let message = format!("{name}: the file was written by a later version (format {format})");
        return Err(Error::new(Code::Config, message));
    }
    let mut kinds: BTreeMap<String, String> = serde_json::from_str(&noted).unwrap_or_default();
    let mut mixed = FieldSet::new();
    for (index, field) in schema.fields.iter().enumerate() {
        let kind = field.kind.as_str();
        let others = field.aliases.iter().filter_map(|alias| kinds.get(*alias)).any(|other| other != kind);
        let noted = kinds.entry(field.name.to_owned()).or_insert_with(|| kind.to_owned());
        if others || noted != kind {
            Kind::Any.as_str().clone_into(noted);
            mixed.insert(index);
        }
    }
    let kinds = serde_json::to_string(&kinds).expect("names and kinds are text");
    if kinds != noted {
        conn.execute("UPDATE sync_meta SET kinds = ?2 WHERE name = ?1", params![name, kinds])
            .map_err(failed)?;
    }
    Ok(mixed)
}

/// An index that the annotations ask for.
struct Wanted<'a> {
    field: &'a str,
    expression: String,
    sql: String,
    unique: bool,
}

fn make_indexes(conn: &Connection, name: &str, table: &str, schema: &Schema) -> Result<(), Error> {
    let failed = |error: rusqlite::Error| super::connection::failed(&name, &error);
    let mut wanted = wanted(name, table, schema)?;
    let mut statement = conn
        .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ?1")
        .map_err(failed)?;
    let present = statement
        .query_map([name], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)))
        .and_then(|rows| rows.collect::<rusqlite::Result<Vec<_>>>())
        .map_err(failed)?;
    for (index, sql) in present.into_iter().filter(|(index, _)| index.starts_with(&prefix(name))) {
        match wanted.get(&index) {
            Some(same) if Some(&same.sql) == sql.as_ref() => drop(wanted.remove(&index)),
            _ => conn.execute_batch(&format!("DROP INDEX {}", quoted(&index))).map_err(failed)?,
        }
    }
    for index in wanted.values() {
        if let Err(error) = conn.execute_batch(&index.sql) {
            let duplicates = if index.unique { duplicates(conn, table, index) } else { None };
            return Err(match duplicates {
                Some(ids) => {
                    let message = format!(
                        "{name}: {field} is unique, but {ids} have the same value; change one of them first",
                        field = index.field
                    );
                    Error::new(Code::Config, message).at_field(index.field)
                }
                None => failed(error),
            });
        }
    }
    Ok(())
}

fn prefix(table: &str) -> String {
    format!("sync:{table}:")
}

/// The field of a unique index of ours that this error names.
pub(super) fn violated<'a>(table: &str, schema: &'a Schema, error: &rusqlite::Error) -> Option<&'a str> {
    let rusqlite::Error::SqliteFailure(_, Some(message)) = error else { return None };
    let index = message.strip_prefix("UNIQUE constraint failed: index '")?.strip_suffix('\'')?;
    let index = index.replace("''", "'");
    let field = index.strip_prefix(&prefix(table))?.strip_suffix(":unique")?;
    schema.fields.iter().map(|info| info.name).find(|name| *name == field)
}

fn wanted<'a>(name: &str, table: &str, schema: &'a Schema) -> Result<BTreeMap<String, Wanted<'a>>, Error> {
    let mut wanted = BTreeMap::new();
    for (index, field) in schema.fields.iter().enumerate().filter(|(index, _)| *index != schema.id) {
        let unique = field.flags.has(Flags::UNIQUE);
        let plain = field.flags.has(Flags::INDEX) || field.flags.has(Flags::FACET);
        // Filters over lists, maps and anything look at each document.
        let plain = plain && !matches!(field.kind, Kind::List | Kind::Map | Kind::Any);
        if !unique && !plain {
            continue;
        }
        let expression = index_expression(schema, index).ok_or_else(|| {
            let message = format!("{name}: a field of the name {:?} cannot be indexed", field.name);
            Error::new(Code::Config, message).at_field(field.name)
        })?;
        let kind = if unique { "unique" } else { "sorted" };
        let full = format!("{}{}:{kind}", prefix(name), field.name);
        let index = quoted(&full);
        // By value and id, as queries sort.
        let sql = match unique {
            true => format!("CREATE UNIQUE INDEX {index} ON {table} ({expression})"),
            false => format!("CREATE INDEX {index} ON {table} ({expression}, id)"),
        };
        wanted.insert(full, Wanted { field: field.name, expression, sql, unique });
    }
    Ok(wanted)
}

/// Two documents that stand in the way of a unique index.
fn duplicates(conn: &Connection, table: &str, index: &Wanted<'_>) -> Option<String> {
    let expression = &index.expression;
    let sql = format!(
        "SELECT min(id) || ' and ' || max(id) FROM {table} WHERE {expression} IS NOT NULL \
         GROUP BY {expression} HAVING count(*) > 1 LIMIT 1"
    );
    conn.query_row(&sql, [], |row| row.get(0)).optional().ok().flatten()
}
