//! The decision table's rows on versions that must be passed through.

use otary_fleet::{Chip, Reason, ReleaseId, Verdict, ViaError, check_via};

use crate::world::{Board, World, build_of, name};

/// 0.1 and 0.3, then 0.4 that wants 0.3 passed through.
fn world() -> World {
    let mut world = World::lamp();
    world.publish("lamp", "0.4", "lamp-0.4", Some(Chip::Esp32)).via = Some("0.3".into());
    world
}

#[test]
fn whoever_runs_something_older_gets_that_version_first() {
    let mut world = world();
    let decision = world.poll(&Board::running("lamp-0.1", "0.1"));
    assert_eq!(decision.offered(), build_of("lamp-0.3").sha256);
    assert_eq!(decision.reason.to_string(), "runs 0.1, and nothing older than 0.3 goes to 0.4 at once");
    assert_eq!(world.poll(&Board::running("lamp-0.3", "0.3")).offered(), build_of("lamp-0.4").sha256);
    assert_eq!(world.poll(&Board::running("own", "0.2")).offered(), build_of("lamp-0.3").sha256);
    assert_eq!(world.poll(&Board::running("own", "0.3.5")).offered(), build_of("lamp-0.4").sha256);
}

#[test]
fn an_unknown_build_without_a_version_passes_through_once() {
    let mut world = world();
    let silent = Board::silent();
    assert!(matches!(world.poll_and_take(&silent).reason, Reason::MustPassThrough { .. }));
    assert_eq!(world.poll_and_take(&silent).offered(), build_of("lamp-0.4").sha256);
    assert_eq!(world.poll(&silent).verdict(), Verdict::Wait);
}

#[test]
fn several_versions_are_passed_one_by_one() {
    let mut world = world();
    world.publish("lamp", "0.5", "lamp-0.5", Some(Chip::Esp32)).via = Some("0.4".into());
    for (runs, next) in [("0.1", "0.3"), ("0.3", "0.4"), ("0.4", "0.5")] {
        let decision = world.poll(&Board::running(&format!("lamp-{runs}"), runs));
        assert_eq!(decision.release.unwrap().version, next, "from {runs}");
    }
}

#[test]
fn where_one_is_gone_the_device_stays() {
    let mut world = world();
    world.withdraw("0.3");
    let decision = world.poll(&Board::running("lamp-0.1", "0.1"));
    let gone = ReleaseId { product: name("lamp"), version: "0.3".into() };
    assert_eq!(decision.reason, Reason::ReleaseGone { release: gone, campaign: None });
    assert_eq!(world.poll(&Board::running("lamp-0.3", "0.3")).verdict(), Verdict::Offer, "it has passed");
}

#[test]
fn what_cannot_be_passed_through_is_refused() {
    let mut world = World::lamp();
    let mut asks = |version: &str, via: &str| {
        let mut release = world.release("lamp", version, &[]).clone();
        release.via = Some(via.into());
        check_via(&release, &world.catalogue())
    };
    assert_eq!(asks("0.5", "0.3"), Ok(()));
    assert!(matches!(asks("0.6", "0.2"), Err(ViaError::Unknown { .. })));
    assert!(matches!(asks("0.2.9", "0.3"), Err(ViaError::NotOlder { .. })));
    world.withdraw("0.1");
    let mut release = world.release("lamp", "0.7", &[]).clone();
    release.via = Some("0.1".into());
    assert!(matches!(check_via(&release, &world.catalogue()), Err(ViaError::Withdrawn { .. })));
}

#[test]
fn a_circle_and_too_long_a_way_are_refused_with_the_versions() {
    let mut world = World::lamp();
    world.release("lamp", "blue", &[]).via = Some("green".into());
    let green = world.release("lamp", "green", &[]);
    green.via = Some("blue".into());
    let green = green.clone();
    let circle = check_via(&green, &world.catalogue()).unwrap_err();
    let words = "the versions to be passed through go round in a circle: green, then blue, then green";
    assert_eq!(circle.to_string(), words);
    for version in 1..=9 {
        world.release("lamp", &format!("{version}.0"), &[]).via =
            (version > 1).then(|| format!("{}.0", version - 1).into());
    }
    let tenth = |via: &str| {
        let mut release = green.clone();
        (release.id.version, release.via) = ("10.0".into(), Some(via.into()));
        check_via(&release, &world.catalogue())
    };
    assert_eq!(tenth("8.0"), Ok(()));
    assert!(matches!(tenth("9.0"), Err(ViaError::TooMany { .. })));
}
