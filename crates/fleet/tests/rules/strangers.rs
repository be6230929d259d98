//! A claim is not a fact: what strangers say under a device's address never changes what the device is answered.

use std::time::Duration;

use crate::world::{Board, MAC, World};
use otary_fleet::{Reason, Verdict};

const STRANGER: &str = "10.66.0.9";

#[test]
fn what_a_stranger_downloads_does_not_brake_the_device() {
    let mut world = World::lamp();
    let board = Board::running("lamp-0.1", "0.1");
    for _ in 0..50 {
        world.poll_and_take(&board.clone().from(STRANGER));
    }
    assert_eq!(world.poll(&board.clone().from(STRANGER)).verdict(), Verdict::Hold);
    assert_eq!(world.poll(&board).verdict(), Verdict::Offer);
}

#[test]
fn what_a_stranger_downloads_does_not_use_up_the_one_try_of_an_old_core() {
    let mut world = World::lamp();
    for _ in 0..50 {
        world.poll_and_take(&Board::silent().from(STRANGER));
    }
    assert_eq!(world.poll(&Board::silent()).verdict(), Verdict::Offer);
}

#[test]
fn a_stranger_who_claims_success_does_not_hold_the_device() {
    let mut world = World::lamp();
    for firmware in ["lamp-0.1", "lamp-0.3"] {
        world.poll_and_take(&Board::running(firmware, "").from(STRANGER));
    }
    assert!(world.device(MAC).installed.is_some());
    assert_eq!(world.poll(&Board::running("own", "0.2")).verdict(), Verdict::Offer);
    assert_eq!(world.poll(&Board::running("lamp-0.1", "0.1")).verdict(), Verdict::Offer);
}

#[test]
fn two_builds_that_take_turns_are_shown_as_contested_and_both_served() {
    let mut world = World::lamp();
    for _ in 0..3 {
        assert_eq!(world.poll(&Board::running("lamp-0.1", "0.1")).verdict(), Verdict::Offer);
        assert_eq!(world.poll(&Board::running("lamp-0.3", "0.3").from(STRANGER)).verdict(), Verdict::Wait);
    }
    assert!(world.device(MAC).contested.is_some());
    assert_eq!(world.poll(&Board::running("lamp-0.1", "0.1")).verdict(), Verdict::Offer);
}

#[test]
fn an_update_and_its_rollback_are_not_contested() {
    let mut world = World::lamp();
    for firmware in ["lamp-0.1", "lamp-0.3", "lamp-0.1"] {
        world.poll_and_take(&Board::running(firmware, ""));
        world.poll(&Board::running(firmware, ""));
    }
    assert_eq!(world.device(MAC).contested, None);
}

#[test]
fn a_record_stays_small_whatever_is_said_under_its_address() {
    let mut world = World::lamp();
    for n in 0..1000_u32 {
        let address = std::net::Ipv4Addr::from(0x0A00_0000 + n * 256).to_string();
        world.poll_and_take(&Board::running(&format!("build {n}"), "0.1").from(&address));
    }
    let device = world.device(MAC);
    assert_eq!((device.builds.len(), device.networks.len(), device.attempts.len()), (8, 4, 8));
}

/// Polls and takes whatever is offered, from one network or from many, in words that are new each time.
fn clamour(world: &mut World, networks: u8) {
    for n in 0..200_u8 {
        let mut board =
            Board::running(&format!("invented {n}"), "0.1").from(&format!("10.66.{}.9", n % networks));
        board.0.free_space = Some(0x18_0000 + u64::from(n));
        world.poll_and_take(&board);
    }
}

#[test]
fn an_old_core_is_not_made_to_take_a_release_again_and_again() {
    for networks in [1, 2, 7] {
        let mut world = World::lamp();
        world.poll_and_take(&Board::silent());
        clamour(&mut world, networks);
        assert_eq!(
            world.poll(&Board::silent()).reason,
            Reason::TakenOnce { version: "0.3".into() },
            "{networks}"
        );
    }
}

#[test]
fn nor_by_many_networks_that_ask_and_take_nothing() {
    let mut world = World::lamp();
    world.poll_and_take(&Board::silent());
    for n in 0..200 {
        world.poll(&Board::silent().from(&format!("10.66.{n}.9")));
    }
    assert_eq!(world.poll(&Board::silent()).reason, Reason::TakenOnce { version: "0.3".into() });
}

#[test]
fn the_brake_on_a_loop_holds_whatever_is_said_meanwhile() {
    let mut world = World::lamp();
    let board = Board::running("lamp-0.1", "0.1");
    (0..3).for_each(|_| drop(world.poll_and_take(&board)));
    clamour(&mut world, 3);
    assert!(matches!(world.poll(&board).reason, Reason::Looping { .. }));
}

#[test]
fn a_stranger_cannot_make_a_device_look_reflashed_by_crowding_out_what_it_ran() {
    let mut world = World::lamp();
    let own = Board::running("own", "0.2");
    for _ in 0..10 {
        world.pass(Duration::from_hours(1));
        world.poll(&own);
    }
    let neighbour = |firmware: &str| {
        let mut board = Board::running(firmware, "");
        board.0.free_space = Some(1_400_000);
        board
    };
    world.poll_and_take(&neighbour("lamp-0.1"));
    world.poll(&neighbour("lamp-0.3"));
    for n in 0..50 {
        world.poll(&neighbour(&format!("invented {n}")));
    }
    assert_eq!(world.poll(&own).verdict(), Verdict::Offer);
}

#[test]
fn a_rollback_is_no_reflashing_even_if_its_build_is_crowded_out() {
    let mut world = World::lamp();
    let own = Board::running("own", "0.2");
    world.poll_and_take(&own);
    clamour(&mut world, 3);
    world.poll(&Board::running("lamp-0.3", "0.3"));
    clamour(&mut world, 3);
    assert_eq!(world.poll(&own).verdict(), Verdict::Offer);
}

#[test]
fn a_stranger_who_claims_success_does_not_end_a_hold() {
    let mut world = World::lamp();
    world.poll_and_take(&Board::running("lamp-0.1", "0.1"));
    world.poll(&Board::running("lamp-0.3", "0.3"));
    let camera = Board::running("camera sketch", "0.1");
    assert!(matches!(world.poll(&camera).reason, Reason::Reflashed { .. }));
    for network in 0..7 {
        let elsewhere = format!("10.66.{network}.9");
        world.poll_and_take(&Board::running("lamp-0.1", "").from(&elsewhere));
        world.poll(&Board::running("lamp-0.3", "").from(&elsewhere));
    }
    assert!(matches!(world.poll(&camera).reason, Reason::Reflashed { .. }));
}

#[test]
fn a_stranger_who_asks_just_before_the_operator_does_not_keep_the_hold() {
    let mut world = World::lamp();
    world.poll_and_take(&Board::running("lamp-0.1", "0.1"));
    world.poll(&Board::running("lamp-0.3", "0.3"));
    let camera = Board::running("camera sketch", "0.1");
    world.poll(&camera);
    world.poll(&Board::running("invented", "0.1").from(STRANGER));
    world.device(MAC).resume();
    assert_eq!(world.poll(&camera).verdict(), Verdict::Offer);
    let reflashed = Board::running("another sketch", "0.1");
    assert!(
        matches!(world.poll(&reflashed).reason, Reason::Reflashed { .. }),
        "what comes later is another matter"
    );
}
