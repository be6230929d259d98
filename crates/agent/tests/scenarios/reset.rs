//! The power goes in the middle of a download. What is in flash is gone on with, and believed only after it was read back.

use otary_agent::Millis;
use otary_agent::wire::{Cause, Outcome};

use crate::board::{Board, LAYOUT};
use crate::driver::{End, Trouble};
use crate::server::{Release, Server};
use crate::update::{HOUR, new, old};

/// A board whose power went after so many bytes.
fn cut_after(bytes: usize) -> (Server, Board) {
    let (mut server, mut board) = (Server::offering(Release::new(7, new())), Board::new(&old()));
    board.troubles.push_back(Trouble::PowerAfter(bytes));
    let slot = board.bootloader();
    assert_eq!(board.cycle(slot, &mut server, HOUR), End::PowerCut);
    (server, board)
}

#[test]
fn a_reset_resumes_at_the_last_mark_with_the_prefix_read_back() {
    let (mut server, mut board) = cut_after(20_000);
    assert_eq!(board.run(&mut server, HOUR), 1);
    let mark = 20_000 / 4096 * 4096;
    assert_eq!(board.downloads(), [(0, 20_000), (u32::try_from(mark).unwrap(), new().len() - mark)]);
    assert_eq!(board.slot(1)[..new().len()], new()[..]);
    assert_eq!(board.boots(), [0, 0, 1]);
}

#[test]
fn a_prefix_that_changed_while_the_power_was_off_is_found_by_the_digest() {
    let (mut server, mut board) = cut_after(20_000);
    board.nor.bytes[LAYOUT.slots[1].offset as usize + 9000] ^= 4;
    assert_eq!(board.run(&mut server, Millis::from_secs(600)), 0);
    assert_eq!(server.reported(), Some((7, Outcome::Refused, Some(Cause::Digest), 1)));
    // An hour later it is fetched anew, whole.
    assert_eq!(board.run(&mut server, Millis::from_secs(10_000)), 1);
    assert_eq!(board.downloads().last(), Some(&(0, new().len())));
}

#[test]
fn a_reset_before_the_first_mark_begins_anew() {
    let (mut server, mut board) = cut_after(3000);
    assert_eq!(board.run(&mut server, HOUR), 1);
    assert_eq!(board.downloads(), [(0, 3000), (0, new().len())]);
}

#[test]
fn another_release_after_a_reset_begins_anew_too() {
    let (_, mut board) = cut_after(20_000);
    let newer = crate::board::image(otary_image::Chip::Esp32C3, 9, 25_000);
    let mut server = Server::offering(Release::new(8, newer.clone()));
    assert_eq!(board.run(&mut server, HOUR), 1);
    assert_eq!(board.downloads().last(), Some(&(0, newer.len())));
    assert_eq!(board.slot(1)[..newer.len()], newer[..]);
}

#[test]
fn power_that_goes_twenty_times_costs_less_than_a_mark_each_time() {
    let (mut server, mut board) = (Server::offering(Release::new(7, new())), Board::<4>::new(&old()));
    board.troubles.extend(vec![Trouble::PowerAfter(5000); 20]);
    let mut cycles = 0;
    loop {
        let slot = board.bootloader();
        if board.cycle(slot, &mut server, HOUR) == End::Asleep {
            break;
        }
        cycles += 1;
        assert!(cycles < 30);
    }
    assert_eq!(board.boots().last(), Some(&1));
    assert!(board.downloads().iter().all(|(from, _)| from.is_multiple_of(4096)));
}

#[test]
fn a_flash_that_fails_once_anywhere_is_reported_and_the_update_completes() {
    for operation in 0..200 {
        let (mut server, mut board) = (Server::offering(Release::new(7, new())), Board::<4>::new(&old()));
        board.nor.fails_after = Some(operation);
        let slot = board.run(&mut server, Millis::from_secs(20_000));
        assert_eq!(slot, 1, "operation {operation}: {:?}", server.said);
        assert_eq!(board.slot(1)[..new().len()], new()[..]);
        if board.nor.fails_after.is_some() {
            assert!(operation > 40, "an update of {operation} operations");
            return;
        }
    }
    panic!("no end of operations");
}

#[test]
fn a_cut_behind_the_last_mark_of_a_payload_of_whole_sectors_needs_no_byte_more() {
    let whole = crate::board::image(otary_image::Chip::Esp32C3, 2, 8 * 4096 - 80);
    assert_eq!(whole.len(), 8 * 4096);
    let (mut server, mut board) = (Server::offering(Release::new(7, whole.clone())), Board::<4>::new(&old()));
    let slot = board.bootloader();
    let (mut agent, mut step) = board.start(slot);
    // Up to the last sector; then that one, and not a step further.
    board.troubles.push_back(Trouble::PowerAfter(7 * 4096));
    board.piece = 4096;
    assert_eq!(board.drive(&mut agent, step, slot, &mut server, HOUR), End::PowerCut);
    step = board.step(&mut agent, otary_agent::Input::Body(&whole[7 * 4096..]));
    assert_eq!(step, otary_agent::Step::Working);
    assert_eq!(board.run(&mut server, HOUR), 1);
    assert_eq!(board.downloads().len(), 1);
}

#[test]
fn a_floor_that_is_signed_anew_during_a_download_counts() {
    let (mut server, mut board) = cut_after(20_000);
    server.release.as_mut().unwrap().floor = 7;
    assert_eq!(board.run(&mut server, HOUR), 1);
    let mut back = Release::new(6, old());
    back.downgrade = true;
    server.release = Some(back);
    assert_eq!(board.run(&mut server, Millis::from_secs(600)), 1);
    assert_eq!(server.reported(), Some((6, Outcome::Refused, Some(Cause::Floor), 1)));
}

#[test]
fn a_flash_that_is_worn_out_is_tried_less_and_less_often() {
    let (mut server, mut board) = (Server::offering(Release::new(7, new())), Board::<4>::new(&old()));
    board.nor.worn = Some(0x3_2000..0x3_4000);
    assert_eq!(board.run(&mut server, Millis::from_secs(12 * 3600)), 0);
    assert!((3..60).contains(&server.said.len()), "{} check-ins in twelve hours", server.said.len());
}
