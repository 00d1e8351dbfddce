//! The one JSON encoder and the one decoder, over views, slots and any serde format.
//!
//! Two spellings: what stores keep ([`Spelling::Stored`]) writes every integer as a number, so that SQL can
//! compare it; what goes over a wire ([`Spelling::Wire`]) writes integers beyond ±(2^53-1) as decimal text,
//! because JavaScript would round them. Readers take both.

use std::cell::RefCell;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use super::input::{EntriesInput, Input, ItemsInput, Reader, Slot, read_value};
use super::refusal::Refusal;
use super::view::{Value, View, walk};

/// Who will read the JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// A store of ours.
    Stored,
    /// A client, in any language.
    Wire,
}

/// The largest integer that JavaScript's numbers hold exactly.
pub const SAFE_INTEGER: i64 = (1 << 53) - 1;

/// A view that any serde format can write.
pub(crate) struct Shown<'a>(pub(crate) View<'a>, pub(crate) Spelling);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let spelling = self.1;
        match &self.0 {
            View::Absent | View::Null => out.serialize_unit(),
            View::Bool(b) => out.serialize_bool(*b),
            View::Int(n) if spelling == Spelling::Wire && n.unsigned_abs() > SAFE_INTEGER.unsigned_abs() => {
                out.collect_str(n)
            }
            View::Int(n) => out.serialize_i64(*n),
            View::Float(x) => out.serialize_f64(*x),
            View::Text(text) => out.serialize_str(text),
            View::Bytes(bytes) => out.serialize_str(&BASE64.encode(bytes)),
            View::Uuid(id) => out.serialize_str(id.as_hyphenated().encode_lower(&mut [0; 36])),
            View::Date(date) => out.collect_str(date),
            View::Owned(value) => Shown(value.view(), spelling).serialize(out),
            View::Refused(refusal) => Err(S::Error::custom(refusal)),
            View::List(items) => {
                let mut seq = out.serialize_seq(Some(items.count()))?;
                walk(|stop| items.each(&mut |item| stop(seq.serialize_element(&Shown(item, spelling)))))?;
                seq.end()
            }
            View::Map(entries) => {
                let mut map = out.serialize_map(Some(entries.count()))?;
                walk(|stop| {
                    entries.each(&mut |key, value| match value {
                        View::Absent => stop(Ok(())),
                        value => stop(map.serialize_entry(key, &Shown(value, spelling))),
                    })
                })?;
                map.end()
            }
        }
    }
}

/// Appends the view as JSON.
///
/// # Errors
/// The refusal of a part that is outside the value domain; `out` is then left with half a text.
pub(crate) fn write_json(view: View<'_>, spelling: Spelling, out: &mut Vec<u8>) -> Result<(), Refusal> {
    serde_json::to_writer(out, &Shown(view, spelling)).map_err(|error| Refusal::new(error.to_string()))
}

/// Reads JSON text with a type's `read`.
pub(crate) fn read_json<T>(json: &[u8], read: fn(Input<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let mut slot = Reader::new(read);
    read_json_into(json, &mut slot)?;
    Ok(slot.take().expect("a slot that was put without an error holds a value"))
}

/// Reads JSON text into a slot; the whole text must be one value.
pub(crate) fn read_json_into(json: &[u8], slot: &mut dyn Slot) -> Result<(), Refusal> {
    let mut source = serde_json::Deserializer::from_slice(json);
    read_into(&mut source, slot)?;
    source.end().map_err(|error| Refusal::new(format!("is not JSON: {error}")))
}

/// Reads one value of any serde format into a slot, keeping the refusal as it was made.
pub(crate) fn read_into<'de, D: Deserializer<'de>>(source: D, slot: &mut dyn Slot) -> Result<(), Refusal> {
    let refused = RefCell::new(None);
    Seed { slot, refused: &refused }
        .deserialize(source)
        .map_err(|error| told(&refused, format_args!("does not read: {error}")))
}

/// The refusal a slot made, or else the format's own complaint.
fn told(refused: &RefCell<Option<Refusal>>, error: impl fmt::Display) -> Refusal {
    refused.borrow_mut().take().unwrap_or_else(|| Refusal::new(error.to_string()))
}

/// serde's errors are text; the refusal itself travels beside them.
struct Seed<'a> {
    slot: &'a mut dyn Slot,
    refused: &'a RefCell<Option<Refusal>>,
}

impl Seed<'_> {
    fn put<E: de::Error>(self, input: Input<'_>) -> Result<(), E> {
        self.slot.put(input).map_err(|refusal| {
            let error = E::custom(&refusal);
            *self.refused.borrow_mut() = Some(refusal);
            error
        })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.put(Input::Null)
    }
    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        self.put(Input::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        self.deserialize(source)
    }
    fn visit_bool<E: de::Error>(self, b: bool) -> Result<(), E> {
        self.put(Input::Bool(b))
    }
    fn visit_i64<E: de::Error>(self, n: i64) -> Result<(), E> {
        self.put(Input::Int(n))
    }
    fn visit_u64<E: de::Error>(self, n: u64) -> Result<(), E> {
        match i64::try_from(n) {
            Ok(n) => self.put(Input::Int(n)),
            Err(_) => {
                let refusal = Refusal::out_of_range(n);
                let error = E::custom(&refusal);
                *self.refused.borrow_mut() = Some(refusal);
                Err(error)
            }
        }
    }
    fn visit_f64<E: de::Error>(self, x: f64) -> Result<(), E> {
        self.put(Input::Float(x))
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.put(Input::Text(text.into()))
    }
    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<(), E> {
        self.put(Input::Bytes(bytes.into()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        let refused = self.refused;
        self.put(Input::List(&mut Seq { access, refused }))
    }
    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        let refused = self.refused;
        self.put(Input::Map(&mut Map { access, refused }))
    }
}

struct Seq<'a, A> {
    access: A,
    refused: &'a RefCell<Option<Refusal>>,
}

impl<'de, A: SeqAccess<'de>> ItemsInput for Seq<'_, A> {
    fn next(&mut self, slot: &mut dyn Slot) -> Result<bool, Refusal> {
        let seed = Seed { slot, refused: self.refused };
        match self.access.next_element_seed(seed) {
            Ok(found) => Ok(found.is_some()),
            Err(error) => Err(told(self.refused, error)),
        }
    }
}

struct Map<'a, A> {
    access: A,
    refused: &'a RefCell<Option<Refusal>>,
}

impl<'de, A: MapAccess<'de>> EntriesInput for Map<'_, A> {
    fn key(&mut self) -> Result<Option<String>, Refusal> {
        self.access.next_key().map_err(|error| told(self.refused, error))
    }
    fn value(&mut self, slot: &mut dyn Slot) -> Result<(), Refusal> {
        let seed = Seed { slot, refused: self.refused };
        self.access.next_value_seed(seed).map_err(|error| told(self.refused, error))
    }
}

/// The same value for serde's sake: opaque types are read from it.
pub(crate) fn to_serde_json(value: &Value) -> serde_json::Value {
    serde_json::to_value(Shown(value.view(), Spelling::Stored)).unwrap_or_default()
}

/// Shown as clients see it; read from anything.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        Shown(self.view(), Spelling::Wire).serialize(out)
    }
}

impl<'de> de::Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let mut slot = Reader::new(read_value);
        read_into(source, &mut slot).map_err(de::Error::custom)?;
        Ok(slot.take().unwrap_or_default())
    }
}
