//! Compile errors, pinned: each rule of the derives has a folder under `fail`, each attribute a file under
//! `pass`.
//!
//! After a change of wording: `TRYBUILD=overwrite cargo test -p ui-tests`, then read the diff.

#[test]
fn messages_and_attributes() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("fail/*.rs");
    cases.compile_fail("fail/*/*.rs");
}
