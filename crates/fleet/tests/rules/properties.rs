//! What holds of every decision, whatever a check-in says.

use std::time::Duration;

use crate::world::{Board, World, build_of, name};
use otary_fleet::{Build, Chip, Dialect, Kind, Mode, Transport, Verdict, View, decide};
use proptest::prelude::*;

const FIRMWARE: [&str; 8] =
    ["lamp-0.1", "lamp-0.3", "lamp-0.3-c3", "lamp-0.9", "cam-2.0", "cam-8266", "files", "unknown"];

/// Two products, three chips, a withdrawn release, a file system.
fn world() -> World {
    let mut world = World::new();
    world.product("lamp").allow_plain_http = true;
    world.product("cam");
    world.publish("lamp", "0.1", "lamp-0.1", Some(Chip::Esp32));
    world.artifact("lamp-0.3", Some(Chip::Esp32), Kind::App);
    world.artifact("lamp-0.3-c3", Some(Chip::Esp32C3), Kind::App).size = 900_000;
    world.artifact("files", None, Kind::Filesystem);
    world.release("lamp", "0.3", &["lamp-0.3", "lamp-0.3-c3", "files"]);
    world.publish("lamp", "0.9", "lamp-0.9", Some(Chip::Esp32));
    world.withdraw("0.9");
    world.publish("cam", "2.0", "cam-2.0", Some(Chip::Esp32));
    world.publish("cam", "2.1", "cam-8266", Some(Chip::Esp8266));
    world
}

prop_compose! {
    fn boards()(
        firmware in prop::sample::select(&FIRMWARE[..]),
        digests in 0..4_u8,
        version in prop::option::of("[0-9a-z.]{1,6}"),
        esp8266 in any::<bool>(),
        filesystem in any::<bool>(),
        product in prop::option::of(prop::sample::select(&["lamp", "cam", "none"][..])),
        chip in prop::option::of(prop::sample::select(&[Chip::Esp32, Chip::Esp32C3, Chip::Esp8266][..])),
        free_space in prop::option::of(prop::sample::select(&[0_u64, 950_000, 1_300_000][..])),
        plain in any::<bool>(),
        network in 0..3_u8,
    ) -> Board {
        let mut board = Board::running(firmware, "");
        board.0.dialect = if esp8266 { Dialect::ArduinoEsp8266 } else { Dialect::ArduinoEsp32 };
        board.0.mode = if filesystem { Mode::Filesystem } else { Mode::Sketch };
        board.0.transport = if plain { Transport::Http } else { Transport::Https };
        board.0.source = [10, 0, network, 1].into();
        let Build { md5, sha256 } = build_of(firmware);
        board.0.build = Build { md5: md5.filter(|_| digests & 1 > 0), sha256: sha256.filter(|_| digests & 2 > 0) };
        board.0.product = product.map(name);
        board.0.version = version.map(otary_fleet::Version::from);
        (board.0.chip, board.0.free_space) = (chip, free_space);
        board
    }
}

proptest! {
    #[test]
    fn what_is_offered_can_be_taken(boards in prop::collection::vec(boards(), 1..40), takes in any::<u64>()) {
        let mut world = world();
        for (i, board) in boards.iter().enumerate() {
            let decision = world.poll(board);
            let check_in = board.check_in();
            prop_assert_eq!(&serde_json::to_value(&decision.reason).unwrap()["rule"], decision.reason.rule());
            let Some(id) = decision.offered() else {
                prop_assert_ne!(decision.verdict(), Verdict::Offer);
                continue;
            };
            let catalogue = world.catalogue();
            let artifact = catalogue.artifact(&id).unwrap();
            let product = catalogue.product(decision.product.as_ref().unwrap()).unwrap();
            let release = catalogue.release(decision.release.as_ref().unwrap()).unwrap();
            prop_assert_eq!(artifact.kind, check_in.mode.kind());
            prop_assert!(artifact.chip.is_none() || artifact.chip == decision.chip);
            prop_assert!(decision.chip.is_none_or(|chip| check_in.dialect.runs_on(chip)));
            prop_assert!(artifact.kind != Kind::App || check_in.free_space.is_none_or(|space| artifact.size <= space));
            prop_assert!(artifact.kind != Kind::App || !artifact.is_run_by(&check_in.build));
            prop_assert!(check_in.transport == Transport::Https || product.allow_plain_http);
            prop_assert!(release.withdrawn.is_none() && release.id.product == product.name);
            if takes >> (i % 64) & 1 == 1 {
                world.take(board, id, 1_300_000);
            }
        }
    }

    /// Who speaks is kept, since it is a digest; a board that says anything else is somebody else all the same.
    #[test]
    fn who_speaks_is_what_is_worked_out_anew(boards in prop::collection::vec(boards(), 1..6), order in any::<u64>()) {
        let mut world = world();
        for poll in 0..24 {
            let board = &boards[usize::try_from(order >> (2 * poll) & 3).unwrap() % boards.len()];
            world.poll_and_take(board);
            for board in &boards {
                let check_in = board.check_in();
                let device = &world.devices[&check_in.device.unwrap()];
                prop_assert_eq!(device.claimant(&check_in), check_in.claimant());
            }
        }
    }

    #[test]
    fn the_same_question_gets_the_same_answer(boards in prop::collection::vec(boards(), 1..20)) {
        let mut world = world();
        for board in &boards {
            world.poll_and_take(board);
        }
        let (catalogue, check_in) = (world.catalogue(), boards[0].check_in());
        let view = View { catalogue: &catalogue, device: world.devices.values().next(), openings: &world.openings };
        prop_assert_eq!(decide(&check_in, view, world.now), decide(&check_in, view, world.now));
    }

    #[test]
    fn nothing_that_strangers_say_changes_what_the_device_is_answered(
        life in prop::collection::vec(boards(), 1..7),
        strangers in prop::collection::vec(boards(), 0..30),
        networks in 1..4_usize,
    ) {
        let (mut quiet, mut noisy) = (world(), world());
        for board in &life {
            let board = board.clone().from("192.168.1.50");
            prop_assert_eq!(noisy.poll_and_take(&board), quiet.poll_and_take(&board));
            for (n, stranger) in strangers.iter().enumerate() {
                noisy.poll_and_take(&stranger.clone().from(&format!("172.16.{}.7", n % networks)));
            }
            quiet.pass(Duration::from_mins(20));
            noisy.now = quiet.now;
        }
    }
}
