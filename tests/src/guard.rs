//! Nothing that a test starts outlives the test.
//!
//! `Drop` alone does not keep that: a test that overruns its time, or is interrupted, dies without dropping
//! anything, and a Chromium nobody owns then eats a core for ever. So each process leads a process group of its
//! own, and a watcher, a shell that waits for the end of a pipe which only the test holds, kills that whole group
//! as soon as the pipe closes, for whatever reason. A child that asked the kernel to die with its parent would do
//! the same without a watcher, but only per thread, and it takes `unsafe` to ask.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Kills a process group when it is dropped, and also when this process dies.
#[derive(Debug)]
pub struct Guard {
    watcher: Child,
}

impl Guard {
    /// Watches over the group that the process `leader` leads.
    pub fn over(leader: u32) -> io::Result<Self> {
        let watcher = Command::new("sh")
            .args(["-c", "read -r _; kill -s KILL -- \"-$0\"", &leader.to_string()])
            .process_group(0) // what kills the test's group must not take the watcher along
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { watcher })
    }

    /// Lets the group live: its leader has ended in an orderly way, and its number may soon be another's.
    pub fn stand_down(mut self) {
        let _ = self.watcher.kill();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}
