//! Patching the stored text: the patched fields are written anew, every other byte of a value stays.
//!
//! So a field that this binary does not know, at the top or inside a value that was not patched, survives.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::{FieldSet, Refusal, Schema, Spelling, SyncModel, View, write_json};

/// The stored text after these fields of the document changed.
pub(super) fn splice<M: SyncModel>(text: &str, after: &M, changed: &FieldSet) -> Result<String, Refusal> {
    let mut fields = Vec::with_capacity(changed.len());
    for index in changed.iter() {
        let value = match after.view(index) {
            View::Absent => None,
            view => Some(encoded(view).map_err(|refusal| refusal.at(M::SCHEMA.fields[index].name))?),
        };
        fields.push(Patched { index, value, written: false });
    }
    splice_fields(text, M::SCHEMA, &mut fields)
}

/// A field's value as JSON text.
pub(super) fn encoded(view: View<'_>) -> Result<String, Refusal> {
    let mut out = Vec::with_capacity(32);
    write_json(view, Spelling::Stored, &mut out)?;
    String::from_utf8(out).map_err(|_| Refusal::new("is not UTF-8"))
}

/// A field's new text; `None` leaves it out.
struct Patched {
    index: usize,
    value: Option<String>,
    written: bool,
}

fn splice_fields(text: &str, schema: &Schema, fields: &mut [Patched]) -> Result<String, Refusal> {
    let stored: Object<'_> =
        serde_json::from_str(text).map_err(|error| Refusal::new(format!("is not JSON: {error}")))?;
    let mut out = Out(String::with_capacity(text.len() + 64));
    for (name, value) in &stored.0 {
        let known = schema.find(name);
        match fields.iter_mut().find(|field| Some(field.index) == known) {
            None => out.entry(name, value.get()),
            // Also a field that stands under an alias; a second spelling of it goes.
            Some(field) => field.write(schema, &mut out),
        }
    }
    fields.iter_mut().for_each(|field| field.write(schema, &mut out));
    Ok(out.end())
}

impl Patched {
    fn write(&mut self, schema: &Schema, out: &mut Out) {
        if let (Some(value), false) = (&self.value, self.written) {
            out.entry(schema.fields[self.index].name, value);
            self.written = true;
        }
    }
}

/// An object that is being written.
#[derive(Default)]
pub(super) struct Out(String);

impl Out {
    /// One more entry: a name, and a value that is JSON already.
    pub(super) fn entry(&mut self, name: &str, json: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&serde_json::to_string(name).expect("text is always JSON"));
        self.0.push(':');
        self.0.push_str(json);
    }

    pub(super) fn end(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }
}

/// An object's entries in order, each value as its own text.
struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(16);
                while let Some(Key(key)) = access.next_key()? {
                    entries.push((key, access.next_value()?));
                }
                Ok(Object(entries))
            }
        }
        source.deserialize_map(Entries)
    }
}

/// A key, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        source.deserialize_str(Text).map_err(D::Error::custom)
    }
}
