use sync_core::prelude::*;

#[derive(SyncValue, Clone)]
#[sync(rename_all = "lowercase")]
enum Status {
    OnAir,
    Onair,
    #[sync(alias = "onair")]
    Live,
    #[sync(rename = "$off")]
    Off,
}

fn main() {}
