//! Changes as text for clients: made once per field view and form, however many sockets send it.

use std::sync::{Arc, Mutex};

use super::change::{Body, Change};
use crate::error::Error;
use crate::model::{FieldSet, ModelPatch as _, Refusal, Spelling, SyncModel, encode_doc, encode_patch};

/// The texts that were made: by field view, and whether they hold the whole document.
pub(super) type Encoded = Mutex<Vec<(FieldSet, bool, Arc<str>)>>;

impl<M: SyncModel> Change<M> {
    /// The change as clients with this view of the fields see it:
    /// `{"method":…,"id":…,"prev":…,"rev":…,"patch":{…}}`, or `doc`, or neither where only hidden fields
    /// changed. `whole` asks for `doc` where the document is at hand.
    ///
    /// Made once per view and form, however many sockets send it; the answer says whether it was made now.
    pub(crate) fn encoded(&self, seen: &FieldSet, whole: bool) -> Result<(Arc<str>, bool), Error> {
        let whole = whole && self.is_patch() && self.document().is_some();
        let mut cache = self.encoded.lock().expect("nothing panics while it encodes");
        if let Some((.., text)) = cache.iter().find(|(fields, form, _)| *form == whole && fields == seen) {
            return Ok((text.clone(), false));
        }
        let text = self.encode(seen, whole).map_err(|refusal| Error::refused(M::SCHEMA.model, &refusal))?;
        let text: Arc<str> = text.into();
        cache.push((seen.clone(), whole, text.clone()));
        Ok((text, true))
    }

    fn encode(&self, seen: &FieldSet, whole: bool) -> Result<String, Refusal> {
        let mut out = Vec::with_capacity(256);
        out.extend_from_slice(b"{\"method\":\"");
        out.extend_from_slice(self.action.as_str().as_bytes());
        out.extend_from_slice(b"\",\"id\":");
        crate::model::write_json(crate::model::SyncValue::view(&self.id), Spelling::Wire, &mut out)?;
        if self.prev != 0 {
            out.extend_from_slice(format!(",\"prev\":{}", self.prev).as_bytes());
        }
        out.extend_from_slice(format!(",\"rev\":{}", self.rev).as_bytes());
        match (&self.body, self.document()) {
            (_, Some(doc)) if whole || !self.is_patch() => {
                out.extend_from_slice(b",\"doc\":");
                out.extend(encode_doc(&**doc, seen, None, Spelling::Wire)?);
            }
            (Body::Patch(patch), _) if patch.fields().meets(seen) => {
                out.extend_from_slice(b",\"patch\":");
                out.extend(encode_patch(&**patch, seen, Spelling::Wire)?);
            }
            _ => {}
        }
        out.push(b'}');
        Ok(String::from_utf8(out).expect("JSON is UTF-8"))
    }

    fn is_patch(&self) -> bool {
        matches!(self.body, Body::Patch(_))
    }
}
