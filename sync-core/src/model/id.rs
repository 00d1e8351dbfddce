//! Ids: what names a document in its backend.

use std::fmt::{Debug, Display};
use std::hash::Hash;

use uuid::Uuid;

use super::value::SyncValue;

/// A type whose values name documents: `Uuid`, `String`, integers, and newtypes over them.
///
/// `#[derive(SyncValue)]` on a tuple struct of one field with `#[sync(id)]` gives a newtype this trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the id of a model",
    note = "use `Uuid`, `String` or an integer, or a newtype: `#[derive(SyncValue, ..)] #[sync(id)] struct ListId(Uuid);`"
)]
pub trait ModelId: SyncValue + Eq + Ord + Hash + Debug + Display {
    /// Whether it stands for "none yet": a nil UUID, empty text.
    fn is_unset(&self) -> bool;

    /// An id made of this UUID, where the type can hold one: what `AssignId` gives to new documents.
    fn from_uuid(id: Uuid) -> Option<Self>;
}

impl ModelId for Uuid {
    fn is_unset(&self) -> bool {
        self.is_nil()
    }
    fn from_uuid(id: Uuid) -> Option<Self> {
        Some(id)
    }
}

impl ModelId for String {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }
    fn from_uuid(id: Uuid) -> Option<Self> {
        Some(id.to_string())
    }
}

macro_rules! integer_ids {
    ($($t:ty)*) => {$(
        impl ModelId for $t {
            /// Never: 0 is a number like any other, and no layer could find a better one.
            fn is_unset(&self) -> bool {
                false
            }
            fn from_uuid(_: Uuid) -> Option<Self> {
                None
            }
        }
    )*};
}
integer_ids!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);
