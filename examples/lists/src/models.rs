//! The two models, and the registry that keeps them.

use std::path::Path;

use chrono::{DateTime, Utc};
use sync_core::prelude::*;

use crate::Outcome;

/// A list that people share.
#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "lists", validate = "List::validate")]
pub(crate) struct List {
    #[sync(id)]
    pub(crate) id: Uuid,
    #[sync(facet)]
    pub(crate) name: String,
    #[sync(facet, default)]
    pub(crate) owner: String,
    #[sync(facet, default = "Utc::now")]
    pub(crate) created: DateTime<Utc>,
}

/// One thing on a list.
#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "items", validate = "Item::validate")]
pub(crate) struct Item {
    #[sync(id)]
    pub(crate) id: Uuid,
    #[sync(facet)]
    pub(crate) list: Uuid,
    pub(crate) title: String,
    #[sync(default)]
    pub(crate) detail: String,
    #[sync(facet, default)]
    pub(crate) done: bool,
    #[sync(facet, default)]
    pub(crate) position: f64,
}

impl List {
    fn validate(&self) -> Result<(), Invalid> {
        length("name", &self.name, 1, 200).and_then(|()| length("owner", &self.owner, 0, 100))
    }
}

impl Item {
    fn validate(&self) -> Result<(), Invalid> {
        length("title", &self.title, 1, 500).and_then(|()| length("detail", &self.detail, 0, 2_000))
    }
}

fn length(field: &str, text: &str, least: usize, most: usize) -> Result<(), Invalid> {
    match text.trim().chars().count() {
        n if n < least => Err(Invalid::field(field, "must not be empty")),
        n if n > most => Err(Invalid::field(field, format!("must have at most {most} characters"))),
        _ => Ok(()),
    }
}

/// Opens the file, and installs the registry, so that `Item::find(..)` works anywhere.
pub(crate) async fn open(data: &Path) -> Outcome<Registry> {
    let sqlite = Sqlite::open(data)?;
    let cleared = Events::new().on_action(Origin::Client, Action::Delete, clear_items);
    let registry = Registry::builder()
        .backend(
            Backend::<List>::builder()
                .with(AssignId::v7())
                .with(Validate)
                .with(cleared)
                .store(SqliteStore::new(&sqlite)),
        )
        .backend(
            Backend::<Item>::builder().with(AssignId::v7()).with(Validate).store(SqliteStore::new(&sqlite)),
        )
        .build()
        .await?;
    registry.install();
    Ok(registry)
}

/// A list goes, and its items with it.
async fn clear_items(event: Event<List>) {
    let Some(list) = event.change().map(|change| change.id) else { return };
    let items = match Item::find(Item::LIST.eq(list)) {
        Ok(find) => find.all().await,
        Err(error) => Err(error),
    };
    match items {
        Ok(items) => {
            for item in items {
                // A page that shows the list deletes its items, too: gone is gone.
                let _gone = item.delete().await;
            }
        }
        Err(error) => tracing::error!(%list, %error, "the items of a deleted list stay"),
    }
}
