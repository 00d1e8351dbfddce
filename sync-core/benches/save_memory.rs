//! What a save costs beyond the work that no design can spare.
//!
//! The floor does by hand what a save must do: clone the document at the edit, lock, look the document up
//! in a map, put the new one in its place, and tell one subscriber. Both sides edit the same field of the
//! same document and drain the subscriber's queue every hundred saves; rounds alternate, and the median of
//! their ratios counts, so that a noisy machine disturbs both alike.
//!
//! `cargo bench -p sync-core --bench save_memory`

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a bench prints, and stops where something fails

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sync_core::prelude::*;
use tokio::sync::broadcast;

#[path = "floor/mod.rs"]
mod floor;
use floor::{Clip, Floor, SAVES, clip, median, saves};

const ROUNDS: usize = 151;

fn by_hand(
    floor: &Floor,
    mine: &mut Arc<Clip>,
    heard: &mut broadcast::Receiver<(u64, Arc<Clip>)>,
) -> Duration {
    let begun = Instant::now();
    for n in 0..SAVES {
        floor.save(mine, i64::from(n));
        if n % 100 == 0 {
            while let Ok(told) = heard.try_recv() {
                black_box(told);
            }
        }
    }
    begun.elapsed()
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let chain = Backend::<Clip>::builder().store(MemoryStore::new());
        let clips = Registry::builder().backend(chain).build().await.unwrap().backend::<Clip>();
        let mut ours = clips.create(clip()).await.unwrap();
        let mut heard = clips.subscribe();

        let floor = Floor::empty();
        let mut mine = floor.add(clip());
        let mut told = floor.told.subscribe();

        let mut ratios = Vec::new();
        let (mut least_floor, mut least_save) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            let hand = by_hand(&floor, &mut mine, &mut told);
            let save = saves(&mut ours, &mut heard).await;
            ratios.push(save.as_secs_f64() / hand.as_secs_f64());
            least_floor = least_floor.min(hand);
            least_save = least_save.min(save);
        }
        println!("floor: {:?} a save (least of {ROUNDS} rounds)", least_floor / SAVES);
        println!("save:  {:?} a save (least of {ROUNDS} rounds)", least_save / SAVES);
        println!("save / floor: {:.2} (median of {ROUNDS} rounds)", median(ratios));
    });
}
