//! Shared lists: what one browser tab does the others show.
//!
//! `lists` serves the page; `lists import`, `export` and `watch` work beside a running server, on the same
//! file.

#![allow(clippy::print_stdout)] // a command-line program speaks on stdout

mod export;
mod import;
mod models;
mod page;
mod serve;
mod watch;

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What can go wrong in a command: told to the user as it is.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Shared lists, kept in sync between browser tabs.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The SQLite file with the lists; made if it is not there.
    #[arg(long, global = true, default_value = "lists.sqlite")]
    data: PathBuf,
    /// The port to serve on; 0 takes a free one.
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

#[derive(Subcommand)]
enum Command {
    /// Loads lists and items from JSON Lines; bad lines are reported and do not stop the rest.
    Import {
        /// The file: one `{"list": …, "title": …}` a line.
        file: PathBuf,
    },
    /// Prints everything as JSON Lines that `import` reads.
    Export,
    /// Prints changes as they happen, whoever makes them.
    Watch,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has read enough: `lists export | head`.
        Err(error) if error.downcast_ref().map(std::io::Error::kind) == Some(ErrorKind::BrokenPipe) => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("lists: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Outcome {
    let registry = models::open(&arguments.data).await?;
    let done = match arguments.command {
        None => serve::serve(&registry, arguments.port).await,
        Some(Command::Import { file }) => import::import(&registry, &file).await,
        Some(Command::Export) => export::export(&registry).await,
        Some(Command::Watch) => watch::watch(&registry).await,
    };
    registry.shutdown().await;
    done
}
