//! otary's own agent: what it is offered, and what its reports do and do not do.

use std::time::Duration;

use crate::world::{Board, MAC, World, name};
use otary_fleet::{
    Cause, Chip, Device, DeviceClock, Dialect, Ending, EventKind, Proof, Reason, ReleaseId, Report, Verdict,
};

const STRANGER: &str = "10.66.0.9";

fn release(version: &str) -> ReleaseId {
    ReleaseId { product: name("lamp"), version: version.into() }
}

fn report(ending: Ending, tries: u8) -> Report {
    Report { release: 3, payload: None, ending, cause: Some(Cause(18)), tries }
}

fn reports(world: &World) -> usize {
    world.events.iter().filter(|event| matches!(event.kind, EventKind::Reported { .. })).count()
}

#[test]
fn it_is_offered_what_is_signed_and_nothing_else() {
    let mut world = World::lamp();
    let agent = Board::agent("lamp-0.1");
    let decision = world.poll(&agent);
    assert_eq!(decision.reason, Reason::Unsigned { release: release("0.3") });
    assert_eq!(decision.verdict(), Verdict::Hold);
    assert!(decision.reason.advice(MAC).unwrap().contains("otary push --sign"));
    assert_eq!(world.poll(&Board::running("lamp-0.1", "0.1")).verdict(), Verdict::Offer, "as ever");

    world.sign("0.3", 3);
    let decision = world.poll(&agent);
    assert_eq!(decision.reason, Reason::OlderRelease { runs: "0.1".into(), offered: "0.3".into() });
}

#[test]
fn it_is_not_told_of_a_signature_that_it_does_not_need() {
    let mut world = World::lamp();
    let decision = world.poll(&Board::agent("lamp-0.3"));
    assert_eq!(decision.reason, Reason::UpToDate { version: "0.3".into() });
}

#[test]
fn an_image_larger_than_its_slot_is_not_offered() {
    let mut world = World::lamp();
    world.sign("0.3", 3);
    let mut agent = Board::agent("lamp-0.1");
    agent.0.free_space = Some(1_299_999);
    assert_eq!(world.poll(&agent).reason, Reason::TooLarge { size: 1_300_000, space: 1_299_999 });
    agent.0.free_space = Some(0);
    assert_eq!(world.poll(&agent).reason, Reason::NoSlot);
    agent.0.free_space = Some(1_300_000);
    assert_eq!(world.poll(&agent).verdict(), Verdict::Offer);
}

#[test]
fn it_says_which_chip_it_is_and_is_none_that_it_cannot_be() {
    let mut world = World::lamp();
    world.publish("lamp", "0.4", "lamp-0.4-c3", Some(Chip::Esp32C3));
    world.sign("0.4", 4);
    let mut agent = Board::agent("own");
    agent.0.chip = Some(Chip::Esp32C3);
    assert_eq!(world.poll(&agent).release, Some(release("0.4")));
    agent.0.chip = Some(Chip::Esp8266);
    let contradicts = Reason::ChipContradicts { chip: Chip::Esp8266, dialect: Dialect::Agent };
    assert_eq!(world.poll(&agent).reason, contradicts);
}

#[test]
fn what_is_not_steady_in_its_words_makes_no_other_claimant() {
    let agent = Board::agent("lamp-0.1");
    let mut later = agent.clone();
    let words = later.0.agent.as_mut().unwrap();
    (words.clock, words.trust_set) = (DeviceClock::Set, 2);
    later.0.report = Some(report(Ending::Refused, 1));
    assert_eq!(later.check_in().claimant(), agent.check_in().claimant());
    later.0.agent.as_mut().unwrap().hardware = "v2".into();
    assert_ne!(later.check_in().claimant(), agent.check_in().claimant());
}

#[test]
fn a_report_is_shown_and_changes_no_answer() {
    let mut world = World::lamp();
    world.sign("0.3", 3);
    let agent = Board::agent("lamp-0.1");
    let silent = world.poll(&agent);
    for ending in [Ending::Installed, Ending::Refused, Ending::RolledBack, Ending::TrustSetRefused] {
        let mut reporting = agent.clone();
        reporting.0.report = Some(report(ending, 200));
        assert_eq!(world.poll(&reporting), silent, "{ending:?}");
        let reported = &world.device(MAC).reported[0];
        assert_eq!((reported.report.ending, reported.proof), (ending, Proof::None));
    }
    assert_eq!(world.poll(&agent), silent);
    assert_eq!(reports(&world), 4);
    assert!(!world.device(MAC).is_known(), "nor does it make a stranger known");
    assert!(world.device(MAC).installed.is_none());
}

#[test]
fn what_is_reported_again_is_one_event() {
    let mut world = World::lamp();
    let mut agent = Board::agent("lamp-0.3");
    agent.0.report = Some(report(Ending::RolledBack, 1));
    (0..50).for_each(|_| drop(world.poll(&agent)));
    assert_eq!(reports(&world), 1);
    let reported = world.device(MAC).reported[0].clone();
    assert_eq!(reported.last.since(reported.first), Duration::from_secs(490));
    agent.0.report = Some(report(Ending::RolledBack, 2));
    world.poll(&agent);
    assert_eq!((reports(&world), world.device(MAC).reported.len()), (2, 2), "a second try is another one");
    agent.0.proof = Proof::DeviceCredential;
    world.poll(&agent);
    assert_eq!((reports(&world), world.device(MAC).reported[0].proof), (3, Proof::DeviceCredential));
}

#[test]
fn what_strangers_report_crowds_out_neither_what_was_proven_nor_the_devices_own() {
    let mut world = World::lamp();
    let mut agent = Board::agent("lamp-0.3");
    let own = [report(Ending::Refused, 1), report(Ending::RolledBack, 2)];
    for (report, proof) in own.into_iter().zip([Proof::DeviceCredential, Proof::None]) {
        (agent.0.report, agent.0.proof) = (Some(report), proof);
        world.poll(&agent);
    }
    let mut stranger = Board::agent("lamp-0.3").from(STRANGER);
    for tries in 0..=255 {
        stranger.0.report = Some(report(Ending::Installed, tries));
        world.poll(&stranger);
    }
    let device = world.device(MAC);
    assert_eq!(device.reported.len(), Device::MAX_REPORTS);
    for own in own {
        assert!(device.reported.iter().any(|reported| reported.report == own), "{own}");
    }
}

#[test]
fn polls_that_only_repeat_the_last_one_make_no_event() {
    let mut world = World::lamp();
    let agent = Board::agent("lamp-0.3");
    world.poll(&agent);
    let events = world.events.len();
    (0..50).for_each(|_| drop(world.poll(&agent)));
    assert_eq!(world.events.len(), events);
    assert_eq!(world.device(MAC).standing.as_ref().unwrap().count, 51);
}

#[test]
fn a_download_in_parts_is_whole_when_every_byte_went_out() {
    let mut world = World::lamp();
    world.sign("0.3", 3);
    let agent = Board::agent("lamp-0.1");
    let artifact = world.poll(&agent).offered().unwrap();
    let whole = |world: &mut World| world.device(MAC).attempts[0].whole;
    world.take(&agent, artifact, 700_000);
    // After a reset it goes on from its last mark.
    world.take_from(650_000, &agent, artifact, 50_000);
    world.take_from(700_000, &agent, artifact, 500_000);
    assert_eq!(whole(&mut world), 0);
    world.take_from(1_200_000, &agent, artifact, 100_000);
    assert_eq!(whole(&mut world), 1);
    let kind = &world.events.last().unwrap().kind;
    assert_eq!(*kind, EventKind::Delivered { artifact, bytes: 1_300_000, size: 1_300_000 });
    world.poll(&Board::agent("lamp-0.3"));
    assert!(world.device(MAC).installed.is_some());
}

#[test]
fn a_last_part_alone_is_no_download_and_holds_nobody() {
    let mut world = World::lamp();
    world.sign("0.3", 3);
    let agent = Board::agent("lamp-0.1");
    let artifact = world.poll(&agent).offered().unwrap();
    for round in 0..3 {
        for _ in 0..10 {
            world.take_from(1_299_999, &agent, artifact, 1);
        }
        assert_eq!(world.device(MAC).attempts[0].whole, round);
        assert_eq!(world.poll(&agent).verdict(), Verdict::Offer);
        world.take(&agent, artifact, 1_300_000);
    }
    assert!(matches!(world.poll(&agent).reason, Reason::Looping { taken: 3, .. }));
}
