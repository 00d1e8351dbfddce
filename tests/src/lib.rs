//! Aids shared by the whole-system tests.
