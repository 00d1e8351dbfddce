//! `lists watch`: prints changes as they happen, whoever makes them.

use std::io::Write as _;

use chrono::Local;
use sync_core::prelude::*;

use crate::Outcome;
use crate::models::{Item, List};

pub(crate) async fn watch(registry: &Registry) -> Outcome {
    let (lists, items) = (registry.backend::<List>(), registry.backend::<Item>());
    let (mut of_lists, mut of_items) = (lists.subscribe(), items.subscribe());
    eprintln!("watching; Ctrl-C ends it");
    loop {
        tokio::select! {
            line = next(&mut of_lists, |change| tell(change, List::NAME)) => print(line)?,
            line = next(&mut of_items, |change| tell(change, Item::TITLE)) => print(line)?,
            ended = tokio::signal::ctrl_c() => return Ok(ended?),
        }
    }
}

fn print(line: String) -> Outcome {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} {line}", Local::now().format("%H:%M:%S"))?;
    Ok(out.flush()?)
}

/// The next event as a line.
async fn next<M: SyncModel>(events: &mut Subscription<M>, tell: impl Fn(&Change<M>) -> String) -> String {
    match events.next().await {
        Some(Event::Change(change)) => format!("{} {}", M::SCHEMA.backend, tell(&change)),
        Some(Event::Reset) => format!("{} some changes were missed", M::SCHEMA.backend),
        Some(Event::Signal(_)) => format!("{} a signal", M::SCHEMA.backend),
        None => std::future::pending().await,
    }
}

/// What was done to which document: `update 0192… "Milk": title, done`.
fn tell<M: SyncModel>(change: &Change<M>, name: Field<M, String>) -> String {
    let document = change.document().or(change.before());
    let name = document.map(|document| format!(" {:?}", name.of(document))).unwrap_or_default();
    let fields = match change.action {
        Action::Update => {
            let names: Vec<_> = change.changed().names::<M>().collect();
            format!(": {}", names.join(", "))
        }
        _ => String::new(),
    };
    format!("{} {}{name}{fields}", change.action.as_str(), change.id)
}
