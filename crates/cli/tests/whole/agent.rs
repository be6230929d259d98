//! Boards with otary's own agent against the built server and against a thief of it: what they install, what they refuse,
//! and what the owner sees of it.

use std::fs;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use otary_fleet::{Chip, Sha256, Time};
use otary_sim::tls::{Anchors, Trust};
use otary_sim::{AgentApp, AgentPoll, Board, Console, FOUR_MEGABYTES, Identity, Nor, Ntp, Pace, Stop};
use otary_trust::signing::SigningKey;
use otary_wire::{Encoding, Kind, List, Manifest, Payload, UnixSeconds, sign};

use crate::house::{House, Server, mac};
use crate::thief::{self, Lie};

const YEAR: u64 = 365 * 24 * 60 * 60;

/// A server with signed releases 1 and 2 of a lamp, and a lamp that runs the second.
struct Site {
    house: House,
    server: Server,
    board: Board<Nor>,
    app: AgentApp,
}

impl Site {
    fn new() -> Self {
        let house = House::new();
        let server = house.serve("");
        house.otary("key new --out keys --data x").printed();
        let site = |house: House, server: Server| {
            let (board, app) = lamp(&house, &server);
            Self { house, server, board, app }
        };
        let site = site(house, server);
        site.push("0.1");
        site.push("0.2");
        site
    }

    /// Pushes a release, signed with the next number.
    fn push(&self, version: &str) {
        self.house.sample(&format!("lamp-{version}.bin"), version);
        let words = format!(
            "push lamp-{version}.bin --product lamp --version {version} --sign keys/release-1.key --data x"
        );
        self.house.otary(&words).printed();
    }

    /// Switches the lamp on for so many polls.
    fn polls(&mut self, most: usize) -> Vec<AgentPoll> {
        let pace = Pace::scaled(0.0, Stop::default());
        let mut polls = Vec::new();
        let mut console = Console::new(std::io::sink());
        let ran = self.board.run_agent(&self.app, &pace, &mut console, |poll| {
            polls.push(poll);
            if polls.len() >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        ran.unwrap();
        polls
    }

    /// Has the thief answer the lamp from now on.
    fn is_robbed(&mut self, manifest: Option<Vec<u8>>, time: UnixSeconds) {
        let thief = thief::start(&self.house, self.server.https, Lie { manifest, time });
        self.app.url = format!("https://{thief}");
    }

    /// The lamp is offered this manifest by the thief. It must refuse it, run on, and say why where the owner reads it.
    fn refuses(&mut self, manifest: Vec<u8>, why: &str) {
        self.is_robbed(Some(manifest), now());
        let polls = self.polls(2);
        assert!(polls.iter().all(|poll| matches!(poll, AgentPoll::Refused { .. })), "{polls:?}");
        assert_eq!(self.board.version(), Some("0.2"));
        let page = self.page();
        let reported =
            page.lines().find(|line| line.trim_start().starts_with("reported")).unwrap_or_default();
        assert!(reported.contains("refused") && reported.contains(why), "{page}");
    }

    fn page(&self) -> String {
        self.house.otary(&format!("device show {} --data x", mac(1))).printed()
    }

    /// A third release is published. The lamp must install it, confirm it and report it.
    fn updates(&mut self) -> Vec<AgentPoll> {
        self.push("0.3");
        self.app.url = format!("https://{}", self.server.https);
        let polls = self.polls(4);
        assert!(polls.iter().any(|poll| matches!(poll, AgentPoll::Updated { .. })), "{polls:?}");
        assert!(matches!(polls.last(), Some(AgentPoll::NoUpdate { .. })), "{polls:?}");
        assert_eq!(self.board.version(), Some("0.3"));
        let page = self.page();
        assert!(page.contains("reported  installed (release number 3)"), "{page}");
        polls
    }

    fn release_key(&self) -> SigningKey {
        thief::key(&self.house, "keys/release-1.key")
    }

    /// A manifest of this release of the lamp's, for firmware that the server has.
    fn manifest(&self, number: u32, key: &SigningKey, change: impl FnOnce(&mut Manifest<'_>)) -> Vec<u8> {
        let image = fs::read(self.house.path("lamp-0.1.bin")).unwrap();
        let (digest, length) = (Sha256::of(&image).0, u32::try_from(image.len()).unwrap());
        let payload = Payload {
            kind: Kind::App,
            label: None,
            encoding: Encoding::Raw,
            base: None,
            coded_length: length,
            final_length: length,
            final_digest: &digest,
            coded_digest: None,
        };
        let mut manifest = Manifest {
            product: "lamp",
            hardware: List::of(&["esp32"]).unwrap(),
            chip: Chip::Esp32,
            release: number,
            version: "0.1",
            floor: 0,
            downgrade: false,
            not_after: None,
            payloads: List::of(&[payload]).unwrap(),
        };
        change(&mut manifest);
        sign::manifest(&manifest, &key.to_wire(), &mut [0; Manifest::MAX_LEN]).unwrap().to_vec()
    }
}

/// A lamp with the second release's firmware, as it leaves the workshop.
fn lamp(house: &House, server: &Server) -> (Board<Nor>, AgentApp) {
    let mut board = Board::new(Identity::new(Chip::Esp32, mac(1)), Nor::erased(FOUR_MEGABYTES).unwrap());
    board.flash_factory(&house.sample("lamp-0.2.bin", "0.2"), None).unwrap();
    let anchors = Anchors::from_pem(&fs::read(house.data().join("trust/root.crt")).unwrap()).unwrap();
    let record = fs::read(house.path("keys/record-1.bin")).unwrap();
    let url = format!("https://{}", server.https);
    let mut app = AgentApp::new(&url, Trust::Anchors(anchors), "lamp", "esp32", &record);
    app.release = 2;
    (board, app)
}

fn now() -> UnixSeconds {
    UnixSeconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}

#[test]
fn an_agent_refuses_a_release_that_a_wrong_key_signed_and_the_owner_sees_it() {
    let mut site = Site::new();
    let manifest = site.manifest(9, &SigningKey::generate().unwrap(), |_| ());
    site.refuses(manifest, "signed by an unknown or revoked key");
}

#[test]
fn an_agent_refuses_an_older_release_number_and_the_owner_sees_it() {
    let mut site = Site::new();
    let manifest = site.manifest(1, &site.release_key(), |_| ());
    site.refuses(manifest, "(release number 1): an older release than the installed one");
}

#[test]
fn an_agent_whose_clock_is_set_refuses_an_expired_manifest_and_the_owner_sees_it() {
    let mut site = Site::new();
    let yesterday = UnixSeconds(now().0 - 24 * 60 * 60);
    let manifest = site.manifest(9, &site.release_key(), |manifest| manifest.not_after = Some(yesterday));
    site.refuses(manifest, "the manifest has expired");
}

#[test]
fn an_agent_refuses_another_products_manifest_and_the_owner_sees_it() {
    let mut site = Site::new();
    let manifest = site.manifest(9, &site.release_key(), |manifest| manifest.product = "heater");
    site.refuses(manifest, "a manifest for another product");
}

#[test]
fn an_agent_refuses_a_manifest_with_one_flipped_bit_and_the_owner_sees_it() {
    let mut site = Site::new();
    let mut manifest = site.manifest(9, &site.release_key(), |_| ());
    *manifest.last_mut().unwrap() ^= 1;
    site.refuses(manifest, "the manifest's signature is wrong");
}

#[test]
fn an_agent_refuses_what_a_revoked_release_key_signs_and_the_owner_sees_it() {
    let mut site = Site::new();
    let manifest = site.manifest(99, &site.release_key(), |_| ());
    site.house.otary("key revoke keys/release-1.key --root keys/root-1a.key --out keys --data x").printed();
    // The board hears of it from the server, before the thief is there.
    site.polls(1);
    site.refuses(manifest, "signed by an unknown or revoked key");
}

#[test]
fn what_a_thief_offers_under_a_good_signature_is_still_the_owners() {
    let mut site = Site::new();
    // All that he can do is to offer what the owner signed, and what may follow the installed release.
    let manifest = site.manifest(3, &site.release_key(), |_| ());
    site.is_robbed(Some(manifest), now());
    let polls = site.polls(2);
    assert!(matches!(polls.first(), Some(AgentPoll::Updated { .. })), "{polls:?}");
    assert_eq!(site.board.version(), Some("0.1"));
}

#[test]
fn an_agent_without_a_time_server_for_three_years_still_updates() {
    let mut site = Site::new();
    site.app.ntp = Ntp::Unreachable;
    // The last that it knows of the time is an order of three years ago.
    site.is_robbed(None, UnixSeconds(now().0 - 3 * YEAR));
    let polls = site.polls(1);
    assert!(matches!(polls.last(), Some(AgentPoll::NoUpdate { .. })), "{polls:?}");
    site.updates();
}

#[test]
fn an_agent_whose_clock_stands_at_its_build_date_updates_from_a_server_with_a_renewed_certificate() {
    let mut site = Site::new();
    site.app.ntp = Ntp::Fixed(Time::from_secs(now().0 - 3 * YEAR));
    let shown = site.house.shown_by(&site.server);
    site.house.otary("trust renew --data x").printed();
    assert_ne!(site.house.shown_by(&site.server), shown);
    site.updates();
}

#[test]
fn an_agent_with_a_clock_twenty_years_ahead_still_updates() {
    let mut site = Site::new();
    site.app.ntp = Ntp::Fixed(Time::from_secs(now().0) + Duration::from_secs(20 * YEAR));
    site.updates();
}

#[test]
fn an_agent_on_the_command_line_updates_goes_back_and_refuses_another_authority() {
    let site = Site::new();
    let house = &site.house;
    let board = format!(
        "sim --agent --url https://{} --root keys/record-1.bin --product lamp --speed 1000000",
        site.server.https
    );
    let good = format!("{board} --ca x/trust/root.crt");
    let first = house.otary(&format!("{good} --flash a.flash --firmware lamp-0.1.bin --release 1 --polls 2"));
    let printed = first.printed();
    let mut lines = printed.lines();
    for said in [
        "Firmware version 0.1",
        "Update start now!",
        "HTTP_UPDATE_OK",
        "Firmware version 0.2",
        "# reports: installed",
    ] {
        assert!(lines.any(|line| line.starts_with(said)), "{said}\n{printed}");
    }
    assert!(printed.ends_with("HTTP_UPDATE_NO_UPDATES\n"), "{printed}");

    let fails =
        format!("{good} --flash b.flash --firmware lamp-0.1.bin --release 1 --fail-self-test --polls 3");
    let failed = house.otary(&fails);
    assert!(failed.out.contains("# goes back: rolled back: the self-test failed"), "{failed:?}");
    assert!(failed.out.contains("# reports: rolled back: the self-test failed"), "{failed:?}");

    // The next root has signed nothing yet.
    let other =
        format!("{board} --ca x/trust/next-root.crt --flash c.flash --firmware lamp-0.1.bin --polls 1");
    let refused = house.otary(&other);
    assert!(refused.out.contains("# certificate: no trusted CA has signed it"), "{refused:?}");
    assert!(refused.refused().starts_with("error: the last poll failed: (-1)"));

    let record =
        format!("{good} --flash d.flash --firmware lamp-0.1.bin").replace("record-1.bin", "release-1.key");
    let refused = house.otary(&record).refused();
    assert!(refused.contains("release-1.key is no root record that a device could begin with"), "{refused}");
}

#[test]
fn an_agent_on_the_command_line_updates_whatever_its_clock_shows() {
    let site = Site::new();
    for (flash, clock) in ["unset", "-20y", "+20y", "2031-12-31"].iter().enumerate() {
        let words = format!(
            "sim --agent --url https://{} --root keys/record-1.bin --product lamp --ca x/trust/root.crt --speed \
             1000000 --flash {flash}.flash --firmware lamp-0.1.bin --release 1 --polls 4 --clock {clock}",
            site.server.https
        );
        let printed = site.house.otary(&words).printed();
        assert_eq!(printed.contains("# no time server answers"), *clock == "unset", "{clock}: {printed}");
        let is_outside = printed.contains("# certificate: the board's clock says");
        assert_eq!(is_outside, *clock != "unset", "{clock}: {printed}");
        assert!(printed.contains("HTTP_UPDATE_OK"), "{clock}: {printed}");
        assert!(printed.contains("# reports: installed"), "{clock}: {printed}");
    }
    let refused = site.house.otary("sim --agent --clock never");
    assert!(refused.err.contains("expected unset, years such as -20y"), "{}", refused.err);
}
