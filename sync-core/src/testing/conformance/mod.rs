//! The suite that every store must pass: what [`Store`] owes, case by case.
//!
//! Say how a store is opened ([`Setup`]); [`conformance!`](crate::conformance) writes one test per case.
//! A failed case panics and says which obligation is broken, by its number in the docs of [`Store`].
//!
//! ```
//! use sync_core::prelude::*;
//! use sync_core::testing::conformance::Setup;
//!
//! struct Memory;
//!
//! impl Setup for Memory {
//!     type Store<M: SyncModel> = MemoryStore<M>;
//!     async fn open<M: SyncModel>(&self, _place: &str) -> Result<MemoryStore<M>, Error> {
//!         Ok(MemoryStore::new())
//!     }
//! }
//!
//! mod memory {
//!     sync_core::conformance!(super::Memory);
//! }
//! # fn main() {
//! # sync_core::testing::conformance::run(&Memory, "creates_of_one_id_race");
//! # }
//! ```

#[macro_use]
mod rig;

mod atomic;
mod cancelled;
mod facts;
mod feed;
mod finds;
mod log;
mod models;
mod queries;
mod reads;
mod refusals;
mod revisions;
mod samples;
mod unique;
mod unknown;

use std::future::Future;

pub use models::{Named, Narrow, Numbered, Shape, Specimen, Wide};

use crate::backend::Store;
use crate::error::Error;
use crate::model::SyncModel;

/// How the suite opens a store.
pub trait Setup: Sync {
    /// The store, for any model.
    type Store<M: SyncModel>: Store<M>;

    /// Whether a place keeps its documents when its store is closed and opened again. Cases that need it
    /// pass at once where it does not.
    const DURABLE: bool = false;

    /// Opens the store of this place. Another name is another, empty place; a durable store finds under
    /// the same name what was there when it was closed, also if it is opened for another model of the same
    /// backend's name.
    fn open<M: SyncModel>(&self, place: &str) -> impl Future<Output = Result<Self::Store<M>, Error>> + Send;
}

/// One test per case of the suite, for the [`Setup`] that the expression makes; it is made once per test.
///
/// See [`testing::conformance`](crate::testing::conformance).
#[macro_export]
macro_rules! conformance {
    ($setup:expr) => {
        $crate::__conformance_cases! { __conformance_tests $setup }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    ($setup:expr; $($group:ident: $($case:ident)*;)*) => {$($(
        #[test]
        fn $case() {
            $crate::testing::conformance::run(&$setup, stringify!($case));
        }
    )*)*};
}

/// All cases: by the file that holds them, which is by obligation.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_cases {
    ($then:ident $($given:tt)*) => { $crate::$then! { $($given)*;
        atomic:
            creates_of_one_id_race
            patches_of_different_fields_are_all_kept
            expected_revisions_lose_no_increment
            two_valid_patches_that_break_the_rule_together
            a_batch_answers_each_write_and_commits_the_rest
            a_batch_sees_its_own_writes
            a_refused_write_leaves_no_trace
            a_panicking_validation_harms_only_its_write;
        refusals:
            a_create_over_an_id_is_refused
            a_missing_document_is_not_found
            a_conflict_carries_the_current_document
            the_id_cannot_change
            an_invalid_document_names_its_fields
            values_outside_the_domain_name_their_field
            the_using_filter_hides_what_it_does_not_match
            the_check_filter_denies_what_it_does_not_match
            the_using_filter_is_asked_inside_the_write;
        revisions:
            revisions_grow_and_name_the_one_before
            revisions_grow_across_delete_and_create
            revisions_grow_across_a_reopening;
        feed:
            each_commit_is_fed_before_its_answer
            concurrent_commits_are_fed_once_and_in_order
            nothing_refused_is_fed
            a_reopened_store_feeds_nothing_old;
        facts:
            a_create_says_all
            an_update_says_what_changed
            a_delete_says_what_went
            a_fact_keeps_its_context
            a_fact_is_in_the_value_domain;
        unknown:
            unknown_fields_survive_patches
            a_field_that_is_new_reads_as_its_default;
        reads:
            every_kind_of_value_comes_back
            reads_see_every_answered_write
            answered_writes_survive_a_reopening
            a_find_names_the_position_it_includes;
        finds:
            comparisons_agree_with_memory
            combined_filters_agree_with_memory
            sorts_and_windows_agree_with_memory
            totals_count_all_that_match
            text_ids_sort_by_their_bytes
            integer_ids_sort_as_integers;
        log:
            changes_after_a_position_are_all_or_none
            a_log_continues_after_a_reopening;
        unique:
            a_value_that_is_taken_is_refused_by_its_field
            null_may_repeat
            a_value_is_free_again_after_change_and_delete
            of_racing_creates_one_gets_the_value
            a_refused_write_claims_no_value;
        cancelled:
            a_dropped_write_is_fed_or_was_not_committed
            a_dropped_commit_of_a_store_that_allows_it;
    } };
}

/// Calls the case of this name.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_call {
    ($runtime:ident, $setup:ident, $name:ident; $($group:ident: $($case:ident)*;)*) => {
        match $name {
            $($(stringify!($case) => $runtime.block_on($group::$case($setup)),)*)*
            other => panic!("the conformance suite has no case `{other}`"),
        }
    };
}

/// Runs one case, by its name; [`conformance!`](crate::conformance) calls it for each.
///
/// # Panics
/// Where the store breaks an obligation: the message has its number and what happened.
pub fn run<S: Setup>(setup: &S, case: &str) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("the system has threads");
    crate::__conformance_cases! { __conformance_call runtime, setup, case }
}
