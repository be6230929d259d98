//! One board: what it says, what it runs, what a release does to it, when it asks next. And its record, as the server keeps it.

use std::net::Ipv4Addr;
use std::time::Duration;

use otary_fleet::{
    AgentWords, Build, CheckIn, Device, DeviceClock, Dialect, Ending, Mac, Md5, Mode, Report, Sha256, Time,
    Transport, Version,
};

use super::chance::Chance;
use super::script::{Asks, Boards, Harm, Ppm};
use super::shelf::{PRODUCT, build_of};

/// Loading an image, writing it and starting it.
const RESTART: Duration = Duration::from_secs(40);
/// Never.
pub(super) const NEVER: Time = Time(u64::MAX);

/// One board.
#[derive(Debug, Clone)]
pub(super) struct Board {
    /// What the server knows of it.
    pub(super) record: Device,
    /// What it says when it asks.
    pub(super) says: CheckIn,
    /// Its site, counted from 0.
    pub(super) site: u32,
    /// When it asks next, if it is on.
    pub(super) next: Time,
    /// When it is off by itself.
    pub(super) away: Vec<(Time, Time)>,
    /// What each release would do to it, by the releases' places.
    pub(super) flaws: Vec<Option<Harm>>,
    /// The release that it runs.
    pub(super) runs: usize,
    /// What ended it, and when.
    pub(super) end: Option<End>,
    /// Where it stands in the order of what is known when it was last answered: see `Run::knows`.
    pub(super) answered: u64,
    /// Whether strangers speak under its address.
    pub(super) is_impersonated: bool,
    /// Whether it asked since the server last looked.
    pub(super) is_noted: bool,
    pub(super) chance: Chance,
    pub(super) nameless: bool,
    pub(super) cut_off: Ppm,
    asks: Asks,
    drift: Ppm,
    /// What it goes back to when it has asked once.
    back_to: Option<usize>,
}

/// The end of a board by a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// From when on it is not heard.
    pub(super) at: Time,
    /// The release that did it.
    pub(super) release: usize,
    /// Whether it works all the same.
    pub(super) works: bool,
}

impl Board {
    /// A board of this kind, which runs the first release and begins to ask in the first gap from `start` on.
    pub(super) fn new(
        number: u32,
        kind: &Boards,
        site: u32,
        version: &Version,
        start: Time,
        mut chance: Chance,
    ) -> Option<Self> {
        let [a, b, c, d] = number.to_be_bytes();
        let mac = Mac::new([0x24, 0x6F, a, b, c, d]).ok()?;
        let start = start + chance.between(Duration::ZERO, kind.asks.gap());
        let mut board = Self {
            record: Device::new(mac, start),
            says: check_in(kind, mac, address(site, number)),
            site,
            next: start,
            away: Vec::new(),
            flaws: Vec::new(),
            runs: 0,
            end: None,
            answered: 0,
            is_impersonated: false,
            is_noted: false,
            chance,
            nameless: kind.nameless,
            cut_off: kind.cut_off,
            asks: kind.asks,
            drift: kind.drift,
            back_to: None,
        };
        board.run(0, version);
        if kind.nameless {
            board.says.device = None;
        }
        Some(board)
    }

    /// Whether a release has ended it before `at`.
    pub(super) fn is_ended(&self, at: Time) -> bool {
        self.end.is_some_and(|end| end.at <= at)
    }

    /// Whether it is off by itself.
    pub(super) fn is_away(&self, at: Time) -> bool {
        self.away.iter().any(|(from, to)| *from <= at && at < *to)
    }

    /// When it asks after having asked, or tried to, at `at`.
    pub(super) fn ask_after(&mut self, at: Time) {
        let Self { asks, drift, chance, .. } = self;
        let gap = match *asks {
            Asks::Every(gap) | Asks::Asleep(gap) => chance.about(gap, *drift),
            // Two of three starts follow soon on another one: a plug that is pulled and put in again.
            Asks::AtStart(_) if chance.below(3) > 0 => {
                chance.between(Duration::from_secs(20), Duration::from_mins(3))
            }
            Asks::AtStart(gap) => chance.about(gap * 3, 500_000),
        };
        self.next = at + gap;
    }

    /// What it does when its poll was answered: what it reported was heard, and a release that does not hold goes.
    pub(super) fn was_heard(&mut self, versions: &[Version], at: Time) {
        self.says.report = None;
        let Some((back, version)) = self.back_to.take().and_then(|back| Some((back, versions.get(back)?)))
        else {
            return;
        };
        let ran = self.runs;
        self.run(back, version);
        self.report(ran, Ending::RolledBack);
        self.next = at + RESTART;
    }

    /// It has loaded a release whole.
    pub(super) fn take(&mut self, release: usize, version: &Version, at: Time) {
        let harm = self.flaws.get(release).copied().flatten();
        match harm {
            Some(Harm::Refuses) => return self.report(release, Ending::Refused),
            Some(Harm::Loops) => self.report(release, Ending::RolledBack),
            Some(Harm::RollsBack) => {
                self.back_to = Some(self.runs);
                self.run(release, version);
            }
            Some(Harm::Bricks(after)) => self.is_ended_by(release, false, at + after, version),
            Some(Harm::KillsWifi(after)) => self.is_ended_by(release, true, at + after, version),
            None => {
                self.run(release, version);
                self.report(release, Ending::Installed);
            }
        }
        self.next = at + RESTART;
    }

    fn is_ended_by(&mut self, release: usize, works: bool, at: Time, version: &Version) {
        self.end = Some(End { at, release, works });
        self.run(release, version);
        self.report(release, Ending::Installed);
    }

    /// It starts a release.
    fn run(&mut self, release: usize, version: &Version) {
        let Some(chip) = self.says.chip else { return };
        let build = build_of(version, chip);
        self.runs = release;
        self.says.build = build_said(self.says.dialect, build);
        self.says.version = Some(version.clone());
        if let Some(words) = &mut self.says.agent {
            words.release = number(release);
        }
    }

    /// An agent says what became of it.
    fn report(&mut self, release: usize, ending: Ending) {
        let tries = 1;
        let report = Report { release: number(release), payload: None, ending, cause: None, tries };
        self.says.report = Some(report).filter(|_| self.says.agent.is_some());
    }
}

/// The number under which a release is signed.
pub(super) fn number(release: usize) -> u32 {
    u32::try_from(release).unwrap_or(u32::MAX).saturating_add(1)
}

/// A site is a network of its own.
fn address(site: u32, number: u32) -> Ipv4Addr {
    let [_, _, high, low] = site.to_be_bytes();
    let host = u8::try_from(number % 254 + 1).unwrap_or(1);
    Ipv4Addr::new(10, high, low, host)
}

/// What a client of this kind says of itself, by the ways in which `otary sketch --client` has it ask.
fn check_in(kind: &Boards, mac: Mac, source: Ipv4Addr) -> CheckIn {
    let says_all = matches!(kind.dialect, Dialect::ArduinoEsp32 | Dialect::ArduinoEsp8266 | Dialect::Tasmota);
    let agent =
        AgentWords { hardware: "v1".into(), release: 1, root: 1, trust_set: 1, clock: DeviceClock::Set };
    let is_agent = kind.dialect == Dialect::Agent;
    CheckIn {
        dialect: kind.dialect,
        mode: Mode::Sketch,
        device: Some(mac),
        name: None,
        product: PRODUCT.parse().ok(),
        chip: Some(kind.chip),
        build: Build::default(),
        version: None,
        free_space: (says_all || is_agent).then_some(kind.slot),
        chip_size: says_all.then_some(4 << 20),
        sdk: says_all.then(|| "v5.3".to_owned()),
        source: source.into(),
        transport: Transport::Https,
        proof: kind.proof,
        handshake: None,
        agent: is_agent.then_some(agent),
        report: None,
    }
}

/// What of a build's digests a client says.
fn build_said(dialect: Dialect, build: (Md5, Sha256)) -> Build {
    let (md5, sha256) = (Some(build.0), Some(build.1));
    match dialect {
        Dialect::ArduinoEsp32 | Dialect::Tasmota => Build { md5, sha256 },
        Dialect::ArduinoEsp8266 => Build { md5, sha256: None },
        Dialect::EspIdf | Dialect::Agent => Build { md5: None, sha256 },
        _ => Build::default(),
    }
}
