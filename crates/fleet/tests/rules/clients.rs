//! The clients that say little: by their dialect it is decided what is left to them, which files they can take, and what goes
//! first.

use std::time::Duration;

use otary_fleet::{Build, Chip, Dialect, Kind, Mode, Reason, Sequence, Sha256, Variant, Verdict};

use crate::world::{Board, World, build_of};

/// A client that says who it is, and nothing of what it runs.
fn silent(dialect: Dialect) -> Board {
    let mut board = Board::silent().asking_for("lamp");
    (board.0.dialect, board.0.chip) = (dialect, Some(Chip::Esp32));
    board
}

fn anonymous(dialect: Dialect) -> Board {
    let mut board = silent(dialect);
    board.0.device = None;
    board
}

#[test]
fn who_says_neither_who_it_is_nor_what_it_runs_gets_the_decision_for_its_product() {
    let world = World::lamp();
    for dialect in [Dialect::EspIdf, Dialect::EspHome, Dialect::Esp32Fota, Dialect::MicroPython] {
        let decision = world.answer_unrecorded(&anonymous(dialect));
        assert_eq!(decision.reason, Reason::ComparesItself { offered: "0.3".into() }, "{dialect:?}");
        assert_eq!(decision.offered(), Some(Sha256::of(b"lamp-0.3")));
    }
    for dialect in [Dialect::ArduinoEsp32, Dialect::Tasmota] {
        assert_eq!(world.answer_unrecorded(&anonymous(dialect)).reason, Reason::NotRecorded, "{dialect:?}");
    }
}

#[test]
fn the_version_that_an_anonymous_client_says_counts() {
    let world = World::lamp();
    for (version, verdict) in [("0.1", Verdict::Offer), ("0.3", Verdict::Wait), ("0.4", Verdict::Wait)] {
        let mut board = anonymous(Dialect::EspIdf);
        board.0.version = Some(version.into());
        assert_eq!(world.answer_unrecorded(&board).verdict(), verdict, "{version}");
    }
}

#[test]
fn a_client_that_compares_is_told_again_and_it_is_one_event() {
    let mut world = World::lamp();
    let board = silent(Dialect::EspHome);
    for _ in 0..5 {
        assert_eq!(world.poll_and_take(&board).verdict(), Verdict::Offer);
        world.pass(Duration::from_hours(25));
    }
    let decided =
        world.events.iter().filter(|event| matches!(event.kind, otary_fleet::EventKind::Decided { .. }));
    assert!(decided.count() < 4, "{:?}", world.events);
}

#[test]
fn one_that_does_not_compare_and_says_who_it_is_gets_a_release_once() {
    for dialect in [Dialect::EspIdf, Dialect::MicroPython] {
        let mut world = World::lamp();
        assert_eq!(world.poll_and_take(&silent(dialect)).reason, Reason::FirstTry { offered: "0.3".into() });
        assert_eq!(world.poll(&silent(dialect)).reason, Reason::TakenOnce { version: "0.3".into() });
    }
}

#[test]
fn a_file_that_is_opaque_is_for_those_who_can_take_it() {
    let mut world = World::new();
    world.product("lamp").allow_raw = true;
    world.artifact("encrypted", None, Kind::Raw);
    world.release("lamp", "1.0", &["encrypted"]);
    for (dialect, offered) in [
        (Dialect::EspIdf, true),
        (Dialect::Esp32Fota, true),
        (Dialect::EspHome, false),
        (Dialect::MicroPython, false),
        (Dialect::Tasmota, false),
        (Dialect::ArduinoEsp32, false),
    ] {
        let mut board = silent(dialect);
        (board.0.chip, board.0.version) = (None, Some("0.9".into()));
        assert_eq!(world.poll(&board).offered().is_some(), offered, "{dialect:?}");
    }
}

#[test]
fn of_an_opaque_file_and_a_program_whoever_can_take_it_gets_the_opaque_one() {
    let mut world = World::lamp();
    world.artifact("signed", None, Kind::Raw);
    world.artifact("lamp-0.4", Some(Chip::Esp32), Kind::App);
    world.release("lamp", "0.4", &["lamp-0.4", "signed"]);
    let offered = |dialect| world.answer_unrecorded(&anonymous(dialect)).offered();
    assert_eq!(offered(Dialect::Esp32Fota), Some(Sha256::of(b"signed")));
    assert_eq!(offered(Dialect::EspHome), Some(Sha256::of(b"lamp-0.4")));
}

#[test]
fn the_digest_of_the_file_is_a_digest_of_what_runs() {
    let mut world = World::new();
    world.product("lamp");
    let artifact = world.artifact("lamp-0.1", Some(Chip::Esp32), Kind::App);
    artifact.digests = vec![Sha256::of(b"appended")];
    world.release("lamp", "0.1", &["lamp-0.1"]);
    let mut board = silent(Dialect::MicroPython);
    board.0.build = Build { md5: None, sha256: build_of("lamp-0.1").sha256 };
    assert_eq!(world.poll(&board).reason, Reason::UpToDate { version: "0.1".into() });
}

/// A product whose releases have a whole and a minimal image, as Tasmota does for the ESP8266.
fn plug() -> World {
    let mut world = World::new();
    world.product("plug");
    for version in ["1", "2"] {
        let [whole, minimal] = [format!("whole-{version}"), format!("minimal-{version}")];
        world.artifact(&whole, Some(Chip::Esp8266), Kind::App);
        world.artifact(&minimal, Some(Chip::Esp8266), Kind::App).variant = Variant::Minimal;
        world.release("plug", version, &[&minimal, &whole]);
    }
    world
}

fn tasmota(runs: &str, mode: Mode) -> Board {
    let mut board = Board::running(runs, "").asking_for("plug");
    (board.0.dialect, board.0.mode, board.0.build.sha256) = (Dialect::Tasmota, mode, None);
    board
}

#[test]
fn a_minimal_image_is_for_whoever_asks_for_it_and_only_on_the_way() {
    let mut world = plug();
    assert_eq!(world.poll(&tasmota("whole-1", Mode::Sketch)).offered(), Some(Sha256::of(b"whole-2")));
    assert_eq!(world.poll(&tasmota("whole-1", Mode::Minimal)).offered(), Some(Sha256::of(b"minimal-2")));
    let decision = world.poll(&tasmota("minimal-2", Mode::Sketch));
    assert_eq!(decision.reason, Reason::NotWhole { variant: Variant::Minimal, offered: "2".into() });
    assert_eq!(decision.offered(), Some(Sha256::of(b"whole-2")));
    for mode in [Mode::Sketch, Mode::Minimal] {
        assert_eq!(world.poll(&tasmota("whole-2", mode)).reason, Reason::UpToDate { version: "2".into() });
    }
}

#[test]
fn an_image_that_stands_by_is_sent_to_whoever_asks_whatever_it_runs() {
    let mut world = plug();
    world.artifact("safe", Some(Chip::Esp8266), Kind::App).variant = Variant::Safeboot;
    world.artifact("whole-3", Some(Chip::Esp8266), Kind::App);
    world.release("plug", "3", &["whole-3", "safe"]);
    let decision = world.poll(&tasmota("whole-3", Mode::Safeboot));
    assert_eq!(
        (decision.reason.clone(), decision.offered()),
        (Reason::AskedFor { offered: "3".into() }, Some(Sha256::of(b"safe")))
    );
}

#[test]
fn what_a_file_is_called_says_which_it_is() {
    for (name, variant) in [
        ("tasmota.bin", Variant::Whole),
        ("tasmota-DE.bin.gz", Variant::Whole),
        ("tasmota-minimal.bin.gz", Variant::Minimal),
        ("tasmota32-safeboot.bin", Variant::Safeboot),
        ("minimal.bin", Variant::Whole),
        ("lamp-minimal.bin", Variant::Whole),
        ("", Variant::Whole),
    ] {
        assert_eq!(Variant::of(name), variant, "{name}");
    }
}

/// A lamp with a release 0.4 of a program and a file system.
fn with_files(order: Sequence) -> World {
    let mut world = World::lamp();
    world.artifact("files", None, Kind::Filesystem);
    world.artifact("lamp-0.4", Some(Chip::Esp32), Kind::App);
    world.release("lamp", "0.4", &["lamp-0.4", "files"]).order = order;
    world
}

fn files(runs: &str) -> Board {
    let mut board = Board::running(runs, "0.1");
    board.0.mode = Mode::Filesystem;
    board
}

#[test]
fn a_program_waits_for_files_that_were_offered_and_not_taken() {
    let mut world = with_files(Sequence::FilesFirst);
    let app = Board::running("lamp-0.3", "0.1");
    assert!(world.poll(&files("lamp-0.3")).offered().is_some());
    assert_eq!(world.poll(&app).reason, Reason::FilesFirst { version: "0.4".into() });
    world.poll_and_take(&files("lamp-0.3"));
    assert_eq!(world.poll(&app).offered(), Some(Sha256::of(b"lamp-0.4")));
}

#[test]
fn who_never_asks_for_files_is_not_held_and_no_stranger_holds_it() {
    let mut world = with_files(Sequence::FilesFirst);
    assert!(world.poll(&files("lamp-0.3").from("198.51.100.7")).offered().is_some());
    assert!(world.poll(&files("lamp-0.1")).offered().is_some());
    assert!(world.poll(&Board::running("lamp-0.3", "")).offered().is_some());
}

#[test]
fn files_wait_for_their_program_where_the_release_says_so() {
    let mut world = with_files(Sequence::AppFirst);
    assert_eq!(world.poll(&files("lamp-0.3")).reason, Reason::AppFirst { version: "0.4".into() });
    assert!(world.poll(&Board::running("lamp-0.3", "")).offered().is_some());
    assert_eq!(world.poll(&files("lamp-0.4")).offered(), Some(Sha256::of(b"files")));
}

#[test]
fn a_part_that_was_handed_over_is_neither_cut_off_nor_an_event() {
    let mut world = World::lamp();
    let board = silent(Dialect::EspIdf);
    let artifact = world.poll(&board).offered().unwrap();
    let before = world.events.len();
    for from in [0, 400_000, 800_000] {
        world.take_part(from, 400_000, &board, artifact);
    }
    assert_eq!(world.events.len(), before);
    world.take_part(1_200_000, 100_000, &board, artifact);
    assert_eq!(world.events.len(), before + 1);
    let attempt = world.device(crate::world::MAC).attempts[0].clone();
    assert_eq!((attempt.whole, attempt.cut_off, attempt.last_bytes), (1, 0, 1_300_000));
}
