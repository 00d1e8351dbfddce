//! What layers, several tasks, and nothing to do make of a save in memory.
//!
//! Sides alternate in short rounds and the median counts, as in `save_memory`, whose document and floor
//! these are. Targets: an empty layer 100 ns at most, a clean save below 100 ns, and four tasks on a
//! multi-thread runtime at most 1.25 times as slow as four tasks at the floor.
//!
//! `cargo bench -p sync-core --bench save_layers`

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a bench prints, and stops where something fails

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sync_core::backend::{Middleware, Next, Reply, Request};
use sync_core::prelude::*;

#[path = "floor/mod.rs"]
mod floor;
use floor::{Clip, Floor, SAVES, clip, median, saves};

/// A layer that hands everything on.
struct Empty;

impl<M: SyncModel> Middleware<M> for Empty {
    async fn handle(&self, request: Request<M>, next: Next<M>) -> Result<Reply<M>, Error> {
        next.run(request).await
    }
}

const ROUNDS: usize = 101;
const LAYERS: u32 = 10;
const TASKS: usize = 4;

async fn backend(layers: u32) -> Backend<Clip> {
    let chain = (0..layers).fold(Backend::<Clip>::builder(), |chain, _| chain.with(Empty));
    Registry::builder().backend(chain.store(MemoryStore::new())).build().await.unwrap().backend::<Clip>()
}

fn nanos(of: Duration) -> f64 {
    of.as_secs_f64() * 1e9 / f64::from(SAVES)
}

/// A save under no, one and ten empty layers.
async fn layers() {
    let mut sides = Vec::new();
    for layers in [0, 1, LAYERS] {
        let clips = backend(layers).await;
        sides.push((clips.create(clip()).await.unwrap(), clips.subscribe(), Vec::new()));
    }
    for _ in 0..ROUNDS {
        for (clip, heard, took) in &mut sides {
            took.push(nanos(saves(clip, heard).await));
        }
    }
    let [none, one, ten] = [0, 1, 2].map(|at| median(std::mem::take(&mut sides[at].2)));
    println!("no layer: {none:.0} ns, one: {one:.0} ns, {LAYERS}: {ten:.0} ns a save");
    println!("the first empty layer:  {:.0} ns", one - none);
    println!("each empty layer of {LAYERS}: {:.0} ns (at most 100)", (ten - none) / f64::from(LAYERS));
}

/// A save of what was not edited.
async fn clean() {
    let mut clip = backend(0).await.create(clip()).await.unwrap();
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..SAVES {
            black_box(&mut clip).save().await.unwrap();
        }
        took.push(nanos(begun.elapsed()));
    }
    println!("a clean save: {:.0} ns (below 100)", median(took));
}

/// The longest of the tasks, by a save of one of them.
async fn longest(tasks: Vec<tokio::task::JoinHandle<()>>) -> f64 {
    let begun = Instant::now();
    for task in tasks {
        task.await.unwrap();
    }
    nanos(begun.elapsed()) / TASKS as f64
}

/// Four tasks, each with a document of its own in one store, and one subscriber who hears them all.
///
/// Both sides take the same locks for the same documents: the floor's one lock is held while it tells.
async fn tasks() {
    let clips = backend(0).await;
    let by_hand = Arc::new(Floor::empty());
    let mut ratios = Vec::new();
    let (mut floors, mut ours) = (Vec::new(), Vec::new());
    let (mut heard, mut told) = (clips.subscribe(), by_hand.told.subscribe());
    for _ in 0..ROUNDS {
        let (mut mine, mut models) = (Vec::new(), Vec::new());
        for _ in 0..TASKS {
            mine.push(by_hand.add(clip()));
            models.push(clips.create(clip()).await.unwrap());
        }
        let spawn = |mut mine: Arc<Clip>| {
            let by_hand = by_hand.clone();
            tokio::spawn(async move { (0..SAVES).for_each(|n| by_hand.save(&mut mine, i64::from(n))) })
        };
        let floor = longest(mine.into_iter().map(spawn).collect()).await;
        let spawn = |mut model: Model<Clip>| {
            tokio::spawn(async move {
                for n in 0..SAVES {
                    model.views = i64::from(n) + 1;
                    model.save().await.unwrap();
                }
            })
        };
        let save = longest(models.into_iter().map(spawn).collect()).await;
        while heard.try_next().is_some() {}
        while !matches!(told.try_recv(), Err(tokio::sync::broadcast::error::TryRecvError::Empty)) {}
        ratios.push(save / floor);
        floors.push(floor);
        ours.push(save);
    }
    println!("{TASKS} tasks: floor {:.0} ns, save {:.0} ns a save", median(floors), median(ours));
    println!("{TASKS} tasks: save / floor {:.2} (at most 1.25)", median(ratios));
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        layers().await;
        clean().await;
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::spawn(tasks()).await.unwrap() });
}
