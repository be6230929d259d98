//! The link is cut, stalls, drips, lies about lengths. The update completes, or is given up for a reason.

use otary_agent::wire::{Cause, Outcome};
use otary_agent::{Lost, Millis};

use crate::board::Board;
use crate::driver::{End, Trouble};
use crate::server::{Release, Server};
use crate::update::{HOUR, new, old};

fn offered() -> (Server, Board) {
    (Server::offering(Release::new(7, new())), Board::new(&old()))
}

fn is_installed(board: &Board) -> bool {
    board.boots().ends_with(&[1]) && board.slot(1)[..new().len()] == new()[..]
}

#[test]
fn a_lost_link_resumes_at_the_exact_byte() {
    let (mut server, mut board) = offered();
    board.troubles.extend([Trouble::CutAfter(5001), Trouble::CutAfter(10), Trouble::CutAfter(3)]);
    board.run(&mut server, HOUR);
    assert_eq!(board.downloads(), [(0, 5001), (5001, 10), (5011, 3), (5014, new().len() - 5014)]);
    assert!(is_installed(&board));
}

#[test]
fn a_piece_that_would_enter_two_sectors_enters_one() {
    let (mut server, mut board) = offered();
    board.piece = 4096;
    // The first sector is not entered with twenty bytes, and the next piece fills it and twenty bytes more.
    board.troubles.push_back(Trouble::CutAfter(20));
    board.run(&mut server, HOUR);
    assert!(is_installed(&board));
    assert_eq!(board.most_erased, 1);
}

#[test]
fn twenty_losses_in_one_download_fetch_no_byte_twice() {
    let (mut server, mut board) = offered();
    board.troubles.extend(vec![Trouble::CutAfter(1400); 20]);
    board.run(&mut server, HOUR);
    let delivered: usize = board.downloads().iter().map(|(_, delivered)| delivered).sum();
    assert_eq!((board.downloads().len(), delivered), (21, new().len()));
    assert!(is_installed(&board));
}

#[test]
fn a_server_that_ignores_the_range_is_read_over() {
    let (mut server, mut board) = offered();
    board.troubles.extend([Trouble::CutAfter(5001), Trouble::IgnoresRange]);
    board.run(&mut server, HOUR);
    assert_eq!(board.downloads(), [(0, 5001), (0, new().len())]);
    assert!(is_installed(&board));
}

#[test]
fn a_peer_that_stalls_is_given_up_and_asked_again() {
    let (mut server, mut board) = offered();
    board.troubles.push_back(Trouble::StallAfter(3000));
    board.run(&mut server, HOUR);
    assert_eq!(board.downloads(), [(0, 3000), (3000, new().len() - 3000)]);
}

#[test]
fn slow_retrieval_is_given_up_after_half_a_minute() {
    let (mut server, mut board) = offered();
    // Ten bytes a second.
    board.troubles.push_back(Trouble::Drip(100));
    board.run(&mut server, HOUR);
    let [(0, delivered), (from, _)] = board.downloads()[..] else { panic!("{:?}", board.downloads()) };
    assert!((250..=310).contains(&delivered), "{delivered} bytes in half a minute");
    assert_eq!(from as usize, delivered, "and what came is kept");
    assert!(is_installed(&board));
}

#[test]
fn an_endless_body_is_left_at_the_signed_length() {
    let (mut server, mut board) = offered();
    board.troubles.push_back(Trouble::Endless);
    board.run(&mut server, Millis::from_secs(600));
    assert_eq!(board.downloads().len(), 1);
    assert!(board.downloads()[0].1 < new().len() + board.piece);
    assert_eq!(server.reported(), Some((7, Outcome::Refused, Some(Cause::Length), 1)));
    assert_eq!(board.boots(), [0]);
}

#[test]
fn another_length_than_the_signed_one_is_refused_before_the_first_byte() {
    let (mut server, mut board) = offered();
    board.troubles.push_back(Trouble::Announces(1_000_000));
    board.run(&mut server, Millis::from_secs(600));
    assert_eq!(board.downloads(), [(0, 0)]);
    assert_eq!(server.reported(), Some((7, Outcome::Refused, Some(Cause::Length), 1)));
}

#[test]
fn a_payload_that_is_gone_is_not_asked_for_before_the_server_has_been() {
    let (mut server, mut board) = offered();
    board.troubles.extend([Trouble::CutAfter(5000), Trouble::Status(404, None)]);
    board.run(&mut server, HOUR);
    let check_ins = server.said.iter().filter(|said| said.release == 0).count();
    assert_eq!((check_ins, board.downloads().len()), (2, 3));
    assert!(is_installed(&board));
}

#[test]
fn retry_after_is_kept_to_and_exceeded_by_a_tenth_at_most() {
    let (mut server, mut board) = offered();
    board.troubles.extend([Trouble::Status(503, Some(120)), Trouble::Status(429, Some(300))]);
    board.run(&mut server, HOUR);
    let waits: Vec<Millis> = board.sleeps().into_iter().filter(|wait| wait.as_secs() > 60).collect();
    let [first, second] = waits[..] else { panic!("{waits:?}") };
    assert!((120..=132).contains(&first.as_secs()), "{first:?}");
    assert!((300..=330).contains(&second.as_secs()), "{second:?}");
}

#[test]
fn an_offer_that_asks_for_patience_is_heard() {
    let (mut server, mut board) = (Server::new(), Board::<4>::new(&old()));
    server.retry_after = Some(7200);
    assert_eq!(board.run(&mut server, Millis::from_secs(7100)), 0);
    assert_eq!(server.said.len(), 1, "the order's hour is shorter");
}

#[test]
fn waits_grow_while_nobody_answers_and_stay_bounded() {
    let (mut server, mut board) = offered();
    board.troubles.extend(vec![Trouble::Lost(Lost::NoAddress); 40]);
    board.run(&mut server, Millis::from_secs(200_000));
    let waits = &board.sleeps()[1..41];
    let (least, most) = (board.policy.backoff_min, board.policy.backoff_max);
    assert!(waits.iter().all(|wait| (least..=most).contains(wait)), "{waits:?}");
    assert!(waits[..3].iter().all(|wait| wait.as_secs() <= 20), "soon at first");
    assert!(waits[20..].iter().any(|wait| *wait > Millis(most.0 / 2)), "rarely later");
    assert!(is_installed(&board));
}

#[test]
fn a_check_in_without_an_answer_ends_after_a_minute() {
    let (mut server, mut board) = offered();
    let slot = board.bootloader();
    let (mut agent, mut step) = board.start(slot);
    while !matches!(step, otary_agent::Step::CheckIn) {
        board.uptime = board.uptime.plus(Millis(1000));
        step = board.step(&mut agent, otary_agent::Input::Tick);
    }
    let asked = board.uptime;
    while !matches!(step, otary_agent::Step::Sleep { .. }) {
        board.uptime = board.uptime.plus(Millis(1000));
        step = board.step(&mut agent, otary_agent::Input::Tick);
        assert!(board.uptime.since(asked).as_secs() < 70);
    }
    assert_eq!(board.drive(&mut agent, step, slot, &mut server, HOUR), End::Restart);
}

#[test]
fn boards_that_start_together_do_not_all_ask_at_once() {
    let first = |seed| {
        let (_, mut board) = offered();
        board.seed(seed);
        let slot = board.bootloader();
        let otary_agent::Step::Sleep { until } = board.start(slot).1 else { panic!("{:?}", board.events) };
        assert!(until <= board.policy.backoff_min);
        until
    };
    let starts: std::collections::BTreeSet<Millis> = (1..20).map(|seed| first(seed << 40)).collect();
    assert!(starts.len() > 10, "{starts:?}");
}

#[test]
fn a_payload_that_stays_away_is_asked_for_less_and_less_often() {
    for status in [404, 500] {
        let (mut server, mut board) = offered();
        board.payload_status = Some(status);
        board.run(&mut server, Millis::from_secs(12 * 3600));
        let asked = board.downloads().len();
        assert!((5..60).contains(&asked), "status {status}: {asked} times in twelve hours");
        assert!(
            server.said.len() > 3,
            "status {status}: and the server is asked whether it still is the right one"
        );
        // Another release need not wait.
        board.payload_status = None;
        server.release = Some(Release::new(8, new()));
        board.run(&mut server, HOUR);
        assert!(is_installed(&board));
    }
}
