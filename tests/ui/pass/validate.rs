use sync_core::prelude::*;

#[derive(SyncModel, Clone)]
#[sync(validate = "List::valid")]
struct List {
    #[sync(id)]
    id: Uuid,
    name: String,
}

impl List {
    fn valid(&self) -> Result<(), Invalid> {
        if self.name.is_empty() { Err(Invalid::field("name", "must not be empty")) } else { Ok(()) }
    }
}

fn main() {
    assert!(List { id: Uuid::nil(), name: String::new() }.check().is_err());
}
