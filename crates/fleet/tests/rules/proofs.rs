//! Who the device is: what is shown, what it proves, and what a private product asks for.

use otary_fleet::{
    Credential, CredentialKind, Decision, Dialect, Evidence, Proof, Reason, Sha256, Transport, Verdict, View,
    decide, prove,
};

use crate::world::{Board, MAC, World, name};

const OTHER: &str = "24:6F:28:AA:BB:CD";

fn digest(secret: &str) -> Sha256 {
    Sha256::of(secret.as_bytes())
}

fn shows(secret: &str) -> Evidence {
    Evidence { secret: Some(digest(secret)), ..Evidence::default() }
}

/// The lamp, private, with a secret if one is given; two devices, of which the first is assigned to it and has a token
/// and a certificate.
fn private_lamp(secret: Option<&str>) -> World {
    let mut world = World::new();
    let product = world.product("lamp");
    (product.private, product.secret) = (true, secret.map(digest));
    world.publish("lamp", "0.3", "lamp-0.3", Some(otary_fleet::Chip::Esp32));
    let issued = world.now;
    let kinds = [
        CredentialKind::Token(Sha256::of(b"token")),
        CredentialKind::Certificate(Sha256::of(b"certificate")),
    ];
    world.device(MAC).credentials = kinds.map(|kind| Credential { kind, issued }).to_vec();
    world.device(MAC).product = Some(name("lamp"));
    world.device(OTHER);
    world
}

/// A poll by a board that runs something old and shows this.
fn poll(world: &World, board: &Board, evidence: Evidence) -> (Proof, Decision) {
    let mut check_in = board.check_in();
    let catalogue = world.catalogue();
    let device = check_in.device.and_then(|mac| world.devices.get(&mac));
    let view = View { catalogue: &catalogue, device, openings: &world.openings };
    check_in.proof = prove(&check_in, &evidence, view);
    (check_in.proof, decide(&check_in, view, world.now))
}

fn lamp(mac: &str) -> Board {
    let mut board = Board::running("lamp-0.1", "0.1").asking_for("lamp");
    board.0.device = Some(mac.parse().unwrap());
    board
}

#[test]
fn each_credential_proves_what_it_was_issued_for() {
    let world = private_lamp(Some("secret"));
    let certificate = Evidence { certificate: Some(digest("certificate")), ..Evidence::default() };
    for (mac, evidence, proof) in [
        (MAC, Evidence::default(), Proof::None),
        (MAC, shows("wrong"), Proof::None),
        (MAC, shows("secret"), Proof::ProductSecret),
        (OTHER, shows("secret"), Proof::ProductSecret),
        (MAC, shows("token"), Proof::DeviceCredential),
        (MAC, certificate, Proof::DeviceCredential),
        (MAC, Evidence { secret: Some(digest("secret")), ..certificate }, Proof::DeviceCredential),
        (OTHER, shows("token"), Proof::None),
        (OTHER, certificate, Proof::None),
        (MAC, Evidence { certificate: Some(digest("token")), ..Evidence::default() }, Proof::None),
        ("24:6F:28:00:00:00", shows("token"), Proof::None),
    ] {
        assert_eq!(poll(&world, &lamp(mac), evidence).0, proof, "{mac} {evidence:?}");
    }
    let mut nameless = lamp(MAC);
    nameless.0.device = None;
    assert_eq!(poll(&world, &nameless, shows("token")).0, Proof::None, "a token is its device's alone");
    assert_eq!(poll(&world, &nameless, shows("secret")).0, Proof::ProductSecret);
}

#[test]
fn a_private_product_is_for_those_who_show_its_secret_or_their_own() {
    let world = private_lamp(Some("secret"));
    for evidence in [shows("secret"), shows("token")] {
        assert_eq!(poll(&world, &lamp(MAC), evidence).1.verdict(), Verdict::Offer);
    }
    let (_, held) = poll(&world, &lamp(MAC), shows("guess"));
    let (shown, needed) = (Proof::None, Proof::ProductSecret);
    assert_eq!(held.reason, Reason::NotProven { product: name("lamp"), shown, needed });
    assert_eq!((held.release, held.artifact), (None, None), "nothing more is found out for a stranger");
}

#[test]
fn without_a_secret_it_takes_a_credential_of_the_devices_own() {
    let world = private_lamp(None);
    assert_eq!(poll(&world, &lamp(MAC), shows("token")).1.verdict(), Verdict::Offer);
    for (mac, evidence) in [(OTHER, shows("token")), (MAC, shows("")), (OTHER, Evidence::default())] {
        let (_, held) = poll(&world, &lamp(mac), evidence);
        let advice = held.reason.advice(mac).unwrap();
        assert_eq!((held.verdict(), advice), (Verdict::Hold, format!("otary device enroll {mac} --token")));
    }
}

#[test]
fn who_is_enrolled_already_is_told_that_the_poll_showed_nothing() {
    let world = private_lamp(None);
    let (_, held) = poll(&world, &lamp(MAC), Evidence::default());
    let [enrolled, other] = [MAC, OTHER].map(|mac| world.devices.get(&mac.parse().unwrap()).unwrap());
    let advice = held.reason.advice_of(enrolled).unwrap();
    assert!(advice.starts_with("it is enrolled, and this poll showed no credential of its own"), "{advice}");
    assert_eq!(held.reason.advice_of(other).unwrap(), format!("otary device enroll {OTHER} --token"));
}

#[test]
fn a_credential_opens_no_product_but_the_one_that_its_device_was_assigned_to() {
    let mut world = private_lamp(Some("secret"));
    world.product("plug");
    for assigned in [Some(name("plug")), None] {
        world.device(MAC).product = assigned;
        let (proof, held) = poll(&world, &lamp(MAC), shows("token"));
        assert_eq!((proof, held.verdict()), (Proof::DeviceCredential, Verdict::Hold));
        assert_eq!(held.reason.advice(MAC).unwrap(), format!("otary device assign {MAC} lamp"));
    }
    let both = Evidence { certificate: Some(digest("certificate")), ..shows("secret") };
    for evidence in [shows("secret"), both] {
        assert_eq!(poll(&world, &lamp(MAC), evidence).1.verdict(), Verdict::Offer, "its secret does");
    }
    world.device(MAC).product = Some(name("lamp"));
    assert_eq!(poll(&world, &lamp(MAC), shows("token")).1.verdict(), Verdict::Offer);
}

#[test]
fn over_plain_http_nothing_is_proven_and_nothing_private_is_sent() {
    let mut world = private_lamp(Some("secret"));
    let open = world.product("open");
    (open.allow_plain_http, open.secret) = (true, Some(digest("secret")));
    let mut board = lamp(MAC);
    board.0.transport = Transport::Http;
    for evidence in [shows("secret"), shows("token")] {
        let (proof, held) = poll(&world, &board, evidence);
        assert_eq!(proof, Proof::None);
        assert_eq!(held.reason, Reason::PlainHttp { product: Some(name("lamp")) });
    }
    let open = board.asking_for("open");
    assert_eq!(poll(&world, &open, shows("secret")).0, Proof::None, "who listened has it too");
}

#[test]
fn neither_its_build_nor_its_assignment_nor_being_the_only_one_lets_a_stranger_in() {
    let mut world = private_lamp(Some("secret"));
    world.publish("lamp", "0.4", "lamp-0.4", Some(otary_fleet::Chip::Esp32));
    let unnamed = |firmware: &str| Board::running(firmware, "0.1");
    for firmware in ["lamp-0.3", "unknown"] {
        let (_, held) = poll(&world, &unnamed(firmware), Evidence::default());
        assert_eq!(held.reason.rule(), "not-proven", "{firmware}");
        assert_eq!(poll(&world, &unnamed(firmware), shows("secret")).1.verdict(), Verdict::Offer);
    }
    world.product("plug");
    world.device(MAC).product = Some(name("lamp"));
    let (_, held) = poll(&world, &unnamed("unknown"), Evidence::default());
    assert_eq!(held.reason.rule(), "not-proven");
}

#[test]
fn what_a_private_product_runs_is_as_unknown_to_a_stranger_as_any_other_build() {
    let mut world = private_lamp(Some("secret"));
    world.product("plug");
    let chips = [otary_fleet::Chip::Esp32, otary_fleet::Chip::Esp8266];
    for chip in chips {
        world.artifact(&format!("plug-0.2 {chip}"), Some(chip), otary_fleet::Kind::App);
    }
    world.release(
        "plug",
        "0.2",
        &chips.map(|chip| format!("plug-0.2 {chip}")).each_ref().map(String::as_str),
    );
    world.device(OTHER).product = Some(name("plug"));
    let asked = |firmware: &str, url: Option<&str>, dialect: Dialect, chip, evidence| {
        let mut board = Board::running(firmware, "0.1");
        board.0.device = Some(OTHER.parse().unwrap());
        (board.0.product, board.0.dialect, board.0.chip) = (url.map(name), dialect, chip);
        let (proof, decision) = poll(&world, &board, evidence);
        (proof, decision.product, decision.chip, decision.artifact, decision.reason.rule())
    };
    for url in [None, Some("plug")] {
        for dialect in [Dialect::ArduinoEsp32, Dialect::ArduinoEsp8266] {
            for chip in [None, Some(chips[0]), Some(chips[1])] {
                for evidence in [Evidence::default(), shows("guess"), shows("token")] {
                    let private = asked("lamp-0.3", url, dialect, chip, evidence);
                    let unknown = asked("unknown", url, dialect, chip, evidence);
                    assert_eq!(private, unknown, "{url:?} {dialect:?} {chip:?} {evidence:?}");
                }
            }
        }
    }
    let own = asked("lamp-0.3", None, Dialect::ArduinoEsp32, None, shows("secret"));
    assert_eq!(
        (own.0, own.1),
        (Proof::ProductSecret, Some(name("lamp"))),
        "who may have it is known by its build"
    );
}

#[test]
fn the_secret_of_one_product_is_not_taken_for_that_of_the_product_of_a_build() {
    let mut world = private_lamp(Some("secret"));
    let gate = world.product("gate");
    (gate.private, gate.secret) = (true, Some(digest("gate's secret")));
    world.publish("gate", "1", "gate-1", Some(otary_fleet::Chip::Esp32));
    world.device(OTHER).product = Some(name("gate"));
    let mut board = Board::running("lamp-0.3", "0.1");
    board.0.device = Some(OTHER.parse().unwrap());
    let (_, held) = poll(&world, &board, shows("gate's secret"));
    assert_eq!((held.product, held.artifact), (Some(name("gate")), None), "no image of the lamp");
}
