//! A program of this workspace as a process of its own, which a test may stop, kill and start again.
//!
//! It listens on a port that the system chose, keeps its files in a folder of its own, and comes back on the same
//! port and folder, so that what was connected to it can find it again.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::failure::{Failure, Result};
use crate::guard::Guard;

/// How long a program may take until it prints its address.
const START: Duration = Duration::from_secs(20);
/// How long it may take to end after it was asked to.
const STOP: Duration = Duration::from_secs(10);

/// A program, its folder and its port, whether it runs or not. Ends when dropped.
///
/// ```no_run
/// # async fn example() -> system_tests::Result {
/// use system_tests::Program;
///
/// let mut lists = Program::new("lists", ["--port", "{port}", "--data", "{dir}"])?;
/// lists.start().await?;
/// println!("open {}", lists.url());
/// lists.kill().await?; // as a power cut would
/// lists.start().await?; // same port, same files
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Program {
    name: String,
    binary: PathBuf,
    arguments: Vec<String>,
    folder: TempDir,
    url: String,
    log: Arc<Mutex<String>>,
    // The guard before the child: the group is killed while its leader's number is still its own.
    running: Option<(Guard, Child)>,
}

impl Program {
    /// The binary `name` of this workspace, built if need be. In the arguments `{dir}` stands for the program's
    /// folder and `{port}` for its port: 0, a free one, at the first start, and that one from then on.
    pub fn new<'a>(name: &str, arguments: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        Self::at(name, binary(name)?, arguments)
    }

    /// Any other executable, on the same terms.
    pub fn at<'a>(
        name: &str,
        binary: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            binary: binary.into(),
            arguments: arguments.into_iter().map(str::to_owned).collect(),
            folder: tempfile::Builder::new().prefix("system-tests-").tempdir()?,
            url: String::new(),
            log: Arc::default(),
            running: None,
        })
    }

    /// Starts it and waits until it has printed the address it listens on (`http://…`).
    pub async fn start(&mut self) -> Result {
        if self.running.is_some() {
            return Err(Failure::new(format!("{} runs already", self.name)));
        }
        let mut child = tokio::process::Command::new(&self.binary)
            .args(self.arguments.iter().map(|argument| self.filled(argument)))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", self.binary.display()))?;
        let guard = Guard::over(child.id().ok_or("a process that has just started has no number")?)?;

        let (found, mut addresses) = mpsc::unbounded_channel();
        follow(child.stdout.take(), self.log.clone(), found.clone());
        follow(child.stderr.take(), self.log.clone(), found);
        self.running = Some((guard, child));

        match timeout(START, addresses.recv()).await {
            Ok(Some(address)) => {
                self.url = address;
                Ok(())
            }
            Ok(None) => Err(self.complaint("ended before it printed an address")),
            Err(_) => Err(self.complaint(&format!("printed no address within {START:?}"))),
        }
    }

    /// `kill -9`: the process ends between two instructions, as in a crash.
    pub async fn kill(&mut self) -> Result {
        let (guard, mut child) = self.take_running()?;
        child.start_kill()?;
        drop(guard);
        child.wait().await?;
        Ok(())
    }

    /// SIGTERM: the process is asked to end, and has ten seconds to do so.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        let (guard, mut child) = self.take_running()?;
        let number = child.id().ok_or_else(|| self.complaint("had ended by itself"))?;
        Command::new("sh").args(["-c", "kill -s TERM \"$0\"", &number.to_string()]).status()?;
        let Ok(status) = timeout(STOP, child.wait()).await else {
            return Err(self.complaint(&format!("did not end within {STOP:?} of being asked to")));
        };
        guard.stand_down();
        Ok(status?)
    }

    /// Runs the same binary once more beside it, with other arguments, to its end: `lists import FILE`, say.
    pub async fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Result<Output> {
        let mut command = tokio::process::Command::new(&self.binary);
        command.args(arguments.into_iter().map(|argument| self.filled(argument)));
        Ok(command.stdin(Stdio::null()).kill_on_drop(true).output().await?)
    }

    /// Where it listens, as it printed it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its process number, while it runs.
    pub fn number(&self) -> Option<u32> {
        self.running.as_ref().and_then(|(_, child)| child.id())
    }

    /// All it has printed so far, in all its lives.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take_running(&mut self) -> Result<(Guard, Child)> {
        self.running.take().ok_or_else(|| Failure::new(format!("{} is not running", self.name)))
    }

    fn filled(&self, argument: &str) -> String {
        let port = self.url.rsplit(':').next().map_or("", |rest| rest.split('/').next().unwrap_or(""));
        let port = if port.is_empty() { "0" } else { port };
        argument.replace("{port}", port).replace("{dir}", &self.folder.path().to_string_lossy())
    }

    fn complaint(&self, what: &str) -> Failure {
        Failure::new(format!("{} {what}; it said:\n{}", self.name, self.log()))
    }
}

/// Copies what a program prints into the log, and tells of the first address in it.
fn follow(
    output: Option<impl AsyncRead + Unpin + Send + 'static>,
    log: Arc<Mutex<String>>,
    found: mpsc::UnboundedSender<String>,
) {
    let Some(output) = output else { return };
    tokio::spawn(async move {
        let mut found = Some(found);
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(start) = line.find("http://") {
                let address = line[start..].split(|c: char| c.is_whitespace() || c == '\x1b').next();
                if let (Some(found), Some(address)) = (found.take(), address) {
                    let _ = found.send(address.trim_end_matches('/').to_owned());
                }
            }
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push_str(&line);
            log.push('\n');
        }
    });
}

/// Builds a binary of this workspace, once per process, and says where it is.
///
/// Cargo tells a test where the binaries of its *own* package are (`CARGO_BIN_EXE_…`), and of no other package. So
/// this asks cargo, for the same folder and profile that this test was built in, and for the features that
/// `cargo test --workspace --all-features` gives its dependencies: then everything but the binary itself has been
/// compiled already, and the next test finds nothing left to do.
pub fn binary(name: &str) -> Result<PathBuf> {
    static BUILT: OnceLock<Mutex<Vec<(String, PathBuf)>>> = OnceLock::new();
    let mut built = BUILT.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, path)) = built.iter().find(|(known, _)| known == name) {
        return Ok(path.clone());
    }
    let (target, profile) = crate::build_folders()?;
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--all-features", "--bin", name])
        .args(["--profile", if profile == "debug" { "dev" } else { &profile }])
        .arg("--manifest-path")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("cargo could not build {name}:\n{said}")));
    }
    let path = target.join(profile).join(name);
    built.push((name.to_owned(), path.clone()));
    Ok(path)
}
