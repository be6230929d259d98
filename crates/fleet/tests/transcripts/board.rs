//! Boards of the transcripts: when each asks, what it says, and what it does with a release.

use std::time::Duration;

use otary_fleet::{Build, CheckIn, Chip, Dialect, Mac, Mode, Proof, Sha256, Time, Transport};

use crate::server::product;

/// Between the download and the first poll of the new program.
const RESTART: Duration = Duration::from_secs(40);

/// What a release that is bad does to a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// It never asks again, so long after it took it.
    Dies(Duration),
    /// It asks once with the new program, and then with the old one.
    RollsBack,
}

#[derive(Clone)]
pub struct Board {
    pub says: CheckIn,
    pub site: u16,
    pub gap: Duration,
    pub next: Time,
    /// The release is bad for it.
    pub bad: bool,
    took: Option<Time>,
    former: Option<CheckIn>,
    pub off_until: Time,
}

pub fn build(version: &str, chip: Chip) -> Build {
    Build { md5: None, sha256: Some(Sha256::of(format!("{version} {chip}").as_bytes())) }
}

impl Board {
    /// One of `of` boards at so many sites, every third one with another chip.
    pub fn new(number: u16, of: u16, gap: Duration, sites: u16, now: Time) -> Self {
        let [high, low] = number.to_be_bytes();
        let chip = if number.is_multiple_of(3) { Chip::Esp32C3 } else { Chip::Esp32 };
        let site = number % sites;
        Self {
            says: CheckIn {
                dialect: Dialect::ArduinoEsp32,
                mode: Mode::Sketch,
                device: Some(Mac::new([0x24, 0x6F, 0x28, 0, high, low]).unwrap()),
                name: None,
                product: Some(product()),
                chip: Some(chip),
                build: build("1.0", chip),
                version: Some("1.0".into()),
                free_space: Some(0x14_0000),
                chip_size: Some(4 << 20),
                sdk: Some(if chip == Chip::Esp32C3 { "v5.3" } else { "v5.1" }.into()),
                source: [10, 0, u8::try_from(site).unwrap(), low].into(),
                transport: Transport::Https,
                proof: Proof::None,
                handshake: None,
                agent: None,
                report: None,
            },
            site,
            gap,
            next: now - gap * 12 + gap * u32::from(number) / u32::from(of),
            bad: false,
            took: None,
            former: None,
            off_until: Time::default(),
        }
    }

    pub fn mac(&self) -> Mac {
        self.says.device.unwrap()
    }

    /// Whether it asks at all.
    pub fn is_there(&self, harm: Harm, at: Time) -> bool {
        let dead = match harm {
            Harm::Dies(after) => self.bad && self.took.is_some_and(|took| at.since(took) >= after),
            Harm::RollsBack => false,
        };
        !dead && at >= self.off_until
    }

    /// It takes a version, whole, and starts it.
    pub fn take(&mut self, version: &str, at: Time) {
        self.former = Some(self.says.clone());
        self.run(version);
        (self.took, self.next) = (Some(at), at + RESTART);
    }

    fn run(&mut self, version: &str) {
        let chip = self.says.chip.unwrap();
        (self.says.build, self.says.version) = (build(version, chip), Some(version.into()));
    }

    /// After a poll: one that rolls back has said once what it runs, and goes back.
    pub fn has_asked(&mut self, harm: Harm, at: Time) {
        self.next = at + self.gap;
        let back = self.former.take_if(|_| harm == Harm::RollsBack && self.bad && self.took != Some(at));
        if let Some(former) = back {
            self.says = former;
        }
    }

    /// What somebody else would say under its address, in its network, who can prove nothing.
    pub fn spoofed(&self, version: &str) -> CheckIn {
        let mut stranger = Self { says: self.says.clone(), ..self.clone() };
        stranger.run(version);
        stranger.says.proof = Proof::None;
        stranger.says
    }
}
