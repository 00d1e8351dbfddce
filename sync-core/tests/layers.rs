//! Imports point one way: `model <- query <- backend <- {middleware, store, live} <- ws`. Read off the
//! `use crate::` lines, so that an upward import fails here and not in a reader's head.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms, and the rooms that each may import from.
const ROOMS: [(&str, &[&str]); 9] = [
    ("error.rs", &[]),
    ("model", &["error"]),
    ("query", &["error", "model"]),
    ("backend", &["error", "model", "query"]),
    ("middleware", &["error", "model", "query", "backend"]),
    ("store", &["error", "model", "query", "backend"]),
    ("live", &["error", "model", "query", "backend"]),
    ("ws", &["error", "model", "query", "backend", "middleware", "store", "live"]),
    ("verbs.rs", &["error", "model", "query", "backend", "live"]),
];

/// The names after `crate::` in a file's code, outside its tests.
fn imports(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).expect("a source file is text");
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let after = lines.flat_map(|line| line.split("crate::").skip(1).map(str::to_owned).collect::<Vec<_>>());
    after.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

fn files(room: &Path) -> Vec<PathBuf> {
    if room.is_file() {
        return vec![room.to_owned()];
    }
    let entries =
        fs::read_dir(room).expect("the room is there").map(|entry| entry.expect("it can be read").path());
    // A folder `*_tests` or a `tests.rs` holds unit tests.
    let tests =
        |path: &PathBuf| path.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("tests"));
    entries.filter(|path| !tests(path)).flat_map(|path| files(&path)).collect()
}

#[test]
fn imports_point_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut upward = Vec::new();
    let mut seen = 0;
    for (room, below) in ROOMS {
        let own = room.trim_end_matches(".rs");
        for file in files(&source.join(room)) {
            for import in imports(&file) {
                seen += 1;
                if import != own && !below.contains(&import.as_str()) {
                    upward.push(format!("{} imports crate::{import}", file.display()));
                }
            }
        }
    }
    assert!(upward.is_empty(), "upward imports:\n{}", upward.join("\n"));
    assert!(seen > 100, "only {seen} imports were seen: the test reads the wrong lines");
}
