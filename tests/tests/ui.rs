//! Compile errors, pinned: each rule of the derives has a folder under `ui/fail`, each attribute a file under
//! `ui/pass`.
//!
//! After a change of wording: `TRYBUILD=overwrite cargo test -p system-tests --test ui`, then read the diff.

#[test]
fn messages_and_attributes() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
    cases.compile_fail("ui/fail/*/*.rs");
}
