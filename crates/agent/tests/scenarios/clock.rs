//! A device whose clock is unknown, stuck or wrong still updates, and installs nothing that has expired for certain.

use otary_agent::wire::{Cause, ClockState, Outcome, UnixSeconds};
use otary_agent::{Dates, Millis};
use otary_image::Chip;

use crate::board::{Board, image};
use crate::server::{Release, Server, TODAY};
use crate::update::{HOUR, new, old};

const YEAR: u64 = 365 * 86_400;

fn years_after(years: u64) -> UnixSeconds {
    UnixSeconds(TODAY.0 + years * YEAR)
}

fn dates(board: &Board) -> Vec<Dates> {
    board.connections().into_iter().map(|(dates, _)| dates).collect()
}

#[test]
fn with_ntp_blocked_for_three_years_the_device_still_updates() {
    let mut server = Server { time: years_after(3), ..Server::offering(Release::new(7, new())) };
    let mut board = Board::<4>::new(&old());
    board.certificate = (years_after(2), years_after(4));
    assert_eq!(board.run(&mut server, HOUR), 1);
    assert!(dates(&board).iter().all(|dates| *dates == Dates::Ignore));
    let clocks: Vec<ClockState> = server.said.iter().map(|said| said.clock).collect();
    assert_eq!(clocks, [ClockState::Unknown, ClockState::Unknown, ClockState::LowerBound]);
}

#[test]
fn a_signed_time_is_remembered_across_restarts() {
    let mut server = Server { time: years_after(3), ..Server::new() };
    let mut board = Board::<4>::new(&old());
    board.run(&mut server, HOUR);
    // The next answer has no order's time to go by: it is judged by what is in flash.
    let mut release = Release::new(7, new());
    release.not_after = Some(years_after(2));
    server.release = Some(release);
    server.time = years_after(1);
    board.run(&mut server, HOUR);
    assert_eq!(server.last().clock, ClockState::LowerBound);
    assert_eq!(server.reported(), Some((0, Outcome::Refused, Some(Cause::Expired), 1)));
}

#[test]
fn a_signed_time_goes_to_flash_once_a_day_at_most() {
    let mut server = Server { poll_after: 600, ..Server::new() };
    let mut board = Board::<4>::new(&old());
    board.run(&mut server, Millis::from_secs(86_000));
    assert!(server.said.len() > 100);
    assert_eq!(board.nor.erases.len(), 1, "flash wears");
}

#[test]
fn a_leaf_that_was_renewed_after_the_build_date_is_accepted_by_a_clock_that_stands_there() {
    let mut server = Server { time: years_after(2), ..Server::offering(Release::new(7, new())) };
    let mut board = Board::<4>::new(&old());
    // A driver that takes its build date for the time until SNTP answers, which it never does.
    board.sntp = Some(TODAY);
    board.certificate = (years_after(1), years_after(3));
    assert_eq!(board.run(&mut server, HOUR), 1);
    assert_eq!(dates(&board)[..2], [Dates::Enforce, Dates::Ignore]);
    assert_eq!(server.reported(), Some((7, Outcome::Installed, None, 1)));
}

#[test]
fn a_clock_twenty_years_ahead_is_put_right_by_the_server_and_the_device_updates() {
    let mut release = Release::new(7, new());
    release.not_after = Some(years_after(1));
    let mut server = Server::offering(release);
    let mut board = Board::<4>::new(&old());
    board.sntp = Some(years_after(20));
    board.certificate = (TODAY, years_after(1));
    assert_eq!(board.run(&mut server, HOUR), 1);
    assert_eq!(server.reported(), Some((7, Outcome::Installed, None, 1)));
    // Put right, dates are enforced again: the report went over such a connection.
    assert_eq!(dates(&board).last(), Some(&Dates::Enforce));
    assert_eq!(server.last().clock, ClockState::Set);
}

#[test]
fn a_right_clock_enforces_dates() {
    let mut server = Server::offering(Release::new(7, new()));
    let mut board = Board::<4>::new(&old());
    board.sntp = Some(TODAY);
    board.certificate = (TODAY, years_after(1));
    assert_eq!(board.run(&mut server, HOUR), 1);
    assert!(dates(&board).iter().all(|dates| *dates == Dates::Enforce));
}

#[test]
fn a_certificate_that_has_really_expired_does_not_end_updates() {
    let mut server = Server::offering(Release::new(7, image(Chip::Esp32C3, 2, 30_000)));
    let mut board = Board::<4>::new(&old());
    board.sntp = Some(TODAY);
    board.certificate = (UnixSeconds(0), UnixSeconds(TODAY.0 - YEAR));
    assert_eq!(board.run(&mut server, HOUR), 1, "integrity rests on the manifest");
}
