//! Several handles of one file: they hear of each other, once and in order.

use super::*;

#[tokio::test]
async fn everything_is_there_after_a_restart_and_the_log_continues() {
    let place = Place::new();
    let first = place.open().await;
    first.create(list("a")).await.unwrap();
    first.create(list("b")).await.unwrap();
    first.update("a", patch().with(List::OWNER, Some("ann".to_owned()))).await.unwrap();
    first.delete_by_id("b").await.unwrap();
    let (cursor, epoch) = (first.cursor(), first.hub().store_epoch());
    first.registry.shutdown().await;
    drop(first);

    let second = place.open().await;
    assert_eq!(second.cursor(), cursor);
    assert_eq!(second.hub().store_epoch(), epoch);
    assert_eq!(second.fetch("a").await.unwrap().owner.as_deref(), Some("ann"));
    let change = second.update("a", patch().with(List::VIEWS, 7)).await.unwrap();
    assert_eq!((change.prev, change.rev), (3, 5));
    // The deleted one is remembered, so that a copy of it cannot outlive the new one.
    let again = second.store.changes_after(0, 100).await.unwrap().unwrap();
    assert_eq!(again.len(), 5);
    let mut copy = Copy::default();
    again.iter().for_each(|change| copy.apply(change));
    copy.assert_is(&second).await;
}

#[tokio::test]
async fn what_another_handle_writes_reaches_subscribers_once_and_in_order() {
    let place = Place::new();
    let (one, two) = (place.open().await, place.open().await);
    let mut events = one.subscribe();
    let mut copy = Copy::default();
    let mut seen = Vec::new();
    // While the first is idle, it looks by itself.
    two.create(List { owner: Some("ann".into()), ..list("a") }).await.unwrap();
    two.update("a", patch().with(List::OWNER, Some("bob".to_owned()))).await.unwrap();
    wait("the other's changes", || one.cursor().position == 2).await;
    let changes = drain(&mut events);
    assert!(changes.iter().all(|change| change.origin() == Origin::Remote));
    // The keys travel, so a filter can be asked without the document.
    let (ann, bob) = (List::OWNER.eq("ann"), List::OWNER.eq("bob"));
    assert_eq!((changes[1].matched_before(&ann), changes[1].matches_after(&ann)), (Some(true), Some(false)));
    assert_eq!((changes[1].matched_before(&bob), changes[1].matches_after(&bob)), (Some(false), Some(true)));
    assert_eq!(changes[1].matches_after(&List::VIEWS.eq(0)), None);
    seen.extend(changes);
    // While both write, each sees the other's before its own that follow.
    let write = async |lists: &Lists, name: &str| {
        for n in 0..50 {
            let id = format!("{name}{n}");
            lists.create(list(&id)).await.unwrap();
            lists.update("a", patch().with(List::VIEWS, n)).await.unwrap();
            if n % 3 == 0 {
                lists.delete_by_id(id).await.unwrap();
            }
        }
    };
    tokio::join!(write(&one, "one"), write(&two, "two"));
    let end = two.store.find(&sync_core::Query::new(Filter::all())).await.unwrap().position;
    wait("all changes", || one.cursor().position == end && two.cursor().position == end).await;
    seen.extend(drain(&mut events));
    let positions: Vec<u64> = seen.iter().map(|change| change.position).collect();
    assert_eq!(positions, (1..=end).collect::<Vec<_>>());
    seen.iter().for_each(|change| copy.apply(change));
    copy.assert_is(&one).await;
    copy.assert_is(&two).await;
    for lists in [&one, &two] {
        let stats = lists.hub().stats();
        assert_eq!(
            (stats.duplicates, stats.held, stats.repairs, stats.resets, stats.overflows),
            (0, 0, 0, 0, 0)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_handles_that_save_different_fields_lose_nothing() {
    let place = Place::new();
    let (one, two) = (place.open().await, place.open().await);
    one.create(list("a")).await.unwrap();
    let name = async |lists: &Lists| {
        let mut list = lists.fetch("a").await.unwrap();
        for n in 1..=200 {
            list.edit(|list| list.name = format!("name {n}"));
            list.save().await.unwrap();
        }
    };
    let views = async |lists: &Lists| {
        let mut list = lists.fetch("a").await.unwrap();
        for n in 1..=200 {
            list.edit(|list| list.views = n);
            list.save().await.unwrap();
        }
    };
    tokio::join!(name(&one), views(&two));
    let list = one.fetch("a").await.unwrap();
    assert_eq!((list.name.as_str(), list.views, list.rev()), ("name 200", 200, 401));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_opens_while_another_writes_misses_nothing() {
    let place = Place::new();
    let one = place.open().await;
    one.create(list("a")).await.unwrap();
    let writer = one.backend.clone();
    let write = tokio::spawn(async move {
        for n in 0..600 {
            writer.update("a", patch().with(List::VIEWS, n)).await.unwrap();
        }
    });
    let mut others = Vec::new();
    while !write.is_finished() && others.len() < 40 {
        others.push(place.open().await);
    }
    write.await.unwrap();
    for other in &others {
        wait("the writer's end", || other.cursor() == one.cursor()).await;
        assert_eq!(other.hub().stats().resets, 0);
    }
}

#[tokio::test]
async fn many_that_open_a_new_file_at_once_agree() {
    let place = Place::new();
    let file = place.file();
    let opens = (0..8).map(|_| {
        let file = file.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let lists = Lists::open(&file, |store| store).await;
                lists.create(list(&Uuid::new_v4().to_string())).await.unwrap();
                lists.hub().store_epoch()
            })
        })
    });
    let opens: Vec<_> = opens.collect();
    let epochs: Vec<u64> = opens.into_iter().map(|open| open.join().unwrap()).collect();
    assert!(epochs.iter().all(|epoch| *epoch == epochs[0]));
    let lists = place.open().await;
    assert_eq!((lists.all().await.unwrap().len(), lists.cursor().position), (8, 8));
}

#[tokio::test]
async fn stores_of_one_file_have_each_their_own_log() {
    let place = Place::new();
    let file = Sqlite::open(place.file()).unwrap();
    let registry = Registry::builder()
        .backend(Backend::<List>::builder().store(SqliteStore::new(&file)))
        .backend(
            Backend::<other::Older>::builder().name("older").store(SqliteStore::new(&file).table("older")),
        )
        .build()
        .await
        .unwrap();
    let (lists, older) = (registry.backend::<List>(), registry.backend::<other::Older>());
    let create = |n: i32| {
        let (lists, older) = (lists.clone(), older.clone());
        async move {
            lists.create(list(&n.to_string())).await.unwrap();
            older.create(other::Older { id: n.to_string(), name: "x".into() }).await.unwrap();
        }
    };
    futures_util::future::join_all((0..50).map(create)).await;
    assert_eq!((lists.cursor().position, older.cursor().position), (50, 50));
    assert_ne!(lists.hub().store_epoch(), older.hub().store_epoch());
}

#[tokio::test]
async fn the_log_tells_who_did_it() {
    use sync_core::backend::{Author, Context, Op, Request};
    let place = Place::new();
    let (one, two) = (place.open().await, place.open().await);
    one.create(list("a")).await.unwrap();
    let context =
        Context::of(Origin::Client).by(Author { session: "tab".into(), n: u64::MAX }).on_channel("kitchen");
    let op = Op::Update {
        id: "a".into(),
        patch: std::sync::Arc::new(patch().with(List::VIEWS, 1)),
        own: None,
        expect: None,
    };
    one.request(Request::new(op).with_context(context)).await.unwrap();
    wait("the change", || two.cursor().position == 2).await;
    for (lists, origin) in [(&one, Origin::Client), (&two, Origin::Remote)] {
        let change = lists.store.changes_after(1, 1).await.unwrap().unwrap().remove(0);
        assert_eq!(change.origin(), origin);
        assert_eq!(change.context.author(), Some(&Author { session: "tab".into(), n: u64::MAX }));
        assert_eq!(change.context.channel(), Some("kitchen"));
    }
}
