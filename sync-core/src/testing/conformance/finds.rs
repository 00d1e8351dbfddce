//! Obligation 6: a query gives what its evaluation in memory gives, value by value and in order.

use super::Setup;
use super::models::{Named, Numbered, Specimen};
use super::queries::{agrees, combined, comparisons, windowed};
use super::rig::{Done as _, Rig, create};
use super::samples::{self, INTEGERS, TEXTS};
use crate::SyncModel;
use crate::query::{Filter, Order, Query};
use crate::testing::Dice;

async fn filled<S: Setup>(setup: &S, place: &str) -> (Rig<Specimen>, Vec<Specimen>) {
    let rig = Rig::<Specimen>::open(setup, place).await;
    let mut docs = samples::specimens(60, 61);
    for (n, doc) in docs.iter_mut().enumerate().step_by(3) {
        doc.code = Some(format!("{}{n}", TEXTS[n % TEXTS.len()]));
        doc.number = Some(n as i64 - 30);
    }
    for answer in rig.batch(docs.iter().map(create).collect()).await {
        answer.done(1, "a document of values of every kind was created");
    }
    (rig, docs)
}

pub(super) async fn comparisons_agree_with_memory<S: Setup>(setup: &S) {
    let (rig, docs) = filled(setup, "comparisons_agree_with_memory").await;
    for expr in comparisons(&docs) {
        agrees(&rig, &docs, &Query::new(expr.into())).await;
    }
}

pub(super) async fn combined_filters_agree_with_memory<S: Setup>(setup: &S) {
    let (rig, docs) = filled(setup, "combined_filters_agree_with_memory").await;
    let parts = comparisons(&docs);
    let mut dice = Dice::new(62);
    for _ in 0..400 {
        agrees(&rig, &docs, &Query::new(combined(&parts, &mut dice, 3).into())).await;
    }
}

pub(super) async fn sorts_and_windows_agree_with_memory<S: Setup>(setup: &S) {
    let (rig, docs) = filled(setup, "sorts_and_windows_agree_with_memory").await;
    for field in 0..Specimen::SCHEMA.fields.len() {
        for descending in [false, true] {
            let mut query = Query::new(Filter::all());
            query.sort = vec![Order { field, descending }];
            agrees(&rig, &docs, &query).await;
            query.limit = Some(5);
            query.offset = 3;
            agrees(&rig, &docs, &query).await;
        }
    }
    let parts = comparisons(&docs);
    let mut dice = Dice::new(63);
    for _ in 0..400 {
        let filter = combined(&parts, &mut dice, 2);
        agrees(&rig, &docs, &windowed(filter, &mut dice)).await;
    }
}

pub(super) async fn totals_count_all_that_match<S: Setup>(setup: &S) {
    let (rig, docs) = filled(setup, "totals_count_all_that_match").await;
    for filter in [Filter::all(), Filter::none(), Specimen::SURE.eq(true), Specimen::FLAG.is_null()] {
        for (limit, offset) in
            [(None, 0), (Some(0), 0), (Some(0), 9), (Some(3), 0), (Some(3), 58), (None, 100)]
        {
            let query = Query { limit, offset, total: true, ..Query::new(filter.clone()) };
            agrees(&rig, &docs, &query).await;
        }
    }
}

async fn by_id<S: Setup, M: SyncModel + std::fmt::Debug>(setup: &S, place: &str, docs: Vec<M>, ties: usize) {
    let rig = Rig::<M>::open(setup, place).await;
    for answer in rig.batch(docs.iter().map(create).collect()).await {
        answer.done(1, "documents were created whose ids are all different");
    }
    for doc in &docs {
        let found = rig.doc(doc.id()).await;
        owed!(6, found.value.id() == doc.id(), "{:?} was read as {:?}", doc.id(), found.value.id());
    }
    let mut dice = Dice::new(64);
    let parts = comparisons(&docs);
    for expr in &parts {
        agrees(&rig, &docs, &Query::new(expr.clone().into())).await;
    }
    for descending in [false, true] {
        for field in [ties, M::SCHEMA.id] {
            let sort = vec![Order { field, descending }];
            agrees(&rig, &docs, &Query { sort, ..Query::new(Filter::all()) }).await;
        }
    }
    for _ in 0..100 {
        let filter = combined(&parts, &mut dice, 2);
        agrees(&rig, &docs, &windowed(filter, &mut dice)).await;
    }
    for doc in &docs {
        rig.backend.delete_by_id(doc.id().clone()).await.done(1, "a document was deleted by its id");
    }
    owed!(6, rig.find(&Query::new(Filter::all())).await.docs.is_empty(), "all were deleted, some are found");
}

pub(super) async fn text_ids_sort_by_their_bytes<S: Setup>(setup: &S) {
    let ids = TEXTS.iter().filter(|id| !id.is_empty());
    let docs = ids.enumerate().map(|(n, id)| Named { id: (*id).to_owned(), group: n as i64 % 3 });
    by_id(setup, "text_ids_sort_by_their_bytes", docs.collect(), Named::GROUP.index()).await;
}

pub(super) async fn integer_ids_sort_as_integers<S: Setup>(setup: &S) {
    let ids = INTEGERS.iter().filter(|id| **id != 0);
    let group = |n: usize| (!n.is_multiple_of(3)).then(|| (n % 3).to_string());
    let docs = ids.enumerate().map(|(n, id)| Numbered { id: *id, group: group(n) });
    by_id(setup, "integer_ids_sort_as_integers", docs.collect(), Numbered::GROUP.index()).await;
}
