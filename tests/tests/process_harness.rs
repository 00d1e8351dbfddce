//! The aids hold what they promise: a program comes back where it was, and nothing outlives its test.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use system_tests::{Program, Result, guard::Guard, process::binary};

/// Counts its lives in a file, and says what it was told.
const PROGRAM: &str = r#"
    if [ "$1" = import ]; then echo "imported into $2"; exit 3; fi
    port=$1; [ "$port" = 0 ] && port=4242
    echo life >> "$2/lives"
    echo "listening on http://127.0.0.1:$port/ (life $(wc -l < "$2/lives"))"
    trap 'echo bye; exit 7' TERM
    while :; do sleep 0.01; done"#;

#[tokio::test]
async fn a_program_comes_back_on_its_port_with_its_files() -> Result {
    let mut program = Program::at("counter", "/bin/sh", ["-c", PROGRAM, "counter", "{port}", "{dir}"])?;
    program.start().await?;
    assert_eq!(program.url(), "http://127.0.0.1:4242");
    assert!(program.start().await.is_err(), "it runs already");

    program.kill().await?;
    assert!(program.kill().await.is_err(), "it does not run any more");
    assert!(!program.log().contains("bye"));

    program.start().await?;
    assert!(program.log().contains("(life 2)"), "{}", program.log());
    let output = program.run(["-c", PROGRAM, "counter", "import", "{dir}"]).await?;
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8(output.stdout)?.contains(&*program.folder().to_string_lossy()));

    assert_eq!(program.stop().await?.code(), Some(7));
    let began = Instant::now();
    while !program.log().contains("bye") {
        assert!(began.elapsed() < Duration::from_secs(5), "{}", program.log());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_program_that_fails_is_quoted() -> Result {
    let mut program = Program::at("broken", "/bin/sh", ["-c", "echo no such disk >&2; exit 1"])?;
    let failure = format!("{:?}", program.start().await.unwrap_err());
    assert!(failure.contains("no such disk"), "{failure}");

    let failure = format!("{:?}", Program::new("not-a-binary", []).unwrap_err());
    assert!(failure.contains("not-a-binary"), "{failure}");
    Ok(())
}

#[test]
fn the_binaries_of_the_workspace_are_built() -> Result {
    assert!(binary("lists")?.is_file());
    Ok(())
}

/// A test that is killed drops nothing. Its processes must end all the same: this runs itself as such a test.
#[test]
fn a_killed_test_leaves_no_process() -> Result {
    const VICTIM: &str = "SYSTEM_TESTS_VICTIM";
    if std::env::var_os(VICTIM).is_some() {
        use std::os::unix::process::CommandExt;
        let mut sleeper = Command::new("sh")
            .args(["-c", "sleep 600 & wait"])
            .process_group(0)
            .stdout(Stdio::null())
            .spawn()?;
        let _guard = Guard::over(sleeper.id())?;
        println!("\nleader {}", sleeper.id());
        sleeper.wait()?;
        return Ok(());
    }

    let mut victim = Command::new(std::env::current_exe()?)
        .args(["--exact", "a_killed_test_leaves_no_process", "--nocapture"])
        .env(VICTIM, "yes")
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = BufReader::new(victim.stdout.take().ok_or("no output")?).lines();
    let leader =
        lines.map_while(|line| line.ok()).find_map(|line| line.strip_prefix("leader ").map(String::from));
    let leader = leader.ok_or("the victim started nothing")?;
    assert!(lives(&leader));

    victim.kill()?;
    victim.wait()?;
    let began = Instant::now();
    while lives(&leader) {
        assert!(began.elapsed() < Duration::from_secs(5), "process {leader} outlives its test");
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Whether a process exists and is more than an entry that nobody has collected yet.
fn lives(process: &str) -> bool {
    let state = std::fs::read_to_string(Path::new("/proc").join(process).join("stat")).unwrap_or_default();
    state.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}
