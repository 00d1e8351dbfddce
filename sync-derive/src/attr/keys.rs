//! The table of attributes: where each may stand, and what it takes.

use syn::Ident;

use super::suggest;

/// What an attribute stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A struct that derives `SyncModel`.
    Model,
    /// A field of it.
    Field,
    /// A type that derives `SyncValue`.
    Value,
    /// A field of it, also of one of its variants.
    ValueField,
    /// A variant of it.
    Variant,
}

/// What stands behind the key; the text is an example.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    Nothing,
    Text(&'static str),
    Path(&'static str),
    Name(&'static str),
    QuotedName(&'static str),
    MaybePath(&'static str),
}

macro_rules! keys {
    ($($key:ident $name:literal $takes:ident $(($example:literal))? on $($place:ident)+;)*) => {
        /// An attribute's key.
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Key { $($key),* }

        const KEYS: &[Key] = &[$(Key::$key),*];

        impl Key {
            /// As it is written.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Key::$key => $name),* }
            }

            pub(super) const fn takes(self) -> Takes {
                match self { $(Key::$key => Takes::$takes $(($example))?),* }
            }

            const fn places(self) -> &'static [Place] {
                match self { $(Key::$key => &[$(Place::$place),+]),* }
            }
        }
    };
}

keys! {
    Backend   "backend"    Text("backend = \"lists\"")            on Model;
    RenameAll "rename_all" Text("rename_all = \"camelCase\"")     on Model Value Variant;
    Crate     "crate"      Path("crate = \"path::to::sync_core\"") on Model Value;
    Conflict  "conflict"   Text("conflict = \"reject\"")          on Model;
    Validate  "validate"   Path("validate = \"path::to::function\"") on Model;
    Patch     "patch"      QuotedName("patch = \"ListChange\"")          on Model;
    Id        "id"         Nothing                                on Field Value;
    Rename    "rename"     Text("rename = \"name\"")              on Field ValueField Variant;
    Alias     "alias"      Text("alias = \"name\"")               on Field ValueField Variant;
    Default   "default"    MaybePath("default = \"path::to::function\"") on Field ValueField;
    Skip      "skip"       Nothing                                on Field ValueField;
    Private   "private"    Nothing                                on Field;
    Tracked   "tracked"    Nothing                                on Field;
    Readonly  "readonly"   Nothing                                on Field;
    Whole     "whole"      Nothing                                on Field;
    Facet     "facet"      Nothing                                on Field;
    Search    "search"     Nothing                                on Field;
    Index     "index"      Nothing                                on Field;
    Unique    "unique"     Nothing                                on Field;
    Token     "token"      Name("token = TITLE")                  on Field;
    Opaque    "opaque"     Nothing                                on Field ValueField;
    With      "with"       Path("with = \"path::to::module\"")    on Field ValueField;
}

impl Key {
    /// Whether it may be there several times.
    pub(super) fn repeats(self) -> bool {
        self == Key::Alias
    }

    /// What its value looks like.
    pub(super) fn form(self) -> &'static str {
        match self.takes() {
            Takes::Name(_) => "a name without quotes",
            _ => "text in quotes",
        }
    }

    /// How to write it with a value.
    pub(super) fn example(self) -> &'static str {
        match self.takes() {
            Takes::Nothing => self.name(),
            Takes::Text(example)
            | Takes::Path(example)
            | Takes::Name(example)
            | Takes::QuotedName(example)
            | Takes::MaybePath(example) => example,
        }
    }
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Place::Model | Place::Value => "the type",
            Place::Field | Place::ValueField => "a field",
            Place::Variant => "a variant",
        }
    }
}

/// The key of this name at this place, or what to write instead.
pub(super) fn find(ident: &Ident, place: Place) -> syn::Result<Key> {
    let name = ident.to_string();
    let here: Vec<Key> = KEYS.iter().copied().filter(|key| key.places().contains(&place)).collect();
    if let Some(key) = here.iter().find(|key| key.name() == name) {
        return Ok(*key);
    }
    let names = || here.iter().map(|key| key.name());
    let message = match KEYS.iter().find(|key| key.name() == name) {
        Some(key) => elsewhere(*key, place),
        None => match suggest::nearest(&name, names()) {
            Some(nearest) => format!("unknown attribute `{name}`: did you mean `{nearest}`?"),
            None => format!(
                "unknown attribute `{name}`: {} takes {}",
                place.name(),
                names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
            ),
        },
    };
    Err(syn::Error::new(ident.span(), message))
}

/// A key that exists, and not here.
fn elsewhere(key: Key, place: Place) -> String {
    let model = matches!(place, Place::Model | Place::Field);
    let sibling = key.places().iter().find(|p| matches!(p, Place::Model | Place::Field) == model);
    match sibling {
        Some(other) => format!("`{}` belongs on {}, not on {}", key.name(), other.name(), place.name()),
        None if model => format!("`{}` is for types that derive `SyncValue`", key.name()),
        None => format!("`{}` is for structs that derive `SyncModel`", key.name()),
    }
}
