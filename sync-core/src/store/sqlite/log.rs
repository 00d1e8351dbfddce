//! Rows of the change log: a committed change as text, and back.
//!
//! A create keeps the document, an update its patch, a delete nothing; beside it stand the values of the
//! key fields, after, and before where they changed, and who did it. A row read by another process, or
//! after a restart, is a change `Remote`ly made.

use std::sync::Arc;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Row, params};

use super::splice::{Out, encoded};
use super::table::{Table, id_from_sql};
use crate::backend::{Action, Author, Body, Change, Context, Origin, Plan, Sight};
use crate::model::{
    Access, FieldSet, ModelPatch as _, Refusal, Rev, Spelling, SyncModel, Value, View, decode_doc,
    decode_fields, decode_patch, encode_patch,
};

/// A change's row but for its number: made before the first statement runs, for encoding may fail.
pub(super) struct Entry {
    action: Action,
    body: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

impl Entry {
    /// What the log keeps of a plan, but for the document that a create stores.
    pub(super) fn of<M: SyncModel>(plan: &Plan<M>) -> Result<Self, Refusal> {
        let keys = key_fields::<M>();
        let action = plan.action();
        let before = plan.before().map(|doc| &*doc.value);
        Ok(match (action, &plan.outcome) {
            (Action::Update, Some(outcome)) => {
                let patch = encode_patch(&**outcome, &M::SCHEMA.all_fields(), Spelling::Stored)?;
                let patch = String::from_utf8(patch).map_err(|_| Refusal::new("is not UTF-8"))?;
                let changed = outcome.fields();
                let changed: FieldSet = keys.iter().filter(|key| changed.has(*key)).collect();
                Entry {
                    action,
                    body: Some(patch),
                    before: before.map(|doc| encode_keys(doc, &changed)).transpose()?.flatten(),
                    after: plan.after.as_deref().map(|doc| encode_keys(doc, &keys)).transpose()?.flatten(),
                }
            }
            (Action::Delete, _) => {
                let before = before.map(|doc| encode_keys(doc, &keys)).transpose()?.flatten();
                Entry { action, body: None, before, after: None }
            }
            _ => Entry { action, body: None, before: None, after: None },
        })
    }

    /// Puts the row in; `document` is the text that was stored.
    pub(super) fn insert<M: SyncModel>(
        &self,
        conn: &Connection,
        table: &Table<M>,
        id: &Sql,
        (prev, rev): (Rev, Rev),
        document: Option<&str>,
        context: &Context,
    ) -> rusqlite::Result<()> {
        let body = if self.action == Action::Create { document } else { self.body.as_deref() };
        let author = context.author();
        let session = author.map(|author| &*author.session);
        let n = author.map(|author| author.n.cast_signed()); // SQLite has no unsigned integers
        conn.prepare_cached(&table.sql.log_insert)?.execute(params![
            rev,
            id,
            self.action.as_str(),
            prev,
            body,
            self.before,
            self.after,
            table.writer,
            origin_name(context.origin()),
            session,
            n,
            context.channel(),
        ])?;
        Ok(())
    }
}

/// The key fields but the id, which has a column of its own.
fn key_fields<M: SyncModel>() -> FieldSet {
    let schema = M::SCHEMA;
    (0..schema.fields.len()).filter(|field| *field != schema.id && schema.is_key(*field)).collect()
}

/// These fields as an object; null is written, so that a reader can tell it from what is not at hand.
fn encode_keys<M: SyncModel>(doc: &M, keys: &FieldSet) -> Result<Option<String>, Refusal> {
    if keys.is_empty() {
        return Ok(None);
    }
    let mut out = Out::default();
    for key in keys.iter() {
        let name = M::SCHEMA.fields[key].name;
        let json = match doc.view(key) {
            View::Absent => "null".to_owned(),
            view => encoded(view).map_err(|refusal| refusal.at(name))?,
        };
        out.entry(name, &json);
    }
    Ok(Some(out.end()))
}

fn decode_keys<M: SyncModel>(id: &M::Id, json: Option<&str>) -> Result<Vec<(usize, Value)>, Refusal> {
    let id = crate::model::SyncValue::view(id).to_value()?;
    let mut keys = vec![(M::SCHEMA.id, id)];
    if let Some(json) = json {
        let patch: M::Patch = decode_fields(json.as_bytes())?;
        for field in patch.fields().iter() {
            keys.push((field, patch.slot(field).view().to_value()?));
        }
    }
    Ok(keys)
}

/// The changes after a position, oldest first; `None` where one is missing or does not decode.
pub(super) fn read<M: SyncModel>(
    conn: &Connection,
    table: &Table<M>,
    after: u64,
    limit: usize,
) -> rusqlite::Result<Option<Vec<Arc<Change<M>>>>> {
    let mut statement = conn.prepare_cached(&table.sql.log_read)?;
    let mut rows = statement.query(params![after, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut changes: Vec<Arc<Change<M>>> = Vec::new();
    while let Some(row) = rows.next()? {
        let expected = changes.last().map_or(after, |change| change.position) + 1;
        match change(row, table)? {
            Ok(change) if change.position == expected => changes.push(Arc::new(change)),
            Ok(change) => {
                tracing::warn!(table = table.name, expected, found = change.position, "the log has a gap");
                return Ok(None);
            }
            Err(refusal) => {
                tracing::warn!(table = table.name, position = expected, %refusal, "a change does not decode");
                return Ok(None);
            }
        }
    }
    Ok(Some(changes))
}

fn change<M: SyncModel>(row: &Row<'_>, table: &Table<M>) -> rusqlite::Result<Result<Change<M>, Refusal>> {
    let seq: u64 = row.get(0)?;
    let id: Sql = row.get(1)?;
    let action: String = row.get(2)?;
    let prev: Rev = row.get(3)?;
    let text = |column: usize| row.get_ref(column).map(|value| value.as_str_or_null().ok().flatten());
    let (body, before, after) = (text(4)?, text(5)?, text(6)?);
    let context = context(row, table.writer)?;
    let read = || {
        let id: M::Id = id_from_sql(&id)?;
        let body_text = || body.map(str::as_bytes).ok_or_else(|| Refusal::new("has no body"));
        let (action, body, sight) = match &*action {
            "create" => {
                let doc = decode_doc::<M>(body_text()?, seq)?;
                let sight = Sight::Documents { before: None, after: Some(doc.value.clone()) };
                (Action::Create, Body::Document(doc), sight)
            }
            "update" => {
                let patch: M::Patch = decode_patch(body_text()?, Access::Store)?;
                let before = Some(decode_keys::<M>(&id, before)?);
                let after = Some(decode_keys::<M>(&id, after)?);
                (Action::Update, Body::Patch(Arc::new(patch)), Sight::Keys { before, after })
            }
            "delete" => {
                let before = Some(decode_keys::<M>(&id, before)?);
                (Action::Delete, Body::Gone, Sight::Keys { before, after: None })
            }
            other => return Err(Refusal::new(format!("has the unknown action {other:?}"))),
        };
        Ok(Change::new(action, id, (prev, seq), seq, body, sight, context))
    };
    Ok(read())
}

fn context(row: &Row<'_>, me: i64) -> rusqlite::Result<Context> {
    let (writer, origin): (i64, String) = (row.get(7)?, row.get(8)?);
    let mut context = Context::of(if writer == me { origin_named(&origin) } else { Origin::Remote });
    if let Some(session) = row.get::<_, Option<String>>(9)? {
        context = context.by(Author { session: session.into(), n: row.get::<_, i64>(10)?.cast_unsigned() });
    }
    if let Some(channel) = row.get::<_, Option<String>>(11)? {
        context = context.on_channel(channel);
    }
    Ok(context)
}

fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Server => "server",
        Origin::Client => "client",
        Origin::Remote => "remote",
        Origin::External => "external",
    }
}

fn origin_named(name: &str) -> Origin {
    match name {
        "server" => Origin::Server,
        "client" => Origin::Client,
        "external" => Origin::External,
        _ => Origin::Remote,
    }
}
