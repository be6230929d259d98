//! The contract of [`Store`]: a scenario for each promise, run against every backend, and after it what the disk alone
//! promises.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by ending")]

mod access;
mod audit;
mod blobs;
mod catalogue;
mod devices;
mod disk;
mod events;
mod kill;
mod notices;
mod prune;
mod sample;
mod snapshot;
mod tampering;

use otary_store::{Disk, DiskOptions, Memory, Store};
use sample::MAX_STRANGERS;
use tempfile::TempDir;

/// A store under test. The folder goes with it.
struct Backend {
    store: Box<dyn Store>,
    _folder: Option<TempDir>,
}

fn memory() -> Backend {
    Backend { store: Box::new(Memory::new(MAX_STRANGERS)), _folder: None }
}

fn disk(options: DiskOptions) -> Backend {
    let folder = tempfile::tempdir().unwrap();
    Backend { store: Box::new(Disk::open(folder.path(), options).unwrap()), _folder: Some(folder) }
}

fn roomy() -> Backend {
    disk(DiskOptions { max_strangers: MAX_STRANGERS, ..DiskOptions::default() })
}

/// Nothing stays in memory once it is written, so that every scenario goes by the tables and files.
fn cramped() -> Backend {
    disk(DiskOptions { max_strangers: MAX_STRANGERS, device_cache: 0, blob_cache_bytes: 0 })
}

/// A store that was snapshotted while it was open, and goes on from the copy.
fn copied() -> Backend {
    let (from, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let options = DiskOptions { max_strangers: MAX_STRANGERS, ..DiskOptions::default() };
    let _open = Disk::open(from.path(), options).unwrap();
    snapshot::copy(from.path(), folder.path());
    Backend { store: Box::new(Disk::open(folder.path(), options).unwrap()), _folder: Some(folder) }
}

/// Looks at what waits to be written, and again when it is.
fn waiting_and_written(store: &dyn Store, look: impl Fn(&dyn Store)) {
    look(store);
    store.flush().unwrap();
    look(store);
}

macro_rules! run_on {
    ($name:ident, $make:path, { $($module:ident { $($scenario:ident)* })* }) => {
        mod $name {
            $(mod $module {
                $(#[test]
                fn $scenario() {
                    crate::$module::$scenario(&*$make().store);
                })*
            })*
        }
    };
}

macro_rules! contract {
    ($scenarios:tt) => {
        run_on!(on_memory, crate::memory, $scenarios);
        run_on!(on_disk, crate::roomy, $scenarios);
        run_on!(on_cramped_disk, crate::cramped, $scenarios);
        run_on!(on_copied_disk, crate::copied, $scenarios);
    };
}

contract!({
    notices {
        webhooks_are_kept_by_name
        what_is_due_is_found_until_it_is_done
        of_each_receiver_the_newest_are_kept
        with_a_webhook_goes_what_is_on_its_way_to_it
    }
    access {
        tokens_are_kept_by_name
        accounts_are_kept_by_name
        a_session_is_found_by_its_digest
        a_session_has_an_account
        sessions_go_with_their_account_and_when_they_have_ended
    }
    catalogue {
        a_product_is_added_and_replaced
        a_release_comes_with_its_artifacts
        a_release_needs_its_product
        a_version_is_published_once
        a_release_without_a_blob_is_refused_whole
        a_release_of_a_blob_of_another_size_is_refused_whole
        a_release_keeps_what_was_signed_of_it
        a_manifest_of_nothing_in_the_release_is_refused
        of_two_releases_of_one_moment_the_later_is_newer
        a_release_is_replaced_by_one_of_its_name
        a_deleted_release_leaves_its_artifact
        a_campaign_is_added_and_moves_on
        two_campaigns_under_way_are_not_for_the_same_devices
        one_campaign_takes_the_place_of_another
        a_release_comes_with_its_campaign_or_not_at_all
        a_release_under_a_campaign_is_not_deleted
        an_artifact_keeps_the_facts_that_a_release_rests_on
        the_catalogue_is_the_same_until_it_changes
        groups_are_kept_by_name
        settings_are_kept_by_key
    }
    blobs {
        a_blob_is_named_by_its_digest
        a_blob_that_is_not_committed_leaves_nothing
        the_same_blob_twice_is_one
        readers_share_one_copy
        a_blob_of_a_release_is_not_discarded
        a_blob_has_a_largest_size
    }
    devices {
        the_first_visit_makes_the_record
        a_device_that_is_not_admitted_is_not_recorded
        every_field_of_a_record_is_kept
        devices_are_listed_by_address
        a_forgotten_device_is_gone_with_its_events
        a_device_is_visited_by_one_at_a_time
        the_least_recently_seen_strangers_are_dropped
        known_devices_are_never_dropped
        a_dropped_stranger_may_come_back
    }
    events {
        events_are_given_newest_first
        events_are_found_by_device_and_product
        every_kind_of_event_is_kept
        downloads_are_counted
        the_newest_time_is_that_of_any_record
    }
    audit {
        every_event_is_an_entry_that_is_chained_to_the_one_before
        the_log_is_read_by_number_time_and_device
        a_head_that_was_noted_is_confirmed_later
        a_head_of_another_log_is_told_by_its_number
        what_is_forgotten_keeps_its_leaf
        two_events_of_the_same_words_have_leaves_of_their_own
        what_is_pruned_leaves_a_checkpoint
        an_old_entry_behind_a_newer_one_loses_its_text_and_not_its_place
        what_an_operator_did_is_in_the_log
    }
    prune {
        events_go_by_age_and_by_number
        a_withdrawn_release_goes_after_a_while
        superseded_releases_make_room_oldest_first
        what_is_offered_pinned_or_run_stays
        what_campaigns_and_operators_mean_for_devices_stays
        what_strangers_say_frees_nothing_that_a_device_runs
        what_a_device_took_and_has_not_started_yet_stays
        an_artifact_that_another_release_holds_stays
        a_blob_without_a_release_goes_after_a_while
        nothing_goes_without_need
    }
});
