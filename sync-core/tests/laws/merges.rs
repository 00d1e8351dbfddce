//! The three-way merge under a handle, against a reference of four numbers.
//!
//! The reference knows only this: a field is edited where it differs from the base; a newer base moves the
//! fields that are not edited, and no other.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sync_core::model::{Doc, Rev, Tracked};
use sync_core::prelude::*;

use crate::cases;

#[derive(SyncModel, Clone, Debug, PartialEq)]
#[sync(backend = "fours")]
struct Four {
    #[sync(id)]
    id: u64,
    a: i64,
    b: i64,
    c: i64,
    d: i64,
}

type Fields = [i64; 4];

fn four([a, b, c, d]: Fields) -> Four {
    Four { id: 1, a, b, c, d }
}

fn fields(four: &Four) -> Fields {
    [four.a, four.b, four.c, four.d]
}

fn patch(changes: &[(usize, i64)]) -> FourPatch {
    let tokens = [Four::A, Four::B, Four::C, Four::D];
    let mut patch = FourPatch::default();
    changes.iter().for_each(|(field, value)| patch.set(tokens[*field], *value));
    patch
}

#[derive(Clone, Debug)]
enum Step {
    /// An edit through `&mut`.
    Edit(usize, i64),
    /// An edit that is recorded.
    Set(usize, i64),
    /// Drop all edits.
    Revert,
    /// A read found what others made of the document.
    Rebase(Vec<(usize, i64)>),
    /// An event came with what another made of it.
    Advance(usize, i64),
    /// A save: others' commits that came first, edits while it was on its way, and whether a layer put a
    /// value in as well.
    Save { first: Vec<(usize, i64)>, meanwhile: Vec<(usize, i64)>, layer: Option<(usize, i64)> },
    /// The same, but its own event came before its outcome.
    Overtaken(Vec<(usize, i64)>),
}

struct Reference {
    base: Fields,
    current: Fields,
    rev: Rev,
    /// What the backend has, and its revision.
    stored: Fields,
    newest: Rev,
}

fn put(to: &mut Fields, changes: &[(usize, i64)]) {
    changes.iter().for_each(|(field, value)| to[*field] = *value);
}

impl Reference {
    fn edits(&self) -> Vec<(usize, i64)> {
        (0..4).filter(|f| self.base[*f] != self.current[*f]).map(|f| (f, self.current[f])).collect()
    }

    fn rebase(&mut self, base: Fields, rev: Rev) {
        let edits = self.edits();
        (self.base, self.current, self.rev) = (base, base, rev);
        put(&mut self.current, &edits);
    }

    /// Others commit; the base does not know of it yet.
    fn others(&mut self, changes: &[(usize, i64)]) {
        put(&mut self.stored, changes);
        self.newest += u64::from(!changes.is_empty());
    }
}

fn document(fields: Fields, rev: Rev) -> Doc<Four> {
    Doc { value: Arc::new(four(fields)), extra: None, rev }
}

fn step(tracked: &mut Tracked<Four>, of: &mut Reference, step: Step) {
    match step {
        Step::Edit(field, value) => {
            tracked.get_mut().apply(&patch(&[(field, value)]));
            of.current[field] = value;
        }
        Step::Set(field, value) => {
            tracked.set([Four::A, Four::B, Four::C, Four::D][field], value);
            of.current[field] = value;
        }
        Step::Revert => {
            tracked.revert();
            of.current = of.base;
        }
        Step::Rebase(others) => {
            of.others(&others);
            of.rebase(of.stored, of.newest);
            tracked.rebase(document(of.stored, of.newest));
        }
        Step::Advance(field, value) => {
            let prev = of.newest;
            of.others(&[(field, value)]);
            let in_step = of.rev == prev;
            let took = tracked.advance(&patch(&[(field, value)]), prev, of.newest);
            assert_eq!(took, in_step, "a patch is taken on top of its own revision only");
            if in_step {
                let mut base = of.base;
                base[field] = value;
                of.rebase(base, of.newest);
            }
        }
        Step::Save { first, meanwhile, layer } => save(tracked, of, &first, &meanwhile, layer),
        Step::Overtaken(meanwhile) => {
            if of.rev != of.newest {
                return;
            }
            let (sent, outcome) = (tracked.snapshot(), tracked.patch());
            let (edits, prev) = (of.edits(), of.newest);
            of.others(&edits);
            if edits.is_empty() {
                return;
            }
            let rev = of.newest;
            assert!(tracked.advance(&outcome, prev, rev));
            of.rebase(of.stored, rev);
            for (field, value) in meanwhile {
                tracked.get_mut().apply(&patch(&[(field, value)]));
                of.current[field] = value;
            }
            let document = Some(Arc::new(four(of.stored)));
            tracked.committed(&sent, &outcome, prev, rev, document);
        }
    }
}

fn save(
    tracked: &mut Tracked<Four>,
    of: &mut Reference,
    first: &[(usize, i64)],
    meanwhile: &[(usize, i64)],
    layer: Option<(usize, i64)>,
) {
    let (sent, mut outcome) = (tracked.snapshot(), tracked.patch());
    let mut edits = of.edits();
    if edits.is_empty() {
        return;
    }
    let sent_fields = of.current;
    of.others(first);
    if let Some((field, value)) = layer {
        outcome.merge(patch(&[(field, value)]));
        edits.push((field, value));
    }
    let prev = of.newest;
    of.others(&edits);
    for (field, value) in meanwhile {
        tracked.get_mut().apply(&patch(&[(*field, *value)]));
        of.current[*field] = *value;
    }
    tracked.committed(&sent, &outcome, prev, of.newest, Some(Arc::new(four(of.stored))));
    let later: Vec<_> =
        (0..4).filter(|f| of.current[*f] != sent_fields[*f]).map(|f| (f, of.current[f])).collect();
    if of.rev == prev {
        (of.base, of.rev) = (of.stored, of.newest);
    } else {
        put(&mut of.base, &edits);
        assert!(tracked.is_behind(), "others were first: the base is not what is stored");
    }
    of.current = of.base;
    put(&mut of.current, &later);
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let value = || (0..4usize, 0..3i64);
    let values = move || vec(value(), 0..3);
    let step = prop_oneof![
        4 => value().prop_map(|(f, v)| Step::Edit(f, v)),
        2 => value().prop_map(|(f, v)| Step::Set(f, v)),
        1 => Just(Step::Revert),
        2 => values().prop_map(Step::Rebase),
        2 => value().prop_map(|(f, v)| Step::Advance(f, v)),
        3 => (values(), values(), proptest::option::weighted(0.2, value()))
            .prop_map(|(first, meanwhile, layer)| Step::Save { first, meanwhile, layer }),
        2 => values().prop_map(Step::Overtaken),
    ];
    vec(step, 1..25)
}

#[test]
fn a_handle_merges_three_ways() {
    let run = TestRunner::new(cases(3_000)).run(&steps(), |steps| {
        let start = [0; 4];
        let mut tracked = Tracked::fetched(document(start, 1));
        let mut of = Reference { base: start, current: start, rev: 1, stored: start, newest: 1 };
        for each in steps {
            step(&mut tracked, &mut of, each.clone());
            let base = fields(tracked.base());
            prop_assert_eq!(base, of.base, "the base after {:?}", &each);
            prop_assert_eq!(fields(tracked.get()), of.current, "the document after {:?}", &each);
            prop_assert_eq!(tracked.rev(), of.rev, "the revision after {:?}", &each);
            let edited: Vec<usize> = of.edits().into_iter().map(|(field, _)| field + 1).collect();
            prop_assert_eq!(tracked.changed().iter().collect::<Vec<_>>(), edited, "edits after {:?}", &each);
        }
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
}
