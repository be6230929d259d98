//! Preflight: whom a release would not reach, and how that is counted and said.

use std::time::Duration;

use otary_fleet::{
    Anchor, AnchorId, Candidate, Chip, Dialect, FoundCertificate, Generations, Group, Handshake, Held, Kind,
    Membership, Obstacle, Preflight, Presented, Reason, Release, ReleaseId, Sha256, Time, Transport, Verdict,
};

use crate::world::{Board, MAC, World, name};

/// The lamp with 0.1 and 0.3 on stable, and 0.4, which is on no device yet: its channel is that of nobody here.
fn lamp() -> World {
    let mut world = World::lamp();
    world.publish("lamp", "0.4", "lamp-0.4", Some(Chip::Esp32)).channel = "rc".parse().unwrap();
    world
}

fn id(version: &str) -> ReleaseId {
    ReleaseId { product: name("lamp"), version: version.into() }
}

fn board(last: u8, firmware: &str, version: &str) -> Board {
    let mut board = Board::running(firmware, version);
    board.0.device = Some(format!("24:6F:28:00:00:{last:02X}").parse().unwrap());
    board
}

/// Every device asked about 0.4, with what the server presents.
fn preflight_with(world: &World, group: Option<&Group>, generations: Option<&Generations>) -> Preflight {
    let (catalogue, channel) = (world.catalogue(), "stable".parse().unwrap());
    let release: &Release = catalogue.release(&id("0.4")).unwrap();
    let now = world.now;
    let candidate = Candidate { release, catalogue: &catalogue, channel: &channel, group, generations, now };
    let mut preflight = Preflight::of(&candidate);
    for device in world.devices.values() {
        preflight.ask(&candidate, device);
    }
    preflight
}

fn preflight(world: &World) -> Preflight {
    preflight_with(world, None, None)
}

/// What stands against 0.4 on the only board.
fn obstacle(world: &World) -> Obstacle {
    let preflight = preflight(world);
    assert_eq!((preflight.devices, preflight.refuse), (1, 1), "{preflight}");
    preflight.named[0].obstacle.clone()
}

/// The same, where it stands against it as an answer would.
fn answer(world: &World) -> Reason {
    match obstacle(world) {
        Obstacle::Answered { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_would_be_refused_is_counted_by_its_reason_and_said_in_a_sentence() {
    let mut world = lamp();
    for last in 0..6 {
        let mut small = board(last, "lamp-0.3", "0.3");
        small.0.free_space = Some(1_000_000);
        world.poll(&small);
    }
    for last in 10..13 {
        let mut other = board(last, "some c3 build", "0.3");
        other.0.chip = Some(Chip::Esp32C3);
        world.poll(&other);
    }
    for last in 20..40 {
        world.poll(&board(last, "lamp-0.3", "0.3"));
    }
    let preflight = preflight(&world);
    assert_eq!(preflight.to_string(), "9 of 29 devices would refuse this: 6 slot too small, 3 other chip");
    assert_eq!((preflight.take, preflight.named.len()), (20, 9));
    assert_eq!(
        preflight.named[0].because,
        "the image has 1300000 bytes, and there is room for 1000000: 300000 too many"
    );
    assert_eq!(preflight.named[8].because, "is an esp32c3, and the release is for esp32");
}

#[test]
fn every_device_is_counted_once() {
    let mut world = lamp();
    world.poll(&board(0, "lamp-0.3", "0.3"));
    world.poll(&board(1, "lamp-0.4", "0.4"));
    for (last, held) in [(2, true), (3, false)] {
        let board = board(last, "lamp-0.3", "0.3");
        world.poll(&board);
        let at = world.now;
        let device = world.device(&board.0.device.unwrap().to_string());
        if held {
            device.hold = Some(Held { at, by: "ann".into() });
        } else {
            device.pin = Some(id("0.1"));
        }
    }
    world.device("24:6F:28:00:00:04").product = Some(name("lamp"));
    world.device("24:6F:28:00:00:05").channel = Some("beta".parse().unwrap());
    let found = preflight(&world);
    assert_eq!(found.to_string(), "none of 5 devices would refuse this");
    let Preflight { devices, take, settled, held, pinned, unheard, .. } = found;
    assert_eq!((devices, take, settled, held, pinned, unheard), (5, 1, 1, 1, 1, 1));
}

#[test]
fn a_device_that_is_held_and_would_not_take_it_either_counts_as_the_latter() {
    let mut world = lamp();
    let mut small = Board::running("lamp-0.3", "0.3");
    small.0.free_space = Some(0);
    world.poll(&small);
    world.device(MAC).hold = Some(Held { at: world.now, by: "ann".into() });
    assert_eq!(answer(&world), Reason::NoSlot);
}

#[test]
fn without_a_word_on_its_slot_the_whole_flash_is_the_most_that_there_can_be() {
    let mut world = lamp();
    let mut board = Board::running("lamp-0.3", "0.3");
    (board.0.free_space, board.0.chip_size) = (None, Some(1 << 20));
    world.poll(&board);
    assert_eq!(answer(&world), Reason::TooLarge { size: 1_300_000, space: 1 << 20 });
    board.0.chip_size = Some(4 << 20);
    world.poll(&board);
    assert_eq!(preflight(&world).take, 1);
}

#[test]
fn what_is_foretold_is_what_decides_once_it_is_published() {
    let mut world = lamp();
    let mut small = board(1, "lamp-0.3", "0.3");
    small.0.free_space = Some(1_299_999);
    let boards = [board(0, "lamp-0.3", "0.3"), small];
    for board in &boards {
        assert_eq!(world.poll(board).verdict(), Verdict::Wait);
    }
    let foretold = preflight(&world);
    world.channel_of("0.4", "stable");
    let answers = boards.map(|board| world.poll(&board).verdict());
    assert_eq!(answers, [Verdict::Offer, Verdict::Hold]);
    assert_eq!((foretold.take, foretold.refuse), (1, 1));
}

#[test]
fn an_agent_takes_only_what_is_signed() {
    let mut world = lamp();
    world.poll(&Board::agent("lamp-0.3"));
    assert_eq!(answer(&world), Reason::Unsigned { release: id("0.4") });
    world.sign("0.4", 4);
    assert_eq!(preflight(&world).take, 1);
}

#[test]
fn a_client_that_can_do_nothing_with_the_file_is_told_apart_from_another_chip() {
    let mut world = World::lamp();
    world.artifact("opaque", None, Kind::Raw);
    world.release("lamp", "0.4", &["opaque"]);
    world.poll(&Board::running("lamp-0.3", "0.3"));
    let Obstacle::OtherClient { dialect, .. } = obstacle(&world) else { panic!("{:?}", obstacle(&world)) };
    assert_eq!(dialect, Dialect::ArduinoEsp32);
    assert_eq!(obstacle(&world).to_string(), "speaks as arduino-esp32 does, whose client takes no raw file");
}

#[test]
fn a_device_that_loops_is_named_until_its_brake_is_let_go() {
    let mut world = lamp();
    world.channel_of("0.4", "stable");
    let looping = Board::running("lamp-0.3", "0.3");
    (0..3).for_each(|_| assert_eq!(world.poll_and_take(&looping).verdict(), Verdict::Offer));
    assert!(matches!(answer(&world), Reason::Looping { taken: 3, .. }));
    world.device(MAC).release_brakes();
    assert_eq!(preflight(&world).take, 1);
}

#[test]
fn a_device_of_another_product_or_group_is_not_asked() {
    let mut world = lamp();
    world.product("cam");
    world.publish("cam", "1", "cam-1", Some(Chip::Esp32));
    world.poll(&board(0, "lamp-0.3", "0.3"));
    world.poll(&board(1, "lamp-0.3", "0.3"));
    world.poll(&board(2, "cam-1", "1"));
    assert_eq!(preflight(&world).devices, 2);
    let members = ["24:6F:28:00:00:01".parse().unwrap()].into();
    let group = Group { name: "few".parse().unwrap(), product: None, by: Membership::Hand(members) };
    assert_eq!(preflight_with(&world, Some(&group), None).devices, 1);
}

#[test]
fn nobody_asked_yet() {
    assert_eq!(preflight(&lamp()).to_string(), "no device that it is meant for is on record");
}

// Trust

fn anchor(name: &str, made: Time) -> Anchor {
    let digest = Sha256::of(name.as_bytes());
    let not_after = made + Duration::from_hours(200_000);
    let (id, fingerprint, name) = (AnchorId(digest), digest, name.into());
    Anchor { id, fingerprint, name, not_before: made, not_after, authority: true }
}

/// A board that came by TLS with firmware that trusts `today`, and 0.4 trusts `then`; the server presents `first`.
fn served(today: &str, then: &str) -> (World, Generations) {
    let mut world = lamp();
    let made = world.now;
    let found = |name: &str| FoundCertificate { offset: 0, pem: true, anchor: anchor(name, made) };
    world.embed("lamp-0.3", &[found(today)]);
    world.embed("lamp-0.4", &[found(then)]);
    let generations = Generations::first(anchor("first", made), anchor("second", made), made);
    let presented = Presented { generation: generations.current, bridged: false };
    let mut board = Board::running("lamp-0.3", "0.3");
    board.0.handshake = Some(Handshake { server_name: Some("ota.lan".into()), presented });
    world.poll(&board);
    (world, generations)
}

#[test]
fn an_image_whose_certificates_lead_elsewhere_loses_the_devices_that_rest_on_theirs() {
    let (world, generations) = served("first", "foreign");
    let found = preflight_with(&world, None, Some(&generations));
    assert_eq!(found.to_string(), "1 of 1 device would refuse this: 1 would lose trust");
    assert_eq!(
        found.named[0].because,
        "would not come back: the image trusts foreign, and this server is verified as ota.lan by first"
    );
    assert_eq!(preflight(&world).take, 1, "without an authority there is nothing to lose");
}

#[test]
fn an_image_that_goes_on_leading_here_loses_nobody() {
    let (world, generations) = served("first", "first");
    assert_eq!(preflight_with(&world, None, Some(&generations)).take, 1);
}

#[test]
fn one_that_came_here_with_certificates_that_lead_elsewhere_looks_at_others() {
    let (world, generations) = served("broker", "broker");
    assert_eq!(preflight_with(&world, None, Some(&generations)).take, 1);
}

#[test]
fn no_certificate_concerns_a_device_that_comes_by_plain_http() {
    let (mut world, generations) = served("first", "foreign");
    let device = world.device(MAC);
    device.last.as_mut().unwrap().transport = Transport::Http;
    let found = preflight_with(&world, None, Some(&generations));
    assert_eq!(found.obstacles[0].words, "plain HTTP", "which the product does not allow");
}
