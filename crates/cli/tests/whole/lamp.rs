//! Lamps whose firmware says where they ask and whom they trust, and the releases for them: what a lamp believes after
//! an update is what lies in its flash, and nothing that the test holds.

use std::net::Ipv4Addr;

use otary_fleet::Chip;
use otary_sim::dns::{Resolver, Responder};
use otary_sim::sample::{self, Settings};
use otary_sim::tls::{Anchors, Trust};
use otary_sim::{Board, Console, FOUR_MEGABYTES, Identity, Nor, Pace, Poll, Sketch, Stop, Until};

use crate::house::{House, Server, mac};

/// Bytes of a firmware.
const SIZE: usize = 60_000;
/// What every lamp's firmware has for `setAuthorization`, where it has anything.
pub const SECRET: &str = "kLbo2GZwqkV3hXn1s0Q9";

/// A house with a name server for its lamps.
pub struct Street {
    pub house: House,
    names: Responder,
}

/// A lamp, switched off between its polls.
pub struct Lamp {
    board: Board<Nor>,
    sketch: Sketch,
}

impl Street {
    /// A house whose server is found under these names.
    pub fn new(names: &[&str]) -> Self {
        let names = names.iter().map(|name| (*name, Ipv4Addr::LOCALHOST.into()));
        Self { house: House::new(), names: Responder::start(names).unwrap() }
    }

    /// A command on the data directory, which must succeed; gives what it printed.
    pub fn otary(&self, words: &str) -> String {
        self.house.otary(&format!("{words} --data x")).printed()
    }

    /// A command on the data directory, which must be refused; gives what it said.
    pub fn refused(&self, words: &str) -> String {
        self.house.otary(&format!("{words} --data x")).refused()
    }

    /// Builds firmware and publishes it for the product `lamp`.
    pub fn release(&self, version: &str, url: &str, anchors: &str) -> Vec<u8> {
        let image = firmware(version, url, anchors);
        self.house.write(&format!("lamp-{version}.bin"), &image);
        self.otary(&format!("push lamp-{version}.bin --product lamp --version {version}"));
        image
    }

    /// Has every lamp share a secret, so that what a lamp says of itself is proven.
    pub fn share_secret(&self) {
        self.house.write("secret", SECRET);
        self.otary("product add lamp --secret-file secret");
    }

    /// What firmware is to trust from now on.
    pub fn roots(&self) -> String {
        self.otary("trust export --pem")
    }

    /// The root of the first generation alone.
    pub fn first_root(&self) -> String {
        self.house.text("x/trust/root.crt")
    }

    /// A lamp that was flashed with this firmware over the cable.
    pub fn lamp(&self, number: u8, firmware: &[u8]) -> Lamp {
        let mut board =
            Board::new(Identity::new(Chip::Esp32, mac(number)), Nor::erased(FOUR_MEGABYTES).unwrap());
        board.flash_factory(firmware, None).unwrap();
        let mut sketch = Sketch::in_samples();
        sketch.link.resolver = Resolver::Server(self.names.address());
        Lamp { board, sketch }
    }

    /// Which generation a lamp was shown last, and which anchors it holds by the build that it said last, as
    /// `device show` has them.
    pub fn shown_and_trusted(&self, number: u8) -> (String, Vec<String>) {
        let page = self.otary(&format!("device show {}", mac(number)));
        let shown = page.split_once("was shown generation ").unwrap_or_else(|| panic!("{page}")).1;
        let trusts = page.split_once("\n  trusts ").unwrap_or_else(|| panic!("{page}")).1.lines().skip(1);
        let roles = trusts.take_while(|line| line.starts_with("              "));
        let role = |line: &str| line.rsplit('(').next().unwrap_or_default().trim_end_matches(')').to_owned();
        (shown.lines().next().unwrap_or_default().to_owned(), roles.map(role).collect())
    }

    /// How many hold the anchor of a generation that is shown: proven, by their word, and perhaps.
    pub fn holders(&self, generation: u32) -> [u64; 3] {
        let ledger = self.otary("trust ledger");
        let role = format!("  generation {generation} ");
        let row = ledger.lines().find(|line| line.contains(&role)).unwrap_or_else(|| panic!("{ledger}"));
        let mut numbers = row.split_whitespace().rev().map(|word| word.parse().unwrap());
        let [perhaps, claimed, proven] = [(); 3].map(|()| numbers.next().unwrap());
        [proven, claimed, perhaps]
    }
}

/// The generation that a lamp was shown, and the anchors that it holds: `2` for that of generation 2, `next` for the
/// next root.
pub fn told(shown: &str, holds: &[&str]) -> (String, Vec<String>) {
    let role = |of: &&str| if *of == "next" { "next root".to_owned() } else { format!("generation {of}") };
    (shown.to_owned(), holds.iter().map(role).collect())
}

/// Firmware of a lamp: a real image, with the URL and the certificates as a sketch has them.
pub fn firmware(version: &str, url: &str, anchors: &str) -> Vec<u8> {
    sample::app_with(Chip::Esp32, version, SIZE, Settings { url, anchors }).unwrap()
}

/// Where firmware asks.
pub fn url(name: &str, server: &Server) -> String {
    format!("https://{name}:{}/update?chip=esp32", server.https.port())
}

/// The same with the lamps' secret.
pub fn url_with_secret(name: &str, server: &Server) -> String {
    format!("https://device:{SECRET}@{name}:{}/update?chip=esp32", server.https.port())
}

impl Lamp {
    /// Its sketch goes by this from now on, whatever lies in its flash: a stranger says what he likes.
    pub fn is_told(&mut self, url: &str, anchors: &str) {
        self.sketch.follows_image = false;
        url.clone_into(&mut self.sketch.url);
        self.sketch.link.trust = Trust::Anchors(Anchors::from_pem(anchors.as_bytes()).unwrap());
    }

    /// Switches it on until there is no update for it, or for three polls.
    pub fn power_on(&mut self) -> Vec<Poll> {
        let pace = Pace::scaled(0.0, Stop::default());
        let mut console = Console::new(std::io::sink());
        self.board.run_until(&self.sketch, &pace, &mut console, Until::NoUpdate { at_most: 3 }).unwrap()
    }

    /// Switches it on; it must end up with this version and be content.
    pub fn runs(&mut self, version: &str) {
        let polls = self.power_on();
        assert!(matches!(polls.last(), Some(Poll::NoUpdate { .. })), "{polls:?}");
        assert_eq!(self.board.version(), Some(version), "{polls:?}");
    }

    /// Switches it on; it must fail to reach its server.
    pub fn is_cut_off(&mut self) {
        let polls = self.power_on();
        assert!(polls.iter().all(|poll| matches!(poll, Poll::Failed { cause: Some(_), .. })), "{polls:?}");
    }
}
