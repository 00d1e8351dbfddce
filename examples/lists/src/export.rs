//! `lists export`: everything as JSON Lines that `import` reads.

use std::io::Write as _;

use serde_json::json;
use sync_core::prelude::*;

use crate::Outcome;
use crate::models::{Item, List};

pub(crate) async fn export(registry: &Registry) -> Outcome {
    let lists = registry.backend::<List>().find(Filter::all()).sort(List::NAME.asc()).all().await?;
    let items = registry.backend::<Item>();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for list in lists {
        writeln!(out, "{}", json!({ "list": list.name, "owner": list.owner }))?;
        for item in items.find(Item::LIST.eq(list.id)).sort(Item::POSITION.asc()).all().await? {
            let Item { title, detail, done, .. } = item.into_inner();
            writeln!(
                out,
                "{}",
                json!({ "list": list.name, "title": title, "detail": detail, "done": done })
            )?;
        }
    }
    Ok(out.flush()?)
}
