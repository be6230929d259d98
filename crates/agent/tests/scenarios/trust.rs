//! Root records and trust sets: one by one, each a step of its own, and back to what worked.

use otary_agent::wire::{Cause, Outcome};
use otary_agent::{Anchors, Lost, Millis, Step};

use crate::board::{Board, STORE};
use crate::driver::{End, Trouble};
use crate::events::Event;
use crate::server::{Release, RootPlan, Server};
use crate::update::{HOUR, new, old};

const MINUTES: Millis = Millis::from_secs(600);

fn anchor(letter: u8, length: usize) -> Vec<u8> {
    vec![letter; length]
}

/// Version 2: two new anchors.
fn second() -> RootPlan {
    RootPlan { version: 2, anchors: vec![anchor(b'a', 500), anchor(b'b', 613)], ..RootPlan::first() }
}

fn serving(roots: &[RootPlan]) -> Server {
    let mut server = Server::new();
    server.roots.extend(roots.iter().map(RootPlan::sign));
    server.anchors = roots.iter().flat_map(|root| root.anchors.clone()).collect();
    server
}

#[test]
fn a_new_trust_set_is_fetched_tried_kept_and_said() {
    let mut server = serving(&[second()]);
    let mut board = Board::<4>::new(&old());
    board.compiled_anchors = vec![anchor(b'z', 400)];
    // The server's chain fits both.
    board.server_anchors = vec![anchor(b'z', 400), anchor(b'b', 613)];
    board.run(&mut server, HOUR);
    let said: Vec<_> = server.said.iter().map(|said| (said.root, said.trust_set)).collect();
    assert_eq!(said, [(1, 1), (2, 2), (2, 2)]);
    assert_eq!(board.events.iter().filter(|event| **event == Event::Anchor).count(), 2);
    // Once the server has dropped the old root, and after a restart.
    board.server_anchors = vec![anchor(b'b', 613)];
    server.release = Some(Release::new(7, new()));
    assert_eq!(board.run(&mut server, HOUR), 1);
    assert_eq!(board.connections().last().unwrap().1, Anchors::Stored);
}

#[test]
fn root_record_trust_set_and_firmware_are_never_taken_over_in_one_step() {
    let mut server = serving(&[second()]);
    server.release = Some(Release::new(7, new()));
    let mut board = Board::<4>::new(&old());
    assert_eq!(board.run(&mut server, HOUR), 1);
    let order: Vec<&str> = board
        .events
        .iter()
        .filter_map(|event| match event {
            Event::CheckIn { .. } => Some("check-in"),
            Event::Anchor => Some("anchor"),
            Event::Payload { .. } => Some("payload"),
            Event::Restart => Some("restart"),
            _ => None,
        })
        .collect();
    let taken = [
        "check-in", "anchor", "anchor", "check-in", "check-in", "payload", "restart", "check-in", "check-in",
    ];
    assert_eq!(order, taken, "the record; its set; an answer over it; only then the release");
}

#[test]
fn a_trust_set_that_never_works_is_left_for_the_one_that_did_and_reported() {
    let mut server = serving(&[second()]);
    server.release = Some(Release::new(7, new()));
    let mut board = Board::<4>::new(&old());
    board.compiled_anchors = vec![anchor(b'z', 400)];
    board.server_anchors = vec![anchor(b'z', 400)];
    assert_eq!(board.run(&mut server, HOUR), 1, "and firmware still comes");
    let trust = (2, Outcome::TrustSetRefused, Some(Cause::TrustHandshake), 1);
    let reports: Vec<_> = server.said.iter().filter_map(|said| said.report).collect();
    assert_eq!(reports[0], trust);
    let stored = board.connections().iter().filter(|(_, anchors)| *anchors == Anchors::Stored).count();
    assert_eq!(stored, 3, "three tries");
    assert_eq!((server.last().root, server.last().trust_set), (2, 1));
}

#[test]
fn failed_handshakes_count_across_restarts() {
    let mut server = serving(&[second()]);
    let mut board = Board::<4>::new(&old());
    board.compiled_anchors = vec![anchor(b'z', 400)];
    board.server_anchors = vec![anchor(b'z', 400)];
    for _ in 0..5 {
        // Too short for a second try.
        board.policy.backoff_min = Millis::from_secs(100);
        board.run(&mut server, Millis::from_secs(101));
    }
    let stored = board.connections().iter().filter(|(_, anchors)| *anchors == Anchors::Stored).count();
    assert_eq!(stored, 3);
    assert_eq!(server.last().trust_set, 1);
}

#[test]
fn an_anchor_that_is_missing_or_another_one_is_reported() {
    for wrong in [None, Some(anchor(b'x', 500))] {
        let mut server = serving(&[second()]);
        server.anchors.remove(0);
        server.misplaced_anchor = wrong;
        let mut board = Board::<4>::new(&old());
        board.run(&mut server, HOUR);
        assert_eq!(server.reported(), Some((2, Outcome::TrustSetRefused, Some(Cause::TrustAnchor), 1)));
        assert_eq!((server.last().root, server.last().trust_set), (2, 1));
    }
}

#[test]
fn a_set_that_was_refused_and_said_is_not_said_again_after_a_restart() {
    let mut server = serving(&[second()]);
    server.anchors.remove(0);
    server.release = Some(Release::new(7, new()));
    let mut board = Board::<4>::new(&old());
    for _ in 0..3 {
        board.run(&mut server, HOUR);
    }
    let reports: Vec<_> = server.said.iter().filter_map(|said| said.report).collect();
    let refused = (2, Outcome::TrustSetRefused, Some(Cause::TrustAnchor), 1);
    assert_eq!(reports, [refused, (7, Outcome::Installed, None, 1)]);
}

#[test]
fn a_set_that_was_refused_and_not_said_is_said_with_its_cause_after_a_restart() {
    let mut server = serving(&[second()]);
    server.anchors.remove(0);
    let mut board = Board::<4>::new(&old());
    let slot = board.bootloader();
    let (mut agent, mut step) = board.start(slot);
    for second in 1.. {
        board.drive(&mut agent, step, slot, &mut server, Millis::from_secs(second));
        step = Step::Sleep { until: Millis::from_secs(second) };
        if agent.news().is_some() {
            break;
        }
    }
    assert_eq!(server.reported(), None, "and here the power goes");
    board.run(&mut server, HOUR);
    assert_eq!(server.reported(), Some((2, Outcome::TrustSetRefused, Some(Cause::TrustAnchor), 1)));
}

#[test]
fn power_that_goes_between_two_anchors_fetches_them_anew() {
    let mut server = serving(&[second()]);
    let mut board = Board::<4>::new(&old());
    board.power_goes_at_anchor = true;
    let slot = board.bootloader();
    assert_eq!(board.cycle(slot, &mut server, HOUR), End::PowerCut);
    board.run(&mut server, HOUR);
    assert_eq!((server.last().root, server.last().trust_set), (2, 2));
}

#[test]
fn a_link_that_is_lost_at_an_anchor_is_no_fault_of_the_set() {
    let mut server = serving(&[second()]);
    let mut board = Board::<4>::new(&old());
    board.anchor_losses = 10;
    board.run(&mut server, Millis::from_secs(100_000));
    assert_eq!((server.last().root, server.last().trust_set), (2, 2));
}

#[test]
fn records_are_taken_over_one_by_one() {
    let third = RootPlan { version: 3, release_keys: vec![('S', 1, 1000)], ..RootPlan::first() };
    let mut server = serving(&[RootPlan { version: 2, ..RootPlan::first() }, third]);
    let mut release = Release::new(7, new());
    release.key = 'S';
    server.release = Some(release);
    let mut board = Board::<4>::new(&old());
    assert_eq!(board.run(&mut server, HOUR), 1);
    let roots: Vec<u32> = server.said.iter().map(|said| said.root).collect();
    assert_eq!(roots, [1, 2, 3, 3, 3]);
    // The record is in flash.
    board.run(&mut server, MINUTES);
    assert_eq!(server.last().root, 3);
}

#[test]
fn a_record_that_skips_one_or_is_signed_by_a_stranger_is_refused_and_reported() {
    let skips = RootPlan { version: 3, ..RootPlan::first() };
    let stranger = RootPlan { version: 2, root_keys: "X", signers: "X", ..RootPlan::first() };
    for (root, cause) in [(skips, Cause::RootVersion), (stranger, Cause::RootSignature)] {
        let mut server = serving(&[root]);
        let mut board = Board::<4>::new(&old());
        board.run(&mut server, MINUTES);
        assert_eq!(server.reported(), Some((0, Outcome::Refused, Some(cause), 1)));
        assert_eq!(server.last().root, 1);
    }
}

#[test]
fn root_keys_rotate_with_the_signatures_of_both() {
    let rotated = RootPlan { version: 2, root_keys: "B", signers: "AB", ..RootPlan::first() };
    let after = RootPlan { version: 3, root_keys: "B", signers: "B", ..RootPlan::first() };
    let mut server = serving(&[rotated, after]);
    Board::<4>::new(&old()).run(&mut server, HOUR);
    assert_eq!(server.last().root, 3);
}

#[test]
fn a_record_with_the_same_trust_set_fetches_nothing() {
    let third = RootPlan { version: 3, ..second() };
    let mut server = serving(&[second(), third]);
    let mut board = Board::<4>::new(&old());
    board.run(&mut server, HOUR);
    assert_eq!(board.events.iter().filter(|event| **event == Event::Anchor).count(), 2);
    assert_eq!((server.last().root, server.last().trust_set), (3, 3));
    assert_eq!(
        board.connections().last().unwrap().1,
        Anchors::Stored,
        "and the set is the one of the second"
    );
}

#[test]
fn a_firmware_brings_its_own_record_and_set_unless_the_stored_ones_are_newer() {
    let mut server = serving(&[second()]);
    let mut board = Board::<4>::new(&old());
    board.run(&mut server, HOUR);
    assert_eq!(board.connections().last().unwrap().1, Anchors::Stored);
    board.root = RootPlan { version: 3, ..second() }.sign().leak();
    server.roots.push(RootPlan { version: 3, ..second() }.sign());
    board.run(&mut server, HOUR);
    assert_eq!((server.last().root, server.last().trust_set), (3, 3));
    assert_eq!(board.connections().last().unwrap().1, Anchors::CompiledIn);
}

#[test]
fn a_refused_handshake_with_the_set_in_use_changes_nothing() {
    let mut server = Server::new();
    let mut board = Board::<4>::new(&old());
    board.troubles.extend(vec![Trouble::Lost(Lost::Handshake { dates_only: false }); 6]);
    board.run(&mut server, HOUR);
    assert_eq!((server.last().trust_set, server.reported()), (1, None));
}

#[test]
fn a_set_that_was_refused_is_not_said_to_be_in_use_because_the_next_record_names_it_too() {
    let mut server = serving(&[second()]);
    let mut board = Board::<4>::new(&old());
    board.compiled_anchors = vec![anchor(b'z', 400)];
    board.server_anchors = vec![anchor(b'z', 400)];
    board.run(&mut server, HOUR);
    assert_eq!((server.last().root, server.last().trust_set), (2, 1));
    server.roots.push(RootPlan { version: 3, ..second() }.sign());
    board.server_anchors.push(anchor(b'b', 613));
    board.run(&mut server, HOUR);
    assert_eq!((server.last().root, server.last().trust_set), (3, 3), "it is tried again");
    assert_eq!(board.connections().last().unwrap().1, Anchors::Stored);
}

#[test]
fn a_record_with_the_set_that_is_built_in_fetches_nothing_after_a_restart_either() {
    let built_in = RootPlan { anchors: vec![anchor(b'z', 400)], ..RootPlan::first() };
    let mut server = serving(&[RootPlan { version: 2, ..built_in.clone() }]);
    server.roots[0] = built_in.sign();
    let mut board = Board::<4>::new(&old());
    board.root = built_in.sign().leak();
    for _ in 0..2 {
        board.run(&mut server, HOUR);
        assert_eq!((server.last().root, server.last().trust_set), (2, 2));
        assert!(!board.events.contains(&Event::Anchor));
    }
}

#[test]
fn an_anchor_that_only_ever_stalls_while_the_server_answers_counts_against_the_set() {
    let mut server = serving(&[second()]);
    server.release = Some(Release::new(7, new()));
    let mut board = Board::<4>::new(&old());
    board.anchor_losses = usize::MAX;
    assert_eq!(board.run(&mut server, Millis::from_secs(100_000)), 1, "and firmware still comes");
    let reports: Vec<_> = server.said.iter().filter_map(|said| said.report).collect();
    assert_eq!(reports[0], (2, Outcome::TrustSetRefused, Some(Cause::TrustAnchor), 1));
    assert_eq!(server.last().trust_set, 1);
}

#[test]
fn a_server_that_is_away_for_a_day_is_no_fault_of_the_set() {
    let mut server = serving(&[second()]);
    let mut board = Board::<4>::new(&old());
    board.power_goes_at_anchor = true;
    let slot = board.bootloader();
    assert_eq!(board.cycle(slot, &mut server, HOUR), End::PowerCut);
    board.anchor_losses = 34;
    board.troubles.extend(vec![Trouble::Lost(Lost::NoAddress); 30]);
    board.run(&mut server, Millis::from_secs(300_000));
    assert_eq!((server.last().root, server.last().trust_set, server.reported()), (2, 2, None));
}

#[test]
fn a_new_set_over_which_nobody_answers_is_left_while_the_server_answers_over_the_former() {
    let mut server = serving(&[second()]);
    let mut board = Board::<4>::new(&old());
    board.stored_anchors_stall = true;
    board.run(&mut server, Millis::from_secs(100_000));
    assert_eq!(server.reported(), Some((2, Outcome::TrustSetRefused, Some(Cause::TrustHandshake), 1)));
    assert_eq!(server.last().trust_set, 1);
}

#[test]
fn a_flash_that_fails_once_while_a_set_is_taken_over_writes_no_byte_twice() {
    for operation in 0.. {
        let (mut server, mut board) = (serving(&[second()]), Board::<4>::new(&old()));
        board.nor.fails_after = Some(operation);
        board.run(&mut server, Millis::from_secs(20_000));
        assert_eq!((server.last().root, server.last().trust_set), (2, 2), "operation {operation}");
        if board.nor.fails_after.is_some() {
            assert!(operation > 8, "a set of {operation} operations");
            return;
        }
    }
}

#[test]
fn a_set_that_the_flash_does_not_take_is_left_and_firmware_still_comes() {
    let mut server = serving(&[second()]);
    server.release = Some(Release::new(7, new()));
    let mut board = Board::<4>::new(&old());
    board.nor.worn = Some(STORE + 0x4000..STORE + 0x6000);
    assert_eq!(board.run(&mut server, Millis::from_secs(100_000)), 1);
    assert_eq!(server.last().trust_set, 1);
    let refused = (2, Outcome::TrustSetRefused, Some(Cause::TrustAnchor), 1);
    assert!(server.said.iter().any(|said| said.report == Some(refused)));
}
