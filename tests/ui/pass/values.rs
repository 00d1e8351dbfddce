use sync_core::prelude::*;

#[derive(SyncValue, Clone)]
#[sync(rename_all = "camelCase")]
struct Size {
    full_width: u32,
    #[sync(rename = "h", alias = "height", default)]
    full_height: u32,
    #[sync(skip)]
    area: u64,
}

#[derive(SyncValue, Clone)]
#[sync(rename_all = "SCREAMING-KEBAB-CASE")]
enum Status {
    OnAir,
    #[sync(rename = "off", alias = "none")]
    Off,
}

#[derive(SyncValue, Clone)]
enum Place {
    Nowhere,
    At(Size),
    #[sync(rename_all = "kebab-case")]
    Near {
        some_thing: Box<Place>,
    },
    Empty {},
}

#[derive(SyncValue, Clone)]
struct Minutes(Option<u32>);

#[derive(SyncModel, Clone)]
struct Film {
    #[sync(id)]
    id: u32,
    size: Size,
    status: Option<Status>,
    places: Vec<Place>,
    minutes: Minutes,
}

fn main() {}
