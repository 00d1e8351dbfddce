//! Filter expressions without a model's type, and the one evaluator of them.

use std::cmp::Ordering;

use crate::model::{Schema, SyncModel, Value, View};

/// How a field is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Equal; null equals only null.
    Eq,
    /// Not equal: the opposite of `Eq`, so null differs from every value.
    Ne,
    /// Less; false where either is null.
    Lt,
    /// Less or equal; false where either is null.
    Le,
    /// Greater; false where either is null.
    Gt,
    /// Greater or equal; false where either is null.
    Ge,
}

/// A filter as data: fields by index, values of the value domain.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Matches all (an empty `And`), or none (an empty `Or`), and so on.
    And(Vec<Expr>),
    /// Matches where one part does.
    Or(Vec<Expr>),
    /// Matches where the part does not.
    Not(Box<Expr>),
    /// Compares a field with a value.
    Compare(usize, Comparison, Value),
    /// Matches where the field equals one of the values.
    In(usize, Vec<Value>),
}

/// Something a filter can be asked about: fields by index.
pub trait Row {
    /// The field's value; `None` where it is not at hand.
    fn field(&self, index: usize) -> Option<View<'_>>;
}

/// A whole document as a row: every field is at hand.
pub(crate) struct DocRow<'a, M>(pub(crate) &'a M);

impl<M: SyncModel> Row for DocRow<'_, M> {
    fn field(&self, index: usize) -> Option<View<'_>> {
        Some(self.0.view(index))
    }
}

impl Expr {
    /// The expression that matches everything.
    pub const ALL: Expr = Expr::And(Vec::new());
    /// The expression that matches nothing.
    pub const NONE: Expr = Expr::Or(Vec::new());

    /// Whether the row matches; `None` where that depends on a field that is not at hand.
    pub fn matches(&self, row: &dyn Row) -> Option<bool> {
        match self {
            Expr::And(parts) => all(parts.iter().map(|part| part.matches(row))),
            Expr::Or(parts) => {
                all(parts.iter().map(|part| part.matches(row).map(|met| !met))).map(|none| !none)
            }
            Expr::Not(part) => part.matches(row).map(|met| !met),
            Expr::Compare(field, how, value) => Some(compare(&row.field(*field)?, *how, &value.view())),
            Expr::In(field, values) => {
                let found = row.field(*field)?;
                Some(values.iter().any(|value| compare(&found, Comparison::Eq, &value.view())))
            }
        }
    }

    /// Calls with each field that the expression names.
    pub fn each_field(&self, see: &mut dyn FnMut(usize)) {
        match self {
            Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| part.each_field(see)),
            Expr::Not(part) => part.each_field(see),
            Expr::Compare(field, ..) | Expr::In(field, _) => see(*field),
        }
    }

    /// How deep it nests and how many parts it has: what a client's filter is bounded by.
    pub fn size(&self) -> usize {
        match self {
            Expr::And(parts) | Expr::Or(parts) => 1 + parts.iter().map(Expr::size).sum::<usize>(),
            Expr::Not(part) => 1 + part.size(),
            Expr::Compare(..) => 1,
            Expr::In(_, values) => 1 + values.len(),
        }
    }

    /// The first of the named fields whose values do not travel with changes.
    pub fn first_beyond_keys(&self, schema: &Schema) -> Option<usize> {
        let mut found = None;
        self.each_field(&mut |field| {
            if !schema.is_key(field) {
                found.get_or_insert(field);
            }
        });
        found
    }
}

/// Three-valued "and": false wins over unknown.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = true;
    for part in parts {
        match part {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = false,
        }
    }
    known.then_some(true)
}

fn compare(found: &View<'_>, how: Comparison, value: &View<'_>) -> bool {
    let equal = || match (found.is_null(), value.is_null()) {
        (true, true) => true,
        (false, false) => found.compare(value) == Some(Ordering::Equal),
        _ => false,
    };
    let ordered = |wanted: fn(Ordering) -> bool| {
        !found.is_null()
            && !value.is_null()
            && found.same_kind(value)
            && found.compare(value).is_some_and(wanted)
    };
    match how {
        Comparison::Eq => equal(),
        Comparison::Ne => !equal(),
        Comparison::Lt => ordered(Ordering::is_lt),
        Comparison::Le => ordered(Ordering::is_le),
        Comparison::Gt => ordered(Ordering::is_gt),
        Comparison::Ge => ordered(Ordering::is_ge),
    }
}
