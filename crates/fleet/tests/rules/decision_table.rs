//! The decision table, a test per row: who gets what, and why.

use std::time::Duration;

use crate::world::{Board, MAC, World, build_of, name};
use otary_fleet::{Build, Chip, Dialect, Kind, Mode, Outcome, Reason, Transport, Verdict};

const HOUR: Duration = Duration::from_hours(1);

// Product

#[test]
fn the_url_names_the_product_before_anything_else() {
    let mut world = World::lamp();
    world.product("cam");
    world.publish("cam", "2.0", "cam-2.0", Some(Chip::Esp32));
    let decision = world.poll(&Board::running("lamp-0.1", "0.1").asking_for("cam"));
    assert_eq!(decision.product, Some(name("cam")));
}

#[test]
fn without_it_the_digest_of_what_runs_names_the_product() {
    let mut world = World::lamp();
    world.product("cam");
    world.publish("cam", "2.0", "cam-2.0", Some(Chip::Esp32));
    world.device(MAC).product = Some(name("cam"));
    let decision = world.poll(&Board::running("lamp-0.1", ""));
    assert_eq!(decision.release.unwrap().to_string(), "lamp 0.3");
}

#[test]
fn then_the_operators_assignment() {
    let mut world = World::lamp();
    world.product("cam");
    world.publish("cam", "2.0", "cam-2.0", Some(Chip::Esp32));
    let board = Board::running("somebody's own", "1.0");
    assert_eq!(world.poll(&board).reason, Reason::NoProduct { build: build_of("somebody's own") });
    world.device(MAC).product = Some(name("cam"));
    assert_eq!(world.poll(&board).release.unwrap().to_string(), "cam 2.0");
}

#[test]
fn then_the_only_product_there_is() {
    let mut world = World::lamp();
    assert_eq!(world.poll(&Board::running("somebody's own", "0.2")).product, Some(name("lamp")));
    world.product("cam");
    let decision = world.poll(&Board::running("somebody's own", "0.2"));
    assert_eq!((decision.verdict(), decision.product), (Verdict::Hold, None));
    assert_eq!(decision.reason.advice(MAC).unwrap(), format!("otary device assign {MAC} PRODUCT"));
}

#[test]
fn a_product_that_does_not_exist_is_said() {
    let mut world = World::lamp();
    let decision = world.poll(&Board::running("lamp-0.1", "0.1").asking_for("lmap"));
    assert_eq!(decision.reason, Reason::UnknownProduct { product: name("lmap") });
}

#[test]
fn plain_http_is_for_products_marked_for_it() {
    let mut world = World::lamp();
    let mut board = Board::running("lamp-0.1", "0.1");
    board.0.transport = Transport::Http;
    assert_eq!(world.poll(&board).reason, Reason::PlainHttp { product: Some(name("lamp")) });
    let mut world = World::new();
    world.product("lamp").allow_plain_http = true;
    world.publish("lamp", "0.3", "lamp-0.3", Some(Chip::Esp32));
    assert_eq!(world.poll(&board).verdict(), Verdict::Offer);
}

// Chip

fn lamp_for_two_chips() -> World {
    let mut world = World::new();
    world.product("lamp");
    world.artifact("lamp-0.3-c3", Some(Chip::Esp32C3), Kind::App);
    world.artifact("lamp-0.3", Some(Chip::Esp32), Kind::App);
    world.release("lamp", "0.3", &["lamp-0.3-c3", "lamp-0.3"]);
    world.artifact("lamp-0.4-c3", Some(Chip::Esp32C3), Kind::App);
    world.artifact("lamp-0.4", Some(Chip::Esp32), Kind::App);
    world.release("lamp", "0.4", &["lamp-0.4-c3", "lamp-0.4"]);
    world
}

#[test]
fn the_digest_of_what_runs_tells_the_chip() {
    let mut board = Board::running("lamp-0.3-c3", "");
    board.0.chip = Some(Chip::Esp32);
    let decision = lamp_for_two_chips().poll(&board);
    assert_eq!((decision.chip, decision.offered()), (Some(Chip::Esp32C3), build_of("lamp-0.4-c3").sha256));
}

#[test]
fn else_the_query_then_the_operator() {
    let mut world = lamp_for_two_chips();
    let mut board = Board::running("own", "0.1");
    assert_eq!(world.poll(&board).reason, Reason::ChipUnknown { product: name("lamp") });
    world.device(MAC).chip = Some(Chip::Esp32);
    assert_eq!(world.poll(&board).offered(), build_of("lamp-0.4").sha256);
    board.0.chip = Some(Chip::Esp32C3);
    assert_eq!(world.poll(&board).offered(), build_of("lamp-0.4-c3").sha256);
}

#[test]
fn else_the_only_chip_of_the_product() {
    let decision = World::lamp().poll(&Board::running("own", "0.1"));
    assert_eq!(decision.chip, Some(Chip::Esp32));
}

#[test]
fn an_image_for_another_chip_is_not_sent() {
    let mut board = Board::running("own", "0.1");
    board.0.chip = Some(Chip::Esp32C3);
    let no_c3 = Reason::NoRelease { product: name("lamp"), chip: Some(Chip::Esp32C3) };
    assert_eq!(World::lamp().poll(&board).reason, no_c3);
    board.0.chip = None;
    board.0.dialect = Dialect::ArduinoEsp8266;
    let contradicts = Reason::ChipContradicts { chip: Chip::Esp32, dialect: Dialect::ArduinoEsp8266 };
    assert_eq!(World::lamp().poll(&board).reason, contradicts);
}

#[test]
fn an_image_larger_than_the_reported_space_is_not_sent() {
    let mut board = Board::running("lamp-0.1", "0.1");
    board.0.free_space = Some(1_299_999);
    let decision = World::lamp().poll(&board);
    assert_eq!(decision.reason, Reason::TooLarge { size: 1_300_000, space: 1_299_999 });
    board.0.free_space = Some(0);
    assert_eq!(World::lamp().poll(&board).reason, Reason::NoSlot);
    board.0.free_space = Some(1_300_000);
    assert_eq!(World::lamp().poll(&board).verdict(), Verdict::Offer);
}

// Already there

#[test]
fn a_device_that_runs_the_bytes_waits_whatever_it_calls_them() {
    for version in ["0.3", "0.1", "", "blue"] {
        let decision = World::lamp().poll(&Board::running("lamp-0.3", version));
        assert_eq!(decision.reason, Reason::UpToDate { version: "0.3".into() }, "{version}");
    }
}

#[test]
fn one_digest_is_enough_also_that_of_the_unpacked_or_unsigned_image() {
    let mut world = World::lamp();
    let artifact = world.artifact("lamp-0.4.gz", Some(Chip::Esp8266), Kind::App);
    artifact.md5s.extend(build_of("lamp-0.4 unpacked").md5);
    world.release("lamp", "0.4", &["lamp-0.4.gz"]);
    let mut board = Board::running("lamp-0.4 unpacked", "0.1");
    board.0.dialect = Dialect::ArduinoEsp8266;
    board.0.build.sha256 = None;
    assert_eq!(world.poll(&board).reason, Reason::UpToDate { version: "0.4".into() });
}

#[test]
fn a_known_digest_wins_over_any_version_text() {
    let decision = World::lamp().poll(&Board::running("lamp-0.1", "9.9"));
    assert_eq!(decision.reason, Reason::OlderRelease { runs: "0.1".into(), offered: "0.3".into() });
}

#[test]
fn a_device_on_a_newer_release_is_not_taken_back() {
    let mut world = World::lamp();
    world.withdraw("0.3");
    let decision = world.poll(&Board::running("lamp-0.3", "0.3"));
    assert_eq!(decision.reason, Reason::NewerRelease { runs: "0.3".into(), published: "0.1".into() });
}

// Unknown digest

#[test]
fn of_an_unknown_build_the_version_text_decides() {
    let verdict = |version: &str| World::lamp().poll(&Board::running("own", version)).verdict();
    assert_eq!(verdict("0.2"), Verdict::Offer);
    assert_eq!(verdict("0.3"), Verdict::Wait);
    assert_eq!(verdict("0.10"), Verdict::Wait, "0.10 is newer than 0.3");
    assert_eq!(verdict("blue"), Verdict::Offer, "not the same, and nothing orders them");
}

#[test]
fn without_a_version_it_is_offered_until_taken_whole_once() {
    let mut world = World::lamp();
    let board = Board::running("own", "");
    let artifact = world.poll(&board).offered().unwrap();
    world.take(&board, artifact, 700_000);
    assert_eq!(world.poll(&board).verdict(), Verdict::Offer, "a cut-off download is not counted");
    world.take(&board, artifact, 1_300_000);
    assert_eq!(world.poll(&board).reason, Reason::TakenOnce { version: "0.3".into() });
    world.publish("lamp", "0.4", "lamp-0.4", Some(Chip::Esp32));
    assert_eq!(world.poll(&board).verdict(), Verdict::Offer, "a newer release is another matter");
}

#[test]
fn an_old_core_that_says_nothing_gets_a_release_once() {
    let mut world = World::lamp();
    assert_eq!(world.poll_and_take(&Board::silent()).verdict(), Verdict::Offer);
    for _ in 0..100 {
        world.pass(HOUR);
        assert_eq!(world.poll(&Board::silent()).reason, Reason::TakenOnce { version: "0.3".into() });
    }
    world.device(MAC).release_brakes();
    assert_eq!(world.poll(&Board::silent()).verdict(), Verdict::Offer);
}

#[test]
fn a_device_that_is_not_on_record_gets_only_what_needs_no_memory() {
    let world = World::lamp();
    assert_eq!(world.answer_unrecorded(&Board::running("lamp-0.1", "")).verdict(), Verdict::Offer);
    assert_eq!(world.answer_unrecorded(&Board::running("own", "0.2")).verdict(), Verdict::Offer);
    assert_eq!(world.answer_unrecorded(&Board::silent()).reason, Reason::NotRecorded);
}

// File systems

#[test]
fn a_file_system_goes_by_version_alone() {
    let mut world = World::lamp();
    world.artifact("files-0.3", None, Kind::Filesystem).size = 1_441_792;
    world.release("lamp", "0.4", &["files-0.3"]);
    let mut board = Board::running("lamp-0.3", "0.3");
    board.0.mode = Mode::Filesystem;
    assert_eq!(world.poll(&board).offered(), build_of("files-0.3").sha256, "the app slot's size is no limit");
    board.0.version = Some("0.4".into());
    assert_eq!(world.poll(&board).verdict(), Verdict::Wait);
    board.0.version = None;
    assert_eq!(world.poll_and_take(&board).verdict(), Verdict::Offer);
    assert_eq!(world.poll(&board).reason, Reason::TakenOnce { version: "0.4".into() });
}

// Looping

#[test]
fn the_same_image_three_times_without_effect_is_held_for_an_hour_then_two() {
    let mut world = World::lamp();
    let board = Board::running("lamp-0.1", "0.1");
    for _ in 0..3 {
        assert_eq!(world.poll_and_take(&board).verdict(), Verdict::Offer);
    }
    for hours in [1, 2, 4, 8, 16, 24, 24_u64] {
        assert!(matches!(world.poll(&board).reason, Reason::Looping { .. }));
        world.pass(Duration::from_mins(60 * hours - 1));
        assert!(matches!(world.poll(&board).reason, Reason::Looping { .. }), "after almost {hours} h");
        world.pass(Duration::from_mins(1));
        assert_eq!(world.poll_and_take(&board).verdict(), Verdict::Offer, "after {hours} h");
    }
}

#[test]
fn a_newer_release_or_the_operator_ends_the_hold() {
    let mut world = World::lamp();
    let board = Board::running("lamp-0.1", "0.1");
    (0..3).for_each(|_| drop(world.poll_and_take(&board)));
    assert_eq!(world.poll(&board).verdict(), Verdict::Hold);
    world.device(MAC).release_brakes();
    assert_eq!(world.poll(&board).verdict(), Verdict::Offer);
    (0..3).for_each(|_| drop(world.poll_and_take(&board)));
    assert_eq!(world.poll(&board).verdict(), Verdict::Hold);
    world.publish("lamp", "0.4", "lamp-0.4", Some(Chip::Esp32));
    assert_eq!(world.poll(&board).verdict(), Verdict::Offer);
}

#[test]
fn a_device_that_takes_the_update_is_installed_and_waits() {
    let mut world = World::lamp();
    world.poll_and_take(&Board::running("lamp-0.1", "0.1"));
    assert_eq!(world.poll(&Board::running("lamp-0.3", "0.3")).verdict(), Verdict::Wait);
    let device = world.device(MAC);
    assert_eq!(device.installed.as_ref().unwrap().release.version, "0.3");
    assert_eq!(device.attempts[0].outcome, Some(Outcome::Installed));
}

#[test]
fn a_device_that_starts_the_image_and_rolls_back_each_time_is_held_too() {
    let mut world = World::lamp();
    let old = Board::running("lamp-0.1", "0.1");
    for _ in 0..3 {
        assert_eq!(world.poll_and_take(&old).verdict(), Verdict::Offer);
        assert_eq!(world.poll(&Board::running("lamp-0.3", "0.3")).verdict(), Verdict::Wait);
    }
    assert!(matches!(world.poll(&old).reason, Reason::Looping { taken: 3, .. }));
}

#[test]
fn a_clock_that_ran_ahead_leaves_no_hold_longer_than_a_day() {
    let mut world = World::lamp();
    let board = Board::running("lamp-0.1", "0.1");
    let right = world.now;
    world.pass(HOUR * 24 * 3650);
    (0..3).for_each(|_| drop(world.poll_and_take(&board)));
    world.now = right;
    assert_eq!(world.poll(&board).verdict(), Verdict::Offer);
}

// Reflashed by hand

fn updated_lamp() -> World {
    let mut world = World::lamp();
    world.poll_and_take(&Board::running("lamp-0.1", "0.1"));
    world.poll(&Board::running("lamp-0.3", "0.3"));
    world
}

#[test]
fn a_camera_sketch_on_a_former_lamp_is_held_until_the_operator_resumes() {
    let mut world = updated_lamp();
    let camera = Board::running("camera sketch", "0.1");
    let held = Reason::Reflashed {
        installed: build_of("lamp-0.3").sha256.unwrap(),
        build: build_of("camera sketch"),
    };
    for _ in 0..10 {
        world.pass(HOUR);
        assert_eq!(world.poll(&camera).reason, held);
    }
    world.device(MAC).resume();
    assert_eq!(world.poll(&camera).verdict(), Verdict::Offer);
}

#[test]
fn or_until_its_url_names_the_product_and_it_says_a_version() {
    let mut world = updated_lamp();
    let camera = Board::running("camera sketch", "0.1").asking_for("lamp");
    assert_eq!(world.poll(&camera).verdict(), Verdict::Offer);
    let without_version = Board::running("camera sketch", "").asking_for("lamp");
    assert!(matches!(world.poll(&without_version).reason, Reason::Reflashed { .. }));
}

#[test]
fn going_back_to_the_build_from_before_is_not_reflashing() {
    let mut world = World::lamp();
    let before = Board::running("own", "0.2");
    world.poll_and_take(&before);
    world.poll(&Board::running("lamp-0.3", "0.3"));
    assert_eq!(world.poll(&before).verdict(), Verdict::Offer);
}

// Without a name

#[test]
fn a_client_that_never_says_who_it_is_is_answered_all_the_same() {
    let mut world = World::lamp();
    let mut board = Board::running("lamp-0.1", "0.1");
    board.0.device = None;
    assert_eq!(world.poll(&board).verdict(), Verdict::Offer);
    board.0.build = Build::default();
    board.0.version = None;
    assert_eq!(world.poll(&board).reason, Reason::NotRecorded);
}

// What is remembered

#[test]
fn a_repeated_wait_keeps_a_count_and_makes_no_event() {
    let mut world = World::lamp();
    let board = Board::running("lamp-0.3", "0.3");
    world.poll(&board);
    let events = world.events.len();
    (0..99).for_each(|_| drop(world.poll(&board)));
    assert_eq!(world.events.len(), events);
    let standing = world.device(MAC).standing.clone().unwrap();
    assert_eq!(standing.count, 100);
    assert_eq!(standing.last.since(standing.first), Duration::from_secs(990));
}

#[test]
fn a_device_that_asks_for_its_files_and_its_sketch_in_turns_repeats_itself() {
    let mut world = World::lamp();
    let sketch = Board::running("lamp-0.3", "0.3");
    let mut files = sketch.clone();
    files.0.mode = Mode::Filesystem;
    for board in [&files, &sketch] {
        world.poll(board);
    }
    let events = world.events.len();
    for _ in 0..49 {
        world.poll(&files);
        world.poll(&sketch);
    }
    assert_eq!(world.events.len(), events);
    assert_eq!(world.device(MAC).standing.clone().unwrap().count, 50);
    assert_eq!(world.device(MAC).standing_files.clone().unwrap().count, 50);
}

#[test]
fn every_offer_and_every_change_makes_an_event() {
    let mut world = World::lamp();
    let board = Board::running("lamp-0.1", "0.1");
    (0..5).for_each(|_| drop(world.poll(&board)));
    assert_eq!(world.events.len(), 5, "five offers");
    world.poll(&Board::running("lamp-0.3", "0.3"));
    assert_eq!(world.events.len(), 6, "one change to wait");
}
