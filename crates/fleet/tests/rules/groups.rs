//! A campaign to a group that is described: who is in it goes by what is said when it is decided, so that a stranger who
//! speaks under a device's address brings it neither in nor out.

use std::time::Duration;

use otary_fleet::{Chip, Group, Membership, Verdict};

use crate::world::{Board, MAC, World};

/// The lamp with 0.1 and 0.3 for all boards, and a campaign that brings 0.4 to those that a query finds.
fn to(query: &str) -> World {
    let mut world = World::lamp();
    world.publish("lamp", "0.4", "lamp-0.4", Some(Chip::Esp32));
    world.heard(MAC, 100);
    let group: otary_fleet::GroupName = "some".parse().unwrap();
    world.campaign("0.4", &[]).group = Some(group.clone());
    world.groups.push(Group { name: group, product: None, by: Membership::Query(query.parse().unwrap()) });
    world
}

fn board() -> Board {
    Board::running("lamp-0.3", "0.3")
}

fn with_sdk(sdk: &str) -> Board {
    let mut board = board();
    board.0.sdk = Some(sdk.into());
    board
}

#[test]
fn what_a_stranger_says_does_not_bring_a_device_into_a_group() {
    let mut world = to("sdk < 5");
    let stranger = with_sdk("v4.4.5").from("10.9.9.9");
    assert_eq!(world.poll(&stranger).verdict(), Verdict::Offer, "he is answered by his own word");
    assert_eq!(world.poll(&with_sdk("v5.5.1")).verdict(), Verdict::Wait);
}

#[test]
fn nor_out_of_it() {
    let mut world = to("sdk < 5 and network = 192.168.0.0/16 and build = 0.3 and chip = esp32");
    world.poll(&with_sdk("v4.4.5"));
    let mut stranger = with_sdk("v5.5.1").from("10.9.9.9");
    (stranger.0.build, stranger.0.chip) = (Board::running("own", "9").0.build, Some(Chip::Esp32C3));
    world.poll(&stranger);
    assert_eq!(world.poll(&with_sdk("v4.4.5")).verdict(), Verdict::Offer);
}

#[test]
fn who_says_so_for_the_first_time_is_in_it_at_once() {
    let mut world = to("sdk >= 5");
    assert_eq!(world.poll(&with_sdk("v4.4.5")).verdict(), Verdict::Wait);
    assert_eq!(world.poll(&with_sdk("v5.5.1")).verdict(), Verdict::Offer);
}

#[test]
fn what_the_last_one_was_answered_says_nothing_of_the_one_who_asks() {
    for query in ["answer = wait", "not answer = offer", "rule = up-to-date", "rule is known"] {
        let mut world = to(query);
        world.poll(&board());
        assert_eq!(world.poll(&board()).verdict(), Verdict::Wait, "{query}");
    }
}

#[test]
fn who_asks_is_seen_now() {
    let mut world = to("seen > 7d");
    world.poll(&board());
    world.pass(Duration::from_hours(24 * 10));
    assert_eq!(world.poll(&board()).verdict(), Verdict::Wait);
    let mut world = to("seen < 1d");
    world.poll(&board());
    world.pass(Duration::from_hours(24 * 10));
    assert_eq!(world.poll(&board()).verdict(), Verdict::Offer);
}

#[test]
fn what_the_operator_says_of_a_device_counts_whoever_asks() {
    let mut world = to("channel = stable and not hold and pin is unknown and mac ~ aa:bb");
    assert_eq!(world.poll(&board()).verdict(), Verdict::Offer);
    world.device(MAC).channel = Some("beta".parse().unwrap());
    assert_ne!(world.poll(&board()).campaign, Some(otary_fleet::CampaignId(1)));
}
