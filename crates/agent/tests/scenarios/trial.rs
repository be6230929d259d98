//! A new app has to prove itself: test itself, reach the server, in time, within so many boots. Else the old one comes back.

use otary_agent::wire::{Cause, Outcome};
use otary_agent::{Lost, Millis};
use otary_image::{Chip, Rollback, State};

use crate::board::{Board, LAYOUT, OTADATA, image};
use crate::driver::{End, Trouble};
use crate::server::{Release, RootPlan, Server, TODAY};
use crate::update::{HOUR, new, old};

/// A board that has fetched release 7 and is about to start it.
fn fetched() -> (Server, Board) {
    fetched_from(Server::offering(Release::new(7, new())))
}

fn fetched_from(mut server: Server) -> (Server, Board) {
    let mut board = Board::new(&old());
    let slot = board.bootloader();
    assert_eq!(board.cycle(slot, &mut server, HOUR), End::Restart);
    (server, board)
}

fn rolled_back(cause: Cause) -> (u32, Outcome, Option<Cause>, u8) {
    (7, Outcome::RolledBack, Some(cause), 1)
}

#[test]
fn an_app_that_finds_itself_broken_is_replaced_by_the_old_one() {
    let (mut server, mut board) = fetched();
    board.works[1] = false;
    assert_eq!(board.run(&mut server, Millis::from_secs(3000)), 0);
    assert_eq!(board.boots(), [0, 1, 0]);
    assert_eq!(server.reported(), Some(rolled_back(Cause::SelfTest)));
}

#[test]
fn an_app_that_does_not_reach_the_server_in_time_is_replaced_by_the_old_one() {
    let (mut server, mut board) = fetched();
    board.troubles.extend(vec![Trouble::Lost(Lost::NoAddress); 1000]);
    let slot = board.bootloader();
    assert_eq!((slot, board.cycle(slot, &mut server, HOUR)), (1, End::Restart));
    assert!(
        board.uptime >= board.policy.confirm_within && board.uptime < board.policy.confirm_within.plus(HOUR)
    );
    let tries = 1000 - board.troubles.len();
    assert!(tries > 5, "{tries} tries in half an hour");
    board.troubles.clear();
    assert_eq!(board.run(&mut server, Millis::from_secs(3000)), 0);
    assert_eq!(server.reported(), Some(rolled_back(Cause::Unreachable)));
}

#[test]
fn a_server_that_asks_for_patience_during_a_trial_costs_no_good_app() {
    let (mut server, mut board) = fetched();
    board.troubles.push_back(Trouble::Status(503, Some(2 * 3600)));
    board.troubles.extend(vec![Trouble::Status(429, Some(1200)); 3]);
    assert_eq!(board.run(&mut server, Millis::from_secs(4 * 3600)), 1);
    assert_eq!(server.reported(), Some((7, Outcome::Installed, None, 1)));
}

#[test]
fn a_server_that_asks_for_patience_and_then_is_gone_confirms_nothing() {
    let (mut server, mut board) = fetched();
    board.troubles.push_back(Trouble::Status(503, Some(7200)));
    board.troubles.extend(vec![Trouble::Lost(Lost::NoAddress); 1000]);
    let slot = board.bootloader();
    assert_eq!((slot, board.cycle(slot, &mut server, Millis::from_secs(20_000))), (1, End::Restart));
    let least = Millis::from_secs(7200).plus(board.policy.confirm_within);
    assert!((least..least.plus(HOUR)).contains(&board.uptime), "{:?}", board.uptime);
    board.troubles.clear();
    assert_eq!(board.run(&mut server, Millis::from_secs(3000)), 0);
    assert_eq!(server.reported(), Some(rolled_back(Cause::Unreachable)));
}

#[test]
fn an_answer_that_is_not_the_servers_confirms_nothing() {
    let (mut server, mut board) = fetched();
    server.order_key = Some('X');
    let slot = board.bootloader();
    assert_eq!((slot, board.cycle(slot, &mut server, HOUR)), (1, End::Restart));
    server.order_key = Some('O');
    assert_eq!(board.run(&mut server, Millis::from_secs(3000)), 0);
    assert_eq!(server.reported(), Some(rolled_back(Cause::Unreachable)));
}

#[test]
fn an_app_that_crashes_at_each_start_is_replaced_after_three_boots() {
    let (mut server, mut board) = fetched();
    board.crashes[1] = true;
    assert_eq!(board.run(&mut server, Millis::from_secs(3000)), 0);
    assert_eq!(board.boots(), [0, 1, 1, 1, 1, 0]);
    assert_eq!(server.reported(), Some(rolled_back(Cause::BootsSpent)));
}

#[test]
fn a_bootloader_with_rollback_goes_back_itself_and_the_agent_says_so() {
    let (mut server, mut board) = fetched();
    board.rollback = Rollback::Enabled;
    board.crashes[1] = true;
    assert_eq!(board.run(&mut server, Millis::from_secs(3000)), 0);
    assert_eq!(board.boots(), [0, 1, 0]);
    assert_eq!(server.reported(), Some(rolled_back(Cause::Bootloader)));
}

#[test]
fn what_one_attempt_left_in_otadata_is_not_held_against_the_next() {
    let (mut server, mut board) = fetched();
    board.rollback = Rollback::Enabled;
    board.crashes[1] = true;
    board.run(&mut server, Millis::from_secs(3000));
    // The entry of slot 1 is aborted now. The next release goes to the same slot.
    board.crashes[1] = false;
    let newer = image(Chip::Esp32C3, 8, 25_000);
    server.release = Some(Release::new(8, newer.clone()));
    assert_eq!(board.run(&mut server, HOUR), 1);
    assert_eq!(server.reported(), Some((8, Outcome::Installed, None, 1)));
    assert_eq!(board.slot(1)[..newer.len()], newer[..]);
}

#[test]
fn a_cut_before_the_selection_is_not_taken_for_the_bootloaders_word() {
    let (mut server, mut board) = fetched();
    board.rollback = Rollback::Enabled;
    board.crashes[1] = true;
    board.run(&mut server, Millis::from_secs(600));
    board.crashes[1] = false;
    server.release = Some(Release::new(8, image(Chip::Esp32C3, 8, 25_000)));
    // The selection is noted, and then the power goes: otadata keeps the aborted entry's sector as it is by then.
    let slot = board.bootloader();
    board.power_goes_at_selection = true;
    assert_eq!(board.cycle(slot, &mut server, HOUR), End::PowerCut);
    assert_eq!(board.run(&mut server, HOUR), 1);
    assert_eq!(server.reported(), Some((8, Outcome::Installed, None, 1)));
}

#[test]
fn a_torn_mark_counts_as_a_boot() {
    let (mut server, mut board) = fetched();
    for _ in 0..3 {
        board.tear_mark();
    }
    assert_eq!(board.run(&mut server, Millis::from_secs(3000)), 0);
    assert_eq!(board.boots(), [0, 1, 0]);
    assert_eq!(server.reported(), Some(rolled_back(Cause::BootsSpent)));
}

#[test]
fn an_image_that_the_bootloader_refuses_is_given_up() {
    let (mut server, mut board) = fetched();
    board.nor.bytes[LAYOUT.slots[1].offset as usize] = 0;
    assert_eq!(board.run(&mut server, Millis::from_secs(3000)), 0);
    assert_eq!(board.boots(), [0, 0]);
    assert_eq!(server.reported(), Some(rolled_back(Cause::Bootloader)));
    let otadata = board.otadata();
    assert_eq!(otadata.entry(otadata.active().unwrap()).slot(2), Some(0), "and not tried at each start");
}

#[test]
fn a_broken_app_stays_if_the_old_one_is_gone() {
    let (mut server, mut board) = fetched();
    board.works[1] = false;
    board.nor.bytes[LAYOUT.slots[0].offset as usize] = 0;
    assert_eq!(
        board.run(&mut server, Millis::from_secs(3000)),
        1,
        "better than a board that restarts for ever"
    );
    assert_eq!(server.reported(), Some(rolled_back(Cause::SelfTest)));
}

#[test]
fn a_power_cut_during_the_trial_is_no_verdict() {
    let (mut server, mut board) = fetched();
    for _ in 0..2 {
        let slot = board.bootloader();
        let _ = board.start(slot);
    }
    assert_eq!(board.run(&mut server, HOUR), 1);
    assert_eq!(server.reported(), Some((7, Outcome::Installed, None, 1)));
}

#[test]
fn release_and_floor_count_only_once_the_app_is_confirmed() {
    let mut strict = Release::new(9, new());
    strict.floor = 9;
    let (mut server, mut board) = fetched_from(Server::offering(strict.clone()));
    board.works[1] = false;
    board.run(&mut server, Millis::from_secs(3000));
    // Release 9 failed, so 8 is not too old.
    let eight = image(Chip::Esp32C3, 8, 25_000);
    server.release = Some(Release::new(8, eight.clone()));
    board.works[1] = true;
    assert_eq!(board.run(&mut server, HOUR), 1);
    assert_eq!(server.reported(), Some((8, Outcome::Installed, None, 1)));
    // Once it runs, its floor holds even against a release that may go back.
    server.release = Some(strict);
    assert_eq!(board.run(&mut server, HOUR), 0);
    // Another attempt takes the journal; what was confirmed before is in the state.
    server.release = Some(Release::new(10, image(Chip::Esp32C3, 10, 25_000)));
    board.works[1] = false;
    assert_eq!(board.run(&mut server, Millis::from_secs(1000)), 0);
    let mut back = Release::new(8, eight);
    back.downgrade = true;
    server.release = Some(back);
    board.run(&mut server, Millis::from_secs(1000));
    assert_eq!(server.reported(), Some((8, Outcome::Refused, Some(Cause::Floor), 1)));
}

#[test]
fn a_release_that_came_to_nothing_waits_an_hour_then_two() {
    let (mut server, mut board) = fetched();
    server.poll_after = 600;
    board.works[1] = false;
    assert_eq!(board.run(&mut server, Millis::from_secs(3500)), 0);
    assert_eq!(board.downloads().len(), 1);
    let slot = board.bootloader();
    assert_eq!(board.cycle(slot, &mut server, Millis::from_secs(5000)), End::Restart);
    assert!((3600..4800).contains(&board.uptime.as_secs()));
    assert_eq!(board.run(&mut server, Millis::from_secs(7100)), 0);
    assert_eq!(server.reported(), Some((7, Outcome::RolledBack, Some(Cause::SelfTest), 2)));
    assert_eq!(board.downloads().len(), 2);
    board.works[1] = true;
    assert_eq!(board.run(&mut server, Millis::from_secs(9000)), 1);
    assert_eq!(server.reported(), Some((7, Outcome::Installed, None, 3)));
}

#[test]
fn a_device_that_sleeps_tries_a_failed_release_again_although_it_is_never_up_for_an_hour() {
    let (mut server, mut board) = fetched();
    board.works[1] = false;
    let awake = Millis::from_secs(300);
    assert_eq!(board.run(&mut server, awake), 0);
    // Every twenty minutes it wakes, asks, and is off again: an hour has to pass, and then two.
    let mut minutes = Vec::new();
    for _ in 0..12 {
        server.time.0 += 1200;
        let before = board.downloads().len();
        board.run(&mut server, awake);
        if board.downloads().len() > before {
            minutes.push((server.time.0 - TODAY.0) / 60);
        }
    }
    assert_eq!(minutes, [60, 180]);
    board.works[1] = true;
    server.time.0 += 4 * 3600;
    assert_eq!(board.run(&mut server, awake), 1);
    assert_eq!(server.reported(), Some((7, Outcome::Installed, None, 4)));
}

#[test]
fn another_release_need_not_wait() {
    let (mut server, mut board) = fetched();
    board.works[1] = false;
    board.run(&mut server, Millis::from_secs(600));
    board.works[1] = true;
    server.release = Some(Release::new(8, image(Chip::Esp32C3, 8, 25_000)));
    assert_eq!(board.run(&mut server, Millis::from_secs(600)), 1);
}

#[test]
fn a_new_root_record_waits_for_the_end_of_the_trial() {
    let (mut server, mut board) = fetched();
    server.roots.push(RootPlan { version: 2, ..RootPlan::first() }.sign());
    assert_eq!(board.run(&mut server, HOUR), 1);
    let roots: Vec<u32> = server.said.iter().map(|said| said.root).collect();
    assert_eq!(roots, [1, 1, 1, 2], "check-in, trial, report with the new record, and the answer to it");
    assert_eq!(server.reported(), Some((7, Outcome::Installed, None, 1)));
}

#[test]
fn the_selected_entry_is_new_on_trial_and_valid_when_confirmed() {
    let (mut server, mut board) = fetched();
    let state = |board: &Board| board.otadata().entry(board.otadata().active().unwrap()).state;
    assert_eq!(state(&board), State::New);
    board.run(&mut server, HOUR);
    assert_eq!(state(&board), State::Valid);
}

#[test]
fn an_app_that_was_given_up_is_not_confirmed_while_the_way_back_fails() {
    let (mut server, mut board) = fetched();
    board.works[1] = false;
    board.nor.worn = Some(OTADATA..OTADATA + 0x2000);
    board.events.clear();
    let slot = board.bootloader();
    let (mut agent, step) = board.start(slot);
    assert_eq!(board.drive(&mut agent, step, slot, &mut server, Millis::from_secs(300)), End::Asleep);
    assert_eq!(server.said.len(), 1, "the server is not asked: its answer would confirm the app");
    assert!(board.sleeps().iter().all(|sleep| *sleep >= Millis::from_secs(1)), "{:?}", board.sleeps());
    board.nor.worn = None;
    let step = otary_agent::Step::Sleep { until: Millis::from_secs(300) };
    assert_eq!(board.drive(&mut agent, step, slot, &mut server, HOUR), End::Restart);
    assert_eq!(board.run(&mut server, Millis::from_secs(3000)), 0);
    assert_eq!(server.reported(), Some(rolled_back(Cause::SelfTest)));
}
