//! Handles on the memory store: create, edit, save, merge.

#![allow(clippy::unwrap_used)] // also in the tests' own functions: what fails there fails the test

use sync_core::prelude::*;

#[derive(SyncModel, Clone, Debug, PartialEq)]
#[sync(backend = "lists")]
struct List {
    #[sync(id)]
    id: Uuid,
    name: String,
    owner: String,
    views: i64,
    #[sync(private)]
    notes: String,
}

fn list(name: &str) -> List {
    List { id: Uuid::nil(), name: name.into(), owner: "ann".into(), views: 0, notes: String::new() }
}

async fn lists() -> (Registry, Backend<List>) {
    let backend = Backend::<List>::builder().with(AssignId::v7()).store(MemoryStore::new());
    let registry = Registry::builder().backend(backend).build().await.unwrap();
    let lists = registry.backend();
    (registry, lists)
}

#[tokio::test]
async fn a_save_sends_what_changed_and_keeps_what_others_changed() {
    let (_registry, lists) = lists().await;
    let mut events = lists.subscribe();
    let mut one = lists.create(list("Milk")).await.unwrap();
    let mut two = lists.fetch(one.id).await.unwrap();
    one.edit(|l| l.name.push_str(&l.owner));
    two.set(List::VIEWS, 3);
    assert_eq!(two.views, 3);
    one.save().await.unwrap();
    two.save().await.unwrap();
    assert!(!one.is_changed());
    assert!(two.is_behind());
    two.refresh().await.unwrap();
    assert_eq!((two.name.as_str(), two.views), ("Milkann", 3));
    let mut changed = Vec::new();
    while let Some(event) = events.try_next() {
        changed.push(event.change().unwrap().changed());
    }
    assert_eq!(changed[1], List::NAME.into());
    assert_eq!(changed[2], List::VIEWS.into());
    assert_eq!(lists.hub().stats().repairs, 0);
}

#[test]
fn a_registry_that_is_built_outside_a_runtime_says_so() {
    let backend = Backend::<List>::builder().store(MemoryStore::new());
    let mut built = std::pin::pin!(Registry::builder().backend(backend).build());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = built.as_mut().poll(&mut context) else {
        panic!("it is refused at once");
    };
    assert_eq!(
        (error.code(), error.message()),
        (Code::Config, "lists: a registry is built inside a tokio runtime")
    );
}

#[tokio::test]
async fn several_backends_of_one_model_are_told_by_name() {
    let named = |name: &str| Backend::<List>::builder().name(name).store(MemoryStore::new());
    let registry = Registry::builder().backend(named("mine")).backend(named("yours")).build().await.unwrap();
    let error = registry.try_backend::<List>().unwrap_err();
    assert_eq!(error.code(), Code::Config);
    assert!(
        error.message().ends_with("none is named lists; ask for one with `named`: mine, yours"),
        "{error}"
    );
    assert!(registry.named::<List>("yours").is_some());
}

#[tokio::test]
async fn a_subscriber_hears_of_each_field_it_named() {
    let (_registry, lists) = lists().await;
    let mut one = lists.create(list("Milk")).await.unwrap();
    let mut events = lists.subscribe_fields(List::NAME | List::OWNER);
    for edit in
        [|l: &mut List| l.views = 1, |l: &mut List| l.owner = "bob".into(), |l: &mut List| l.name.clear()]
    {
        one.edit(edit);
        one.save().await.unwrap();
    }
    let mut heard = Vec::new();
    while let Some(event) = events.try_next() {
        heard.extend(event.change().unwrap().changed().names::<List>());
    }
    assert_eq!(heard, ["owner", "name"]);
}

#[derive(SyncModel, Clone, Debug)]
#[sync(backend = "clips")]
struct Clip {
    #[sync(id)]
    id: u32,
    length: f64,
}

#[tokio::test]
async fn a_save_of_what_no_store_can_hold_names_model_id_and_field_and_keeps_the_edit() {
    let chain = Backend::<Clip>::builder().store(MemoryStore::new());
    let clips = Registry::builder().backend(chain).build().await.unwrap().backend::<Clip>();
    let mut clip = clips.create(Clip { id: 7, length: 1.5 }).await.unwrap();
    clip.length = f64::NAN;
    let refused = clip.save().await.unwrap_err();
    assert_eq!(refused.message(), "Clip 7: length NaN is not a finite number");
    assert_eq!(refused.fields(), ["length"]);
    assert!(clip.is_changed() && clip.length.is_nan());
    clip.length = 2.0;
    clip.save().await.unwrap();
    assert_eq!(clips.fetch(7u32).await.unwrap().length, 2.0);
}

#[tokio::test]
async fn a_handle_tells_what_was_and_what_is() {
    let (_registry, lists) = lists().await;
    let mut list = lists.create(list("Milk")).await.unwrap();
    list.name.push_str(" and bread");
    list.set(List::VIEWS, 3);
    assert_eq!((list.previous(List::NAME).as_str(), *list.previous(List::VIEWS)), ("Milk", 0));
    let changes: Vec<_> = list.changes().into_iter().map(|change| change.field).collect();
    assert_eq!(changes, ["name", "views"]);
    list.revert();
    assert!(!list.is_changed() && list.name == "Milk" && list.views == 0);
}
