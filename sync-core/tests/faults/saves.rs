//! Saves that something overtakes: an edit is sent once, and what was not edited is not sent at all.

use std::sync::Arc;

use sync_core::backend::{Next, Reply, Request};
use sync_core::model::Doc;
use sync_core::prelude::*;

use super::common::{List, list};

/// A layer may alter what is read: here it masks a field. A model's own document was taken by the store as
/// it was wherever the revision fitted, masked field included: a save of the name wiped the note.
#[tokio::test]
async fn what_a_layer_masked_in_a_read_is_not_written_back() {
    async fn masking(request: Request<List>, next: Next<List>) -> Result<Reply<List>, Error> {
        let reply = next.run(request).await?;
        let Reply::Document(Some(doc)) = reply else { return Ok(reply) };
        let value = Arc::new(List { note: None, ..(*doc.value).clone() });
        Ok(Reply::Document(Some(Doc { value, ..doc })))
    }
    let backend = Backend::<List>::builder().with(AssignId::v7()).with_fn(masking).store(MemoryStore::new());
    let lists = Registry::builder().backend(backend).build().await.unwrap().backend::<List>();
    let one = lists.create(List { note: Some(Some("kept".into())), ..list() }).await.unwrap();
    let mut masked = lists.fetch(one.id).await.unwrap();
    assert_eq!(masked.note, None);
    masked.name = "Milk".into();
    masked.save().await.unwrap();
    let stored = lists.find(Filter::all()).first().await.unwrap().unwrap();
    assert_eq!((&*stored.name, &stored.note), ("Milk", &Some(Some("kept".into()))));
}
