//! The table that the derive writes for each model: what codecs, stores, policies and clients need to know.

use super::value::Kind;

/// What is known of a model at compile time.
#[derive(Debug)]
pub struct Schema {
    /// The struct's name.
    pub model: &'static str,
    /// The wire name of the backend it belongs to, unless the builder names another.
    pub backend: &'static str,
    /// Its stored fields, in the order of the struct. A field's place here is its index.
    pub fields: &'static [FieldInfo],
    /// The index of the id.
    pub id: usize,
    /// What a save does when the document has moved on.
    pub conflict: Conflict,
    /// Whether the struct names a `validate` function.
    pub validates: bool,
}

/// What is known of one field.
#[derive(Debug)]
pub struct FieldInfo {
    /// Its name in stores and on wires.
    pub name: &'static str,
    /// Further names it is read by.
    pub aliases: &'static [&'static str],
    /// How its values look.
    pub kind: Kind,
    /// Whether it may be left out of a document: an `Option`, or one with a default.
    pub optional: bool,
    /// What the annotations say of it.
    pub flags: Flags,
}

impl FieldInfo {
    /// A row as the derive writes it: the facts of its codec, and whether the field names a default.
    #[doc(hidden)]
    pub const fn of(
        name: &'static str,
        aliases: &'static [&'static str],
        (kind, optional): (Kind, bool),
        default: bool,
        flags: Flags,
    ) -> Self {
        FieldInfo { name, aliases, kind, optional: optional || default, flags }
    }
}

impl FieldInfo {
    /// Where this spelling stands among the field's names, its own first; `None` for a field without aliases.
    pub(crate) fn rank(&self, name: &str) -> Option<usize> {
        if self.aliases.is_empty() {
            return None;
        }
        std::iter::once(&self.name).chain(self.aliases).position(|known| *known == name)
    }
}

/// What a save does when the document is no longer at the revision it was fetched at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Field by field; the last committed write of a field wins.
    Merge,
    /// The save is refused with [`Code::Conflict`](crate::Code::Conflict).
    Reject,
}

/// What a field's annotations say, as a set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u16);

impl Flags {
    /// No annotation.
    pub const NONE: Flags = Flags(0);
    /// Never leaves the server.
    pub const PRIVATE: Flags = Flags(1);
    /// Its values travel in `Change::keys`, for policies.
    pub const TRACKED: Flags = Flags(2);
    /// Clients see it and cannot write it.
    pub const READONLY: Flags = Flags(4);
    /// Clients may filter, sort and count by it.
    pub const FACET: Flags = Flags(8);
    /// Part of the full text.
    pub const SEARCH: Flags = Flags(16);
    /// The store keeps an index over it.
    pub const INDEX: Flags = Flags(32);
    /// No two documents have the same value in it.
    pub const UNIQUE: Flags = Flags(64);
    /// A list of models that is replaced as a whole.
    pub const WHOLE: Flags = Flags(128);

    /// Both sets together.
    pub const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// Whether all bits of the other set are in this one.
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Schema {
    /// The index of the field that has this name or alias.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.fields
            .iter()
            .position(|field| field.name == name)
            .or_else(|| self.fields.iter().position(|field| field.aliases.contains(&name)))
    }

    /// The indexes of the fields that have all of these annotations.
    pub fn with(&self, flags: Flags) -> impl Iterator<Item = usize> + '_ {
        self.fields.iter().enumerate().filter(move |(_, field)| field.flags.has(flags)).map(|(i, _)| i)
    }

    /// Whether filters of clients and policies may use the field: its values travel with each change.
    pub fn is_key(&self, field: usize) -> bool {
        let flags = self.fields[field].flags;
        field == self.id || flags.has(Flags::FACET) || flags.has(Flags::TRACKED)
    }
}
