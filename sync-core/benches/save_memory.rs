//! What a save costs beyond the work that no design can spare.
//!
//! The floor does by hand what a save must do: clone the document at the edit, lock, look the document up
//! in a map, put the new one in its place, and tell one subscriber. Both sides edit the same field of the
//! same document and drain the subscriber's queue every hundred saves; rounds alternate, and the median of
//! their ratios counts, so that a noisy machine disturbs both alike.
//!
//! `cargo bench -p sync-core --bench save_memory`

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sync_core::prelude::*;
use tokio::sync::broadcast;

#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "clips")]
struct Clip {
    #[sync(id)]
    id: Uuid,
    title: String,
    #[sync(facet)]
    owner: String,
    views: i64,
    length: f64,
    codec: String,
    path: String,
    tags: Vec<String>,
    note: Option<String>,
    #[sync(facet)]
    ready: bool,
}

fn clip() -> Clip {
    Clip {
        id: Uuid::now_v7(),
        title: "The evening news, repeated at eleven".into(),
        owner: "ann".into(),
        views: 0,
        length: 1_800.04,
        codec: "h264/yuv422p10".into(),
        path: "/media/incoming/2026/01/31/evening-news.mxf".into(),
        tags: vec!["news".into(), "evening".into(), "repeat".into()],
        note: Some("subtitles to follow".into()),
        ready: false,
    }
}

const SAVES: u32 = 2_000;
const ROUNDS: usize = 151;

struct Floor {
    docs: Mutex<HashMap<Uuid, (u64, Arc<Clip>)>>,
    told: broadcast::Sender<(u64, Arc<Clip>)>,
}

impl Floor {
    fn save(&self, mine: &mut Arc<Clip>, views: i64) {
        Arc::make_mut(mine).views = views;
        let mut docs = self.docs.lock().unwrap();
        let slot = docs.get_mut(&mine.id).unwrap();
        *slot = (slot.0 + 1, mine.clone());
        let _heard = self.told.send(slot.clone());
    }
}

fn floor(floor: &Floor, mine: &mut Arc<Clip>, heard: &mut broadcast::Receiver<(u64, Arc<Clip>)>) -> Duration {
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

async fn saves(clip: &mut Model<Clip>, heard: &mut sync_core::backend::Subscription<Clip>) -> Duration {
    let begun = Instant::now();
    for n in 0..SAVES {
        clip.views = i64::from(n) + 1;
        clip.save().await.unwrap();
        if n % 100 == 0 {
            while let Some(told) = heard.try_next() {
                black_box(told);
            }
        }
    }
    begun.elapsed()
}

fn median(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let chain = Backend::<Clip>::builder().store(MemoryStore::new());
        let clips = Registry::builder().backend(chain).build().await.unwrap().backend::<Clip>();
        let mut ours = clips.create(clip()).await.unwrap();
        let mut heard = clips.subscribe();

        let mut mine = Arc::new(clip());
        let by_hand = Floor {
            docs: Mutex::new(HashMap::from([(mine.id, (0, mine.clone()))])),
            told: broadcast::channel(1_024).0,
        };
        let mut told = by_hand.told.subscribe();

        let mut ratios = Vec::new();
        let (mut least_floor, mut least_save) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            let floor = floor(&by_hand, &mut mine, &mut told);
            let save = saves(&mut ours, &mut heard).await;
            ratios.push(save.as_secs_f64() / floor.as_secs_f64());
            least_floor = least_floor.min(floor);
            least_save = least_save.min(save);
        }
        println!("floor: {:?} a save (least of {ROUNDS} rounds)", least_floor / SAVES);
        println!("save:  {:?} a save (least of {ROUNDS} rounds)", least_save / SAVES);
        println!("save / floor: {:.2} (median of {ROUNDS} rounds)", median(ratios));
    });
}
