//! Queries on which stores tend to differ, and what they mean: their evaluation in memory.

use super::rig::{Rig, broken};
use crate::SyncModel;
use crate::model::Value;
use crate::query::{Comparison, Expr, Order, Query};
use crate::testing::Dice;

const COMPARISONS: [Comparison; 6] =
    [Comparison::Eq, Comparison::Ne, Comparison::Lt, Comparison::Le, Comparison::Gt, Comparison::Ge];

/// The different values that the documents have in this field, and null.
fn literals<M: SyncModel>(docs: &[M], field: usize) -> Vec<Value> {
    let mut out = vec![Value::Null];
    for doc in docs {
        let value = doc.view(field).to_value().unwrap_or_else(|refusal| broken(6, refusal));
        if !out.contains(&value) {
            out.push(value);
        }
    }
    out
}

/// Each field compared with each value that occurs in it, in each way.
pub(super) fn comparisons<M: SyncModel>(docs: &[M]) -> Vec<Expr> {
    let mut out = vec![Expr::ALL, Expr::NONE];
    for field in 0..M::SCHEMA.fields.len() {
        let literals = literals(docs, field);
        out.push(Expr::In(field, Vec::new()));
        out.push(Expr::In(field, literals.clone()));
        out.push(Expr::In(field, literals.iter().step_by(2).cloned().collect()));
        // Ids are many and alike.
        for literal in literals.into_iter().take(30) {
            out.extend(COMPARISONS.map(|how| Expr::Compare(field, how, literal.clone())));
        }
    }
    out
}

/// A filter of several parts, nested at most this deep.
pub(super) fn combined(parts: &[Expr], dice: &mut Dice, depth: usize) -> Expr {
    if depth == 0 || dice.once_in(3) {
        return dice.pick(parts).clone();
    }
    let mut some =
        |least: usize| (0..least + dice.below(3)).map(|_| combined(parts, dice, depth - 1)).collect();
    let parts: Vec<Expr> = some(1);
    match dice.below(3) {
        0 => Expr::And(parts),
        1 => Expr::Or(parts),
        _ => Expr::Not(Box::new(Expr::And(parts))),
    }
}

/// A query with a random sort, window and total.
pub(super) fn windowed<M: SyncModel>(filter: Expr, dice: &mut Dice) -> Query<M> {
    let mut query = Query::new(filter.into());
    let fields = M::SCHEMA.fields.len();
    query.sort = (0..dice.below(3))
        .map(|_| Order { field: dice.below(fields), descending: dice.once_in(2) })
        .collect();
    query.limit = dice.pick(&[None, Some(0), Some(1), Some(7), Some(usize::MAX)]).to_owned();
    query.offset = *dice.pick(&[0, 0, 1, 5, 1_000]);
    query.total = dice.once_in(2);
    query
}

/// What the query gives of these documents: the ids in order, and the total.
pub(super) fn meant<M: SyncModel>(docs: &[M], query: &Query<M>) -> (Vec<M::Id>, Option<usize>) {
    let mut matching: Vec<&M> = docs.iter().filter(|doc| query.filter.matches(doc)).collect();
    let total = query.total.then_some(matching.len());
    matching.sort_by(|a, b| query.compare(a, b));
    let limit = query.limit.unwrap_or(usize::MAX);
    let ids = matching.into_iter().skip(query.offset).take(limit).map(|doc| doc.id().clone());
    (ids.collect(), total)
}

/// The store must answer the query as memory does.
pub(super) async fn agrees<M: SyncModel + std::fmt::Debug>(rig: &Rig<M>, docs: &[M], query: &Query<M>) {
    let found = rig.find(query).await;
    let ids: Vec<M::Id> = found.docs.iter().map(|doc| doc.value.id().clone()).collect();
    let (wanted, total) = meant(docs, query);
    let said = || {
        let mut text = format!("{query:?}");
        for (index, field) in M::SCHEMA.fields.iter().enumerate() {
            for name in ["Compare(", "In(", "field: "] {
                text = text.replace(&format!("{name}{index},"), &format!("{name}{},", field.name));
            }
        }
        text
    };
    if ids != wanted {
        let shown = |ids: &[M::Id], without: &[M::Id]| {
            let doc = |id: &&M::Id| docs.iter().find(|doc| doc.id() == *id);
            let ids: Vec<_> = ids.iter().filter(|id| !without.contains(id)).take(3).collect();
            let fields = |doc: &M| {
                let mut fields = Vec::new();
                query.filter.expr().each_field(&mut |field| fields.push(format!("{:?}", doc.view(field))));
                fields
            };
            ids.iter().filter_map(doc).map(fields).collect::<Vec<_>>()
        };
        let (missing, beyond) = (shown(&wanted, &ids), shown(&ids, &wanted));
        broken(
            6,
            format!(
                "find differs from memory: {} documents instead of {}; missing {missing:?}, too many {beyond:?}, \
                 or in another order; of {}",
                ids.len(),
                wanted.len(),
                said()
            ),
        );
    }
    owed!(6, found.total == total, "the total is {:?} instead of {total:?} of {}", found.total, said());
}
