//! The document that the benches save, and the floor: what a save must do, done by hand.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sync_core::prelude::*;
use tokio::sync::broadcast;

#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "clips")]
pub(crate) struct Clip {
    #[sync(id)]
    pub(crate) id: Uuid,
    title: String,
    #[sync(facet)]
    owner: String,
    pub(crate) views: i64,
    length: f64,
    codec: String,
    path: String,
    tags: Vec<String>,
    note: Option<String>,
    #[sync(facet)]
    ready: bool,
}

pub(crate) fn clip() -> Clip {
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

pub(crate) struct Floor {
    docs: Mutex<HashMap<Uuid, (u64, Arc<Clip>)>>,
    pub(crate) told: broadcast::Sender<(u64, Arc<Clip>)>,
}

impl Floor {
    pub(crate) fn empty() -> Self {
        Floor { docs: Mutex::default(), told: broadcast::channel(1_024).0 }
    }

    pub(crate) fn add(&self, clip: Clip) -> Arc<Clip> {
        let clip = Arc::new(clip);
        self.docs.lock().unwrap().insert(clip.id, (0, clip.clone()));
        clip
    }

    pub(crate) fn save(&self, mine: &mut Arc<Clip>, views: i64) {
        Arc::make_mut(mine).views = views;
        let mut docs = self.docs.lock().unwrap();
        let slot = docs.get_mut(&mine.id).unwrap();
        *slot = (slot.0 + 1, mine.clone());
        let _heard = self.told.send(slot.clone());
    }
}

pub(crate) fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

/// How many saves a round has.
pub(crate) const SAVES: u32 = 2_000;

/// A round of ours: one field edited and saved, the subscriber's queue drained every hundred saves.
pub(crate) async fn saves(clip: &mut Model<Clip>, heard: &mut Subscription<Clip>) -> Duration {
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
