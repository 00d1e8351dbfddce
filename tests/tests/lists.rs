//! The lists program as its users meet it: two tabs, a restart, an import beside the running server.

use serde_json::{Value, json};
use system_tests::{Browser, Page, Program, Result};

const LIST: &str = "[data-testid=list-name]";
const TITLE: &str = "[data-testid=item-title]";
const STATUS: &str = "[data-testid=status]";

async fn serve() -> Result<Program> {
    let mut lists = Program::new("lists", ["--port", "{port}", "--data", "{dir}/lists.sqlite"])?;
    lists.start().await?;
    Ok(lists)
}

/// What the page's client has counted: `{resets, repairs, reconnects, resumed}`.
async fn stats(page: &Page) -> Result<Value> {
    page.script("return {...window.lists.sync.stats}", vec![]).await
}

async fn counted(page: &Page, what: &str) -> Result<i64> {
    Ok(stats(page).await?[what].as_i64().unwrap_or(-1))
}

async fn expect_in_sync(page: &Page) -> Result {
    page.expect_text(STATUS, "in sync").await
}

/// The titles of the selected list.
async fn expect_titles(page: &Page, wanted: &[&str]) -> Result {
    page.expect_texts(TITLE, &format!("the items {wanted:?}"), |titles| titles == wanted).await
}

/// Presses a button that is seen only under the pointer.
async fn press(page: &Page, css: &str) -> Result {
    page.script("document.querySelector(arguments[0]).click()", vec![json!(css)]).await?;
    Ok(())
}

#[tokio::test]
async fn browser_two_tabs_follow_each_other_and_catch_up_after_a_restart() -> Result {
    let mut lists = serve().await?;
    let browser = Browser::start().await?;
    let (ann, bob) = (browser.user().await?, browser.user().await?);
    let one = ann.open(lists.url()).await?;
    let two = bob.open(lists.url()).await?;
    expect_in_sync(&one).await?;

    // Create, on either side.
    one.type_into("[data-testid=new-list]", "Groceries\n").await?;
    two.expect_text(LIST, "Groceries").await?;
    press(&two, "[data-testid=list-link]").await?;
    press(&one, "[data-testid=list-link]").await?;
    two.type_into("[data-testid=new-item]", "Milk\n").await?;
    one.expect_text(TITLE, "Milk").await?;
    one.type_into("[data-testid=new-item]", "Bread\n").await?;
    expect_titles(&two, &["Bread", "Milk"]).await?;

    // Edit: the one ticks, the other renames the same item.
    press(&one, "[data-testid=item-done]").await?;
    two.expect_texts("[data-testid=items] li", "a ticked item", |items| items.len() == 2).await?;
    press(&two, "[data-testid=item-title]").await?;
    // The field has its text selected; clearing it first would leave it, which ends the edit.
    two.find("[data-testid=item-title-input]").await?.send_keys("Rye bread\n").await?;
    one.expect_text(TITLE, "Rye bread").await?;
    two.find("[data-testid=item-done]:checked").await?;
    one.find("[data-testid=item-done]:checked").await?;

    // Delete.
    press(&one, "[data-testid=item-delete]").await?;
    expect_titles(&two, &["Milk"]).await?;
    for page in [&one, &two] {
        expect_in_sync(page).await?;
        assert_eq!(stats(page).await?, json!({"resets": 0, "repairs": 0, "reconnects": 0, "resumed": 0}));
    }
    one.screenshot("lists-one").await?;

    // A crash and a restart: both catch up by themselves, from where they were.
    lists.kill().await?;
    one.expect_texts(STATUS, "reconnecting", |words| words.iter().any(|w| w.starts_with("reconnecting")))
        .await?;
    one.type_into("[data-testid=new-item]", "Written while the server was away\n").await?;
    one.expect_texts(STATUS, "a waiting change", |words| {
        words.iter().any(|w| w.contains("1 change waiting"))
    })
    .await?;
    lists.start().await?;
    for page in [&one, &two] {
        expect_in_sync(page).await?;
        expect_titles(page, &["Written while the server was away", "Milk"]).await?;
        assert_eq!((counted(page, "resets").await?, counted(page, "repairs").await?), (0, 0));
        assert!(counted(page, "resumed").await? >= 1, "the page resumed from its cursor");
    }
    two.screenshot("lists-two-after-the-restart").await?;
    Ok(())
}

#[tokio::test]
async fn browser_an_import_beside_the_running_server_shows_its_rows() -> Result {
    let lists = serve().await?;
    let browser = Browser::start().await?;
    let user = browser.user().await?;
    let page = user.open(lists.url()).await?;
    expect_in_sync(&page).await?;
    let file = lists.folder().join("import.jsonl");
    let mut text = String::from(
        "{\"list\":\"Alaska\",\"owner\":\"data\"}\nnot json\n{\"list\":\"Alaska\",\"title\":\"\"}\n",
    );
    text.extend((1..=300).map(|n| format!("{{\"list\":\"Alaska\",\"title\":\"Field {n}\"}}\n")));
    std::fs::write(&file, text)?;
    let file = file.to_string_lossy().into_owned();
    let done = lists.run(["import", file.as_str(), "--data", "{dir}/lists.sqlite"]).await?;
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{err}");
    assert!(out.contains("301 imported, 2 bad lines"), "{out}");
    assert!(err.contains("line 2:") && err.contains("line 3:"), "{err}");
    page.expect_text(LIST, "Alaska").await?;
    press(&page, "[data-testid=list-link]").await?;
    page.expect_texts(TITLE, "300 items", |titles| titles.len() == 300).await?;
    expect_in_sync(&page).await?;
    assert_eq!((counted(&page, "resets").await?, counted(&page, "repairs").await?), (0, 0));
    page.screenshot("lists-imported").await?;

    let export = lists.run(["export", "--data", "{dir}/lists.sqlite"]).await?;
    assert_eq!(String::from_utf8_lossy(&export.stdout).lines().count(), 301);
    Ok(())
}
