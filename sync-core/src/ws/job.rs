//! What sessions wait for: requests, snapshots, what a returning listen missed, single reads.
//!
//! Whatever a layer answers, a document that the policy does not show is not shown.

use std::collections::VecDeque;
use std::sync::Arc;

use super::fact::{Fact, id_json};
use super::grant::{Outcome, Pages};
use super::policy::Resolved;
use super::refused::Refused;
use crate::backend::{
    Action, Backend, Body, Change, Context, Cursor, Found, Op, Origin, Reply, Request, Sight, not_found,
};
use crate::error::{Code, Error};
use crate::model::{Doc, Spelling, SyncModel, encode_doc, encode_patch};
use crate::query::{Filter, Query};

type Rules<M> = Arc<Resolved<M>>;

/// The documents of one `find` answer have at most this many bytes.
const PAGE_BYTES: usize = 8 << 20;

/// Runs a client's request down the chain.
pub(crate) async fn run<M: SyncModel>(
    backend: Backend<M>,
    rules: Rules<M>,
    op: Op<M>,
    context: Context,
) -> Result<Outcome, Refused> {
    let id = match &op {
        Op::Read(id) | Op::Update { id, .. } | Op::Delete { id, .. } => Some(id.clone()),
        _ => None,
    };
    let reply = backend.request(rules.request(op, context)).await.map_err(|error| failed(&rules, &error))?;
    answer(&rules, reply, id).map_err(|error| rules.refused(&error))
}

/// What a failed request is to its asker.
fn failed<M: SyncModel>(rules: &Rules<M>, error: &Error) -> Refused {
    if let Some(change) = error.committed::<M>() {
        // A layer failed behind the store: clients learn from the change itself what became of it.
        tracing::warn!(id = %change.id, %error, "a client's write was committed, and then a layer failed");
        return Refused::new(Code::Indeterminate, "committed, and then something failed");
    }
    let mut refused = rules.refused(error);
    if error.is_conflict() && rules.actions.contains(&Action::Read) {
        let visible = error.current::<M>().filter(|doc| rules.shows(doc));
        refused.current = visible.and_then(|doc| entry(rules, &doc).ok());
    }
    refused
}

fn answer<M: SyncModel>(rules: &Rules<M>, reply: Reply<M>, id: Option<M::Id>) -> Result<Outcome, Error> {
    let members = match reply {
        Reply::Committed(change) => {
            let members = committed(rules, &change)?;
            return Ok(Outcome::Answer(members, Some(change)));
        }
        Reply::Document(found) => {
            let Some(doc) = found.filter(|doc| rules.shows(doc)) else {
                let unnamed = || Error::new(Code::NotFound, format!("{}: not found", M::SCHEMA.model));
                return Err(id.map_or_else(unnamed, |id| not_found::<M>(&id)));
            };
            let entry = entry(rules, &doc)?;
            entry[1..entry.len() - 1].to_owned()
        }
        Reply::Found(found) => {
            let (mut docs, mut bytes) = (Vec::new(), 0);
            for doc in found.docs.iter().filter(|doc| rules.shows(doc)) {
                docs.push(entry(rules, doc)?);
                bytes += docs.last().map_or(0, String::len);
                if bytes > PAGE_BYTES {
                    let message = format!(
                        "{}: a page has at most {PAGE_BYTES} bytes: ask for fewer documents at once",
                        M::SCHEMA.model
                    );
                    return Err(Error::new(Code::TooMany, message));
                }
            }
            format!("\"docs\":[{}],\"total\":{}", docs.join(","), found.total.unwrap_or(docs.len()))
        }
        // A backend without a store commits nothing; the request's own fields come back.
        Reply::Echo(patch) => {
            let id = id.as_ref().map_or_else(|| "null".into(), id_json::<M>);
            let body =
                patch.map_or(Ok(Vec::new()), |patch| encode_patch(&*patch, &rules.seen, Spelling::Wire));
            let body = text(body.map_err(refused::<M>)?);
            let body = if body.is_empty() { "{}" } else { &body };
            format!("\"id\":{id},\"rev\":0,\"prev\":0,\"patch\":{body},\"doc\":{body}")
        }
    };
    Ok(Outcome::Answer(members, None))
}

fn committed<M: SyncModel>(rules: &Rules<M>, change: &Change<M>) -> Result<String, Error> {
    let mut members = format!("\"id\":{},\"rev\":{}", id_json::<M>(&change.id), change.rev);
    match (&change.body, change.action, change.document()) {
        (Body::Gone, ..) => {}
        (Body::Patch(outcome), ..) => {
            let outcome = text(encode_patch(&**outcome, &rules.seen, Spelling::Wire).map_err(refused::<M>)?);
            members.push_str(&format!(",\"prev\":{},\"patch\":{outcome}", change.prev));
        }
        (Body::Document(doc), action, _) => {
            let doc = text(encode_doc(&*doc.value, &rules.seen, None, Spelling::Wire).map_err(refused::<M>)?);
            match action {
                Action::Create => members.push_str(&format!(",\"doc\":{doc}")),
                _ => members.push_str(&format!(",\"prev\":{},\"patch\":{doc}", change.prev)),
            }
        }
    }
    Ok(members)
}

impl<M: SyncModel> Resolved<M> {
    /// A client's request, under the policy's row filters.
    fn request(&self, op: Op<M>, context: Context) -> Request<M> {
        let mut request = Request::new(op).with_context(context);
        request.checks = self.checks();
        request
    }

    fn shows(&self, doc: &Doc<M>) -> bool {
        self.using.as_ref().is_none_or(|using| using.matches(&doc.value))
    }
}

/// `{"id":…,"rev":…,"doc":{…}}`.
fn entry<M: SyncModel>(rules: &Resolved<M>, doc: &Doc<M>) -> Result<String, Error> {
    let body = text(encode_doc(&*doc.value, &rules.seen, None, Spelling::Wire).map_err(refused::<M>)?);
    Ok(format!("{{\"id\":{},\"rev\":{},\"doc\":{body}}}", id_json::<M>(doc.value.id()), doc.rev))
}

fn refused<M: SyncModel>(refusal: crate::model::Refusal) -> Error {
    Error::new(Code::Corrupt, format!("{}: a document cannot be told to clients: {refusal}", M::SCHEMA.model))
}

fn text(json: Vec<u8>) -> String {
    String::from_utf8(json).expect("JSON is UTF-8")
}

/// The documents that a listen shows now.
pub(crate) async fn snapshot<M: SyncModel>(
    backend: Backend<M>,
    rules: Rules<M>,
    filter: Filter<M>,
    at_most: usize,
    context: Context,
) -> Result<Outcome, Refused> {
    let mut query = Query::new(filter);
    query.limit = Some(at_most.saturating_add(1));
    let request = rules.request(Op::Find(query), context);
    let reply = backend.request(request).await.and_then(Reply::into_found);
    let Found { docs, position, .. } = reply.map_err(|error| rules.refused(&error))?;
    if docs.len() > at_most {
        let message = format!(
            "{}: more than {at_most} documents: listen with a filter that makes it fewer",
            M::SCHEMA.model
        );
        return Err(Refused::new(Code::TooMany, message));
    }
    let docs = docs.into_iter().filter(|doc| rules.shows(doc)).collect();
    let cursor = Cursor { position, ..backend.cursor() };
    Ok(Outcome::Found(Box::new(Snapshot { docs, rules }), cursor))
}

struct Snapshot<M: SyncModel> {
    docs: VecDeque<Doc<M>>,
    rules: Rules<M>,
}

impl<M: SyncModel> Pages for Snapshot<M> {
    fn next(&mut self, documents: usize, bytes: usize) -> (String, bool) {
        let mut out = String::new();
        for _ in 0..documents {
            let Some(doc) = self.docs.pop_front() else { break };
            match entry(&self.rules, &doc) {
                Ok(entry) => {
                    if !out.is_empty() {
                        out.push(',');
                    }
                    out.push_str(&entry);
                }
                Err(error) => tracing::error!(%error, "a snapshot leaves a document out"),
            }
            if out.len() >= bytes {
                break;
            }
        }
        (out, self.docs.is_empty())
    }
}

/// What was committed since the cursor.
pub(crate) async fn missed<M: SyncModel>(
    backend: Backend<M>,
    rules: Rules<M>,
    since: Cursor,
) -> Result<Outcome, Refused> {
    let missed = backend.subscribe_from(since).await;
    let (changes, subscription) = missed.map_err(|error| rules.refused(&error))?;
    let facts = changes.map(|changes| changes.into_iter().map(|change| change as Arc<dyn Fact>).collect());
    Ok(Outcome::Missed(facts, Cursor { epoch: since.epoch, position: subscription.mark() }))
}

/// A document as it is now, if the policy shows it.
pub(crate) async fn fill<M: SyncModel>(
    backend: Backend<M>,
    rules: Rules<M>,
    id: M::Id,
    context: Context,
) -> Result<Outcome, Refused> {
    let request = rules.request(Op::Read(id.clone()), context);
    let reply = backend.request(request).await.and_then(Reply::into_document);
    let found = reply.map_err(|error| rules.refused(&error))?.filter(|doc| rules.shows(doc));
    Ok(Outcome::Document(found.map(|doc| {
        let sight = Sight::Documents { before: None, after: Some(doc.value.clone()) };
        let context = Context::of(Origin::Remote);
        let change = Change::new(Action::Update, id, (0, doc.rev), 0, Body::Document(doc), sight, context);
        Arc::new(change) as Arc<dyn Fact>
    })))
}
