//! Groups of writes, writes that fail, callers that go away, and files that cannot be written to.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_writers_are_all_answered_and_told_in_order() {
    let place = Place::new();
    let lists = place.open().await;
    let mut events = lists.subscribe();
    let mut tasks = Vec::new();
    for task in 0..64 {
        let lists = lists.backend.clone();
        tasks.push(tokio::spawn(async move {
            let id = format!("{task}");
            lists.create(list(&id)).await.unwrap();
            for n in 1..=8 {
                let patch = patch().with(List::VIEWS, n).with(List::OWNER, Some(format!("{}", n % 3)));
                lists.update(id.clone(), patch).await.unwrap();
            }
            if task % 4 == 0 {
                lists.delete_by_id(id).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let changes = drain(&mut events);
    assert_eq!(changes.len(), 64 * 9 + 16);
    assert!(changes.iter().zip(1..).all(|(change, n)| change.position == n && change.rev == n));
    let mut copy = Copy::default();
    changes.iter().for_each(|change| copy.apply(change));
    copy.assert_is(&lists).await;
    // Replaying the log gives the same.
    let mut copy = Copy::default();
    let log = lists.store.changes_after(0, 10_000).await.unwrap().unwrap();
    for (logged, told) in log.iter().zip(&changes) {
        copy.apply(logged);
        assert_eq!((logged.prev, logged.action, logged.origin()), (told.prev, told.action, told.origin()));
        for filter in [List::OWNER.eq("1"), List::OWNER.is_null(), List::ID.eq("4")] {
            assert_eq!(logged.matched_before(&filter), told.matched_before(&filter), "{logged:?}");
            assert_eq!(logged.matches_after(&filter), told.matches_after(&filter), "{logged:?}");
        }
    }
    copy.assert_is(&lists).await;
}

#[tokio::test]
async fn one_bad_write_among_many_touches_no_other() {
    let place = Place::new();
    let lists = place.open().await;
    let many = (0..2_000).map(|n| list(&format!("{}", if n == 1_000 { 7 } else { n })));
    let answers = lists.create_many(many).await;
    for (n, answer) in answers.into_iter().enumerate() {
        match n {
            1_000 => assert_eq!(answer.unwrap_err().code(), Code::Exists),
            _ => assert_eq!(answer.unwrap().id, n.to_string()),
        }
    }
    assert_eq!(lists.all().await.unwrap().len(), 1_999);
    assert_eq!(lists.cursor().position, 1_999);
}

/// A statement that ends the whole transaction must not take the writes beside it along.
#[tokio::test]
async fn a_transaction_that_is_lost_is_done_again_write_by_write() {
    let place = Place::new();
    let lists = place.open().await;
    place
        .raw()
        .execute_batch(
            "CREATE TRIGGER poison BEFORE INSERT ON lists_changes WHEN NEW.id = 'bad'
             BEGIN SELECT RAISE(ROLLBACK, 'poisoned'); END",
        )
        .unwrap();
    let mut events = lists.subscribe();
    let many = (0..100).map(|n| list(&if n == 50 { "bad".to_owned() } else { n.to_string() }));
    let answers = lists.create_many(many).await;
    let refused: Vec<usize> = (0..100).filter(|n| answers[*n].is_err()).collect();
    assert_eq!(refused, [50]);
    let changes = drain(&mut events);
    assert_eq!(changes.len(), 99);
    assert!(changes.iter().zip(1..).all(|(change, n)| change.rev == n));
    let mut copy = Copy::default();
    changes.iter().for_each(|change| copy.apply(change));
    copy.assert_is(&lists).await;
}

#[tokio::test]
async fn a_write_whose_caller_went_away_is_committed_and_told() {
    let place = Place::new();
    let lists = place.open().await;
    let mut events = lists.subscribe();
    for n in 0..20 {
        let id = n.to_string();
        // One poll hands it over; then the future is dropped.
        let mut create = Box::pin(lists.create(list(&id)));
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(create.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
    }
    wait("the abandoned writes", || lists.cursor().position == 20).await;
    assert_eq!(drain(&mut events).len(), 20);
    assert_eq!(lists.all().await.unwrap().len(), 20);
}

/// What fails for all is told to all, leaves no trace, and is over when its cause is.
#[tokio::test]
async fn a_store_that_cannot_write_says_so_and_recovers() {
    let place = Place::new();
    let lists = place.open().await;
    lists.create(list("a")).await.unwrap();
    place.raw().execute_batch("ALTER TABLE lists_changes RENAME TO away").unwrap();
    let answers = lists.create_many((0..10).map(|n| list(&n.to_string()))).await;
    assert!(answers.iter().all(Result::is_err));
    assert!(lists.update("a", patch().with(List::VIEWS, 5)).await.is_err());
    assert_eq!(lists.all().await.unwrap_err().code(), Code::Internal);
    place.raw().execute_batch("ALTER TABLE away RENAME TO lists_changes").unwrap();
    assert_eq!(lists.all().await.unwrap().len(), 1);
    assert_eq!(lists.fetch("a").await.unwrap().views, 0);
    assert_eq!(lists.update("a", patch().with(List::VIEWS, 5)).await.unwrap().rev, 2);

    // Another program holds the lock for a while: the write waits.
    let raw = place.raw();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let backend = lists.backend.clone();
    let write = tokio::spawn(async move { backend.update("a", patch().with(List::VIEWS, 6)).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!write.is_finished());
    assert_eq!(lists.fetch("a").await.unwrap().views, 5);
    raw.execute_batch("ROLLBACK").unwrap();
    assert_eq!(write.await.unwrap().unwrap().rev, 3);

    lists.registry.shutdown().await;
    assert!(lists.update("a", patch().with(List::VIEWS, 7)).await.unwrap_err().is_unavailable());
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let place = Place::new();
    let error = Sqlite::open(place.file().join("no/such/folder/x.db")).unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    assert_eq!(Sqlite::open(":memory:").unwrap_err().code(), Code::Config);
    std::fs::write(place.file(), "this is a text and no database, and long enough to be sure".repeat(100))
        .unwrap();
    assert_eq!(Sqlite::open(place.file()).unwrap_err().code(), Code::Corrupt);

    let place = Place::new();
    place.raw().execute_batch("CREATE TABLE lists (x)").unwrap();
    let error = Lists::try_open(&place.file(), |store| store).await.err().unwrap();
    assert_eq!(error.code(), Code::Config, "{error}");

    let place = Place::new();
    let file = Sqlite::open(place.file()).unwrap();
    let build = async |name: &str| {
        let store = SqliteStore::<List>::new(&file).table(name);
        Registry::builder().backend(Backend::<List>::builder().store(store)).build().await
    };
    let first = build("it's \"odd\"").await.unwrap();
    assert_eq!(build("it's \"odd\"").await.unwrap_err().code(), Code::Config);
    let lists = first.backend::<List>();
    lists.create(List { slug: Some("x".into()), ..list("a") }).await.unwrap();
    let error = lists.create(List { slug: Some("x".into()), ..list("b") }).await.unwrap_err();
    assert_eq!(error.fields(), ["slug"]);
    first.shutdown().await;
    build("it's \"odd\"").await.unwrap();
    // Plain SQL put a document there whose revision the log has not reached.
    let other = build("lists").await.unwrap().backend::<List>();
    place.raw().execute("INSERT INTO lists VALUES ('a', 99, '{\"id\":\"a\",\"name\":\"x\"}')", []).unwrap();
    let error = other.update("a", patch().with(List::VIEWS, 1)).await.unwrap_err();
    assert_eq!(error.code(), Code::Corrupt, "{error}");
}
