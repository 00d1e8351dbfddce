//! Real Chromium windows for tests.
//!
//! A [`Browser`] is one `chromedriver`; a [`User`] is a Chromium with a profile of its own (cookies, storage,
//! locks); a [`Page`] is one tab of it. Nothing is shared with the Chromium of whoever runs the tests, and nothing
//! is left behind: all files are in one temporary folder, all processes in one group.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use std::os::unix::process::CommandExt;
use tempfile::TempDir;
use thirtyfour::prelude::*;
use thirtyfour::{BrowserLogEntry, ChromiumLikeCapabilities, LoggingPrefsLogLevel, WindowHandle};
use tokio::sync::{Mutex, MutexGuard};

use crate::failure::{Failure, Result};
use crate::guard::Guard;

/// How long `chromedriver` may take to start.
const START: Duration = Duration::from_secs(20);
/// How long a page may take to show what a test waits for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a waiting test looks.
const LOOK: Duration = Duration::from_millis(25);

const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const INSTALL: &str = "install it (Debian: apt-get install chromium chromium-driver; Fedora: dnf install chromium \
                       chromedriver; elsewhere: the two of one version from your system's packages), or say where \
                       it is in";

/// What each flag is for: no display, root in a container, a small /dev/shm, and not a word to the outside, since
/// a test machine may have no network and a test must not depend on one. The last three keep a tab that is not in
/// front as quick as one that is.
const FLAGS: [&str; 13] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
];

/// A `chromedriver`, ready to open Chromium windows. Ends with all of them when dropped.
///
/// ```no_run
/// # async fn example() -> system_tests::Result {
/// use system_tests::Browser;
///
/// let browser = Browser::start().await?;
/// let ann = browser.user().await?.open("http://127.0.0.1:3000").await?;
/// let ben = browser.user().await?.open("http://127.0.0.1:3000").await?;
/// ann.type_into("#name", "Groceries\n").await?;
/// ben.expect_text("li", "Groceries").await?;
/// ben.screenshot("ben-sees-it").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Browser {
    url: String,
    chromium: PathBuf,
    users: AtomicUsize,
    // Dropped in this order: the processes end, then their files go.
    guard: Option<Guard>,
    driver: Child,
    folder: TempDir,
}

impl Browser {
    /// Starts `chromedriver` on a free port.
    pub async fn start() -> Result<Self> {
        let chromium = find("Chromium", "CHROMIUM", &CHROMIUM)?;
        let driver = find("chromedriver", "CHROMEDRIVER", &["chromedriver"])?;
        let folder = tempfile::Builder::new().prefix("system-tests-browser-").tempdir()?;
        let log = folder.path().join("chromedriver.log");
        let output = std::fs::File::create(&log)?;

        let driver = Command::new(&driver)
            .arg("--port=0")
            .process_group(0)
            .env("HOME", folder.path()) // crash reports
            .env("TMPDIR", folder.path()) // sockets, and profiles not asked for
            .env("XDG_CONFIG_HOME", folder.path().join("config"))
            .env("XDG_CACHE_HOME", folder.path().join("cache"))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", driver.display()))?;
        let guard = Some(Guard::over(driver.id())?);
        let mut browser =
            Self { url: String::new(), chromium, users: AtomicUsize::new(0), guard, driver, folder };
        browser.url = format!("http://127.0.0.1:{}", browser.port(&log).await?);
        Ok(browser)
    }

    /// A new user: a Chromium with an empty profile, independent of every other.
    pub async fn user(&self) -> Result<User> {
        let number = self.users.fetch_add(1, Ordering::Relaxed);
        let profile = self.folder.path().join(format!("user-{number}"));
        let mut wishes = DesiredCapabilities::chrome();
        wishes.set_binary(&self.chromium.to_string_lossy())?;
        wishes.set_browser_log_level(LoggingPrefsLogLevel::All)?;
        for flag in FLAGS {
            wishes.add_arg(flag)?;
        }
        wishes.add_arg(&format!("--user-data-dir={}", profile.display()))?;

        let driver = WebDriver::new(&self.url, wishes).await.map_err(|error| {
            format!("Chromium ({}) did not start: {error}; {INSTALL} CHROMIUM", self.chromium.display())
        })?;
        // The guard ends the session with everything else; a handle that is dropped need not wait for it.
        driver.clone().leak()?;
        Ok(User { driver: Arc::new(Mutex::new(driver)), tabs: Arc::default() })
    }

    /// The folder that holds the profiles of all its users.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The port `chromedriver` has chosen, from what it prints once it listens.
    async fn port(&mut self, log: &Path) -> Result<u16> {
        let began = tokio::time::Instant::now();
        loop {
            let said = std::fs::read_to_string(log).unwrap_or_default();
            let port = said.split_once("started successfully on port ").map(|(_, rest)| rest);
            if let Some((port, _)) = port.and_then(|rest| rest.split_once(['.', '\n'])) {
                return Ok(port.trim().parse()?);
            }
            if self.driver.try_wait()?.is_some() || began.elapsed() > START {
                return Err(Failure::new(format!("chromedriver does not listen; it said:\n{said}")));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.guard.take());
        let _ = self.driver.wait();
        // A process that is just dying may still add a file to a folder that is just being removed.
        for _ in 0..50 {
            if std::fs::remove_dir_all(self.folder.path()).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// One Chromium with its own profile. Clones are the same user.
#[derive(Clone, Debug)]
pub struct User {
    driver: Arc<Mutex<WebDriver>>,
    tabs: Arc<AtomicUsize>,
}

impl User {
    /// Opens an address in a new tab and waits until it has loaded.
    pub async fn open(&self, url: &str) -> Result<Page> {
        let driver = self.driver.lock().await;
        // A Chromium starts with one empty tab: that is the first.
        let tab = if self.tabs.fetch_add(1, Ordering::Relaxed) == 0 {
            driver.window().await?
        } else {
            driver.new_tab().await?
        };
        driver.switch_to_window(tab.clone()).await?;
        driver.goto(url).await?;
        drop(driver);
        Ok(Page { user: self.clone(), tab })
    }
}

/// One tab.
#[derive(Clone, Debug)]
pub struct Page {
    user: User,
    tab: WindowHandle,
}

impl Page {
    /// Brings the tab to the front and gives its driver, for all that has no method here.
    ///
    /// The other tabs of the same user wait while it is held: drop it before you use one of them.
    pub async fn front(&self) -> Result<MutexGuard<'_, WebDriver>> {
        let driver = self.user.driver.lock().await;
        driver.switch_to_window(self.tab.clone()).await?;
        Ok(driver)
    }

    /// Waits for a visible element.
    pub async fn find(&self, css: &str) -> Result<WebElement> {
        let driver = self.front().await?;
        let found = driver.query(By::Css(css)).wait(PATIENCE, LOOK).and_displayed().first().await;
        drop(driver);
        match found {
            Ok(element) => Ok(element),
            Err(_) => Err(self.complaint(&format!("no visible {css} within {PATIENCE:?}")).await),
        }
    }

    /// Clicks the first visible element.
    pub async fn click(&self, css: &str) -> Result {
        Ok(self.find(css).await?.click().await?)
    }

    /// Replaces what a field holds; a `\n` in the text is the Enter key.
    pub async fn type_into(&self, css: &str, text: &str) -> Result {
        let field = self.find(css).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// The visible texts of all elements, as they are now.
    pub async fn texts(&self, css: &str) -> Result<Vec<String>> {
        let texts = self.script(TEXTS, vec![css.into()]).await?;
        Ok(serde_json::from_value(texts)?)
    }

    /// Waits until one of the elements shows exactly this text.
    pub async fn expect_text(&self, css: &str, text: &str) -> Result {
        self.expect_texts(css, &format!("{text:?}"), |texts| texts.iter().any(|shown| shown == text)).await
    }

    /// Waits until the texts of the elements are as a test wants them; `what` says in words what that is.
    pub async fn expect_texts(&self, css: &str, what: &str, wanted: impl Fn(&[String]) -> bool) -> Result {
        let began = tokio::time::Instant::now();
        loop {
            let texts = self.texts(css).await?;
            if wanted(&texts) {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                let failure = format!("{css} did not show {what} within {PATIENCE:?}, but {texts:?}");
                return Err(self.complaint(&failure).await);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Runs JavaScript in the page: `arguments[0]` and so on are the arguments, what it returns is the answer. A
    /// promise is waited for.
    pub async fn script(&self, script: &str, arguments: Vec<serde_json::Value>) -> Result<serde_json::Value> {
        let driver = self.front().await?;
        Ok(driver.execute(script, arguments).await?.json().clone())
    }

    /// What the pages of this user have reported as errors since this was last asked: exceptions, failed requests,
    /// `console.error`.
    pub async fn errors(&self) -> Result<Vec<String>> {
        let entries: Vec<BrowserLogEntry> = self.front().await?.get_log("browser").await?;
        let errors = entries.into_iter().filter(|entry| entry.level == "SEVERE");
        Ok(errors.map(|entry| entry.message).collect())
    }

    /// Writes what the tab shows to `target/screenshots/NAME.png`.
    pub async fn screenshot(&self, name: &str) -> Result<PathBuf> {
        let folder = crate::build_folders()?.0.join("screenshots");
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{name}.png"));
        self.front().await?.screenshot(&path).await?;
        Ok(path)
    }

    /// A failure with all that helps to understand it: what the page shows and what it has reported.
    async fn complaint(&self, what: &str) -> Failure {
        static PICTURES: AtomicUsize = AtomicUsize::new(0);
        let number = PICTURES.fetch_add(1, Ordering::Relaxed);
        let picture = self.screenshot(&format!("failed-{}-{number}", std::process::id())).await;
        let picture = picture.map_or_else(|_| "no picture".to_owned(), |path| path.display().to_string());
        let errors = self.errors().await.unwrap_or_default();
        Failure::new(format!("{what}\n  the page then: {picture}\n  its errors: {errors:?}"))
    }
}

const TEXTS: &str = "return Array.from(document.querySelectorAll(arguments[0]))
    .filter(element => element.checkVisibility())
    .map(element => element.innerText.trim());";

/// The first of some names on the search path, unless a variable of the environment says where it is.
fn find(what: &str, variable: &str, names: &[&str]) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Ok(path.into());
    }
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let mut places = names.iter().flat_map(|name| std::env::split_paths(&paths).map(move |p| p.join(name)));
    let found = places.find(|place| place.is_file());
    Ok(found.ok_or_else(|| format!("{what} is not on this machine: {INSTALL} {variable}"))?)
}
