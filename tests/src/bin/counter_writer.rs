//! Writes counters until it is killed, and prints each write once it is acknowledged: `id value rev`.
//!
//! `counter_writer FILE [ROUNDS]`

#![allow(clippy::print_stdout)] // the acknowledgements are its output

use std::io::Write as _;
use std::path::PathBuf;

use sync_core::prelude::*;
use system_tests::counters::{COUNTERS, Counter, CounterPatch, open};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = PathBuf::from(arguments.next().ok_or("the file is missing")?);
    let rounds: i64 = arguments.next().map_or(Ok(i64::MAX), |rounds| rounds.parse())?;
    let (registry, counters) = open(&file).await?;
    let writers = (0..COUNTERS).map(|id| tokio::spawn(write(counters.clone(), id, rounds)));
    for writer in writers.collect::<Vec<_>>() {
        writer.await??;
    }
    registry.shutdown().await;
    Ok(())
}

async fn write(counters: Backend<Counter>, id: u32, rounds: i64) -> Result<(), Error> {
    let from = match counters.fetch(id).await {
        Ok(counter) => counter.value,
        Err(error) if error.is_not_found() => {
            let made = counters.create(Counter { id, value: 0, text: "x".repeat(300) }).await?;
            acknowledge(id, 0, made.rev());
            0
        }
        Err(error) => return Err(error),
    };
    for value in (from + 1..).take_while(|value| value - from <= rounds) {
        let change = counters.update(id, CounterPatch::default().with(Counter::VALUE, value)).await?;
        acknowledge(id, value, change.rev);
    }
    Ok(())
}

/// One write of one line, so that a kill cuts none in half.
fn acknowledge(id: u32, value: i64, rev: u64) {
    let line = format!("{id} {value} {rev}\n");
    let mut out = std::io::stdout().lock();
    let _reader_gone = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}
