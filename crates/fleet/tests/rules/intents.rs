//! The decision table's rows on what an operator wants of one device: held, pinned, given a release once.

use otary_fleet::{Chip, Forced, Held, Reason, ReleaseId, Verdict};

use crate::world::{Board, MAC, World, build_of, name};

fn release(version: &str) -> ReleaseId {
    ReleaseId { product: name("lamp"), version: version.into() }
}

#[test]
fn a_held_device_is_offered_nothing() {
    let mut world = World::lamp();
    world.device(MAC).hold = Some(Held { at: world.now, by: "ann".into() });
    let decision = world.poll(&Board::running("lamp-0.1", "0.1"));
    assert_eq!((decision.verdict(), decision.reason.rule()), (Verdict::Hold, "held"));
    assert_eq!(decision.reason.advice(MAC).unwrap(), format!("otary device unhold {MAC}"));
    let events = world.events.len();
    world.poll(&Board::running("lamp-0.1", "0.1"));
    assert_eq!(world.events.len(), events, "a hold that goes on is no news");
}

#[test]
fn a_pinned_device_gets_that_release_whatever_is_published_also_an_older_one() {
    let mut world = World::lamp();
    world.device(MAC).pin = Some(release("0.1"));
    let decision = world.poll(&Board::running("lamp-0.3", "0.3"));
    assert_eq!(decision.offered(), build_of("lamp-0.1").sha256);
    assert_eq!(decision.reason.to_string(), "runs 0.3, pinned to 0.1");
    let there = world.poll(&Board::running("lamp-0.1", "0.1"));
    assert_eq!(there.reason, Reason::OnPin { pinned: "0.1".into() });
}

#[test]
fn a_pin_goes_before_any_campaign() {
    let mut world = World::lamp();
    world.publish("lamp", "0.4", "lamp-0.4", Some(Chip::Esp32));
    world.campaign("0.4", &[]);
    world.device(MAC).pin = Some(release("0.3"));
    assert_eq!(world.poll(&Board::running("lamp-0.3", "0.3")).verdict(), Verdict::Wait);
}

#[test]
fn a_pin_to_a_release_that_is_gone_holds() {
    let mut world = World::lamp();
    world.device(MAC).pin = Some(release("0.2"));
    let decision = world.poll(&Board::running("lamp-0.1", "0.1"));
    assert_eq!(decision.reason, Reason::ReleaseGone { release: release("0.2"), campaign: None });
}

#[test]
fn a_pin_to_another_product_says_nothing() {
    let mut world = World::lamp();
    world.device(MAC).pin = Some(ReleaseId { product: name("cam"), version: "1".into() });
    assert_eq!(world.poll(&Board::running("lamp-0.1", "0.1")).offered(), build_of("lamp-0.3").sha256);
}

#[test]
fn a_forced_release_is_given_once_whatever_runs() {
    let mut world = World::lamp();
    let forced = Forced { release: release("0.3"), at: world.now, by: "ann".into() };
    world.device(MAC).forced = Some(forced);
    let board = Board::running("lamp-0.3", "0.3");
    assert_eq!(world.poll_and_take(&board).reason, Reason::Forced { offered: "0.3".into() });
    assert_eq!(world.poll(&board).reason, Reason::UpToDate { version: "0.3".into() });
}

#[test]
fn what_a_stranger_elsewhere_takes_does_not_use_it_up() {
    let mut world = World::lamp();
    let forced = Forced { release: release("0.3"), at: world.now, by: "ann".into() };
    world.device(MAC).forced = Some(forced);
    let board = Board::running("lamp-0.3", "0.3");
    world.poll_and_take(&board.clone().from("10.9.9.9"));
    assert_eq!(world.poll(&board).verdict(), Verdict::Offer);
}
