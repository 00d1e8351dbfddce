//! `lists import`: JSON Lines through the models, beside a running server.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

use chrono::Utc;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use sync_core::prelude::*;

use crate::Outcome;
use crate::models::{Item, ItemPatch, List, ListPatch};

/// How many lines are on their way at once.
const AT_ONCE: usize = 200;

/// One line of the file: a list, or an item of one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    list: String,
    owner: Option<String>,
    title: Option<String>,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    done: bool,
}

/// What an import has done so far.
struct Import {
    lists: Backend<List>,
    items: Backend<Item>,
    ids: HashMap<String, Uuid>,
    /// Items that wait to be created together, each with the number of its line.
    waiting: Vec<(usize, ItemPatch)>,
    position: f64,
    made: usize,
    bad: usize,
    bar: ProgressBar,
}

pub(crate) async fn import(registry: &Registry, file: &Path) -> Outcome {
    let cannot = |error| format!("{}: {error}", file.display());
    let source = std::fs::File::open(file).map_err(cannot)?;
    let bar = ProgressBar::new(source.metadata()?.len());
    bar.set_style(ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}")?);
    let lists = registry.backend::<List>();
    let known = lists.all().await?;
    let mut import = Import {
        ids: known.iter().map(|list| (list.name.clone(), list.id)).collect(),
        lists,
        items: registry.backend::<Item>(),
        waiting: Vec::new(),
        position: 0.0,
        made: 0,
        bad: 0,
        bar,
    };
    for (number, line) in BufReader::new(source).split(b'\n').enumerate() {
        let line = line.map_err(cannot)?;
        import.line(number + 1, &line).await;
        import.bar.inc(line.len() as u64 + 1);
    }
    import.flush().await;
    import.bar.finish_and_clear();
    println!("{} imported, {} bad lines", import.made, import.bad);
    Ok(())
}

impl Import {
    async fn line(&mut self, number: usize, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let line: Line = match serde_json::from_slice(line) {
            Ok(line) => line,
            Err(error) => return self.report(number, &error),
        };
        let list = match self.list(&line).await {
            Ok(list) => list,
            Err(error) => return self.report(number, &error),
        };
        let Some(title) = line.title else { return };
        self.position += 1.0;
        let item = ItemPatch::default()
            .with(Item::LIST, list)
            .with(Item::TITLE, title)
            .with(Item::DETAIL, line.detail)
            .with(Item::DONE, line.done)
            .with(Item::POSITION, self.position);
        self.waiting.push((number, item));
        if self.waiting.len() == AT_ONCE {
            self.flush().await;
        }
    }

    /// The list that a line names, made at its first mention.
    async fn list(&mut self, line: &Line) -> Result<Uuid, Error> {
        if let Some(id) = self.ids.get(&line.list) {
            return Ok(*id);
        }
        let new = ListPatch::default()
            .with(List::NAME, line.list.as_str())
            .with(List::OWNER, line.owner.clone().unwrap_or_default())
            .with(List::CREATED, Utc::now());
        let id = self.lists.create(new).await?.id;
        self.ids.insert(line.list.clone(), id);
        self.made += 1;
        Ok(id)
    }

    /// Creates the items that wait.
    async fn flush(&mut self) {
        let (numbers, items): (Vec<usize>, Vec<ItemPatch>) = self.waiting.drain(..).unzip();
        let answers = self.items.create_many(items).await;
        for (number, answer) in numbers.into_iter().zip(answers) {
            match answer {
                Ok(_) => self.made += 1,
                Err(error) => self.report(number, &error),
            }
        }
        self.bar.set_message(format!("{} imported", self.made));
    }

    fn report(&mut self, number: usize, error: &dyn std::fmt::Display) {
        self.bad += 1;
        self.bar.suspend(|| eprintln!("line {number}: {error}"));
    }
}
