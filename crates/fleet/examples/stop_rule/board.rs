//! Boards: when each asks, what it runs, and its record as the server keeps it.

use std::time::Duration;

use otary_fleet::{Build, CheckIn, Device, Dialect, Mac, Mode, Proof, Sha256, Time, Transport};

use crate::chance::Chance;
use crate::scenario::{DAY, HISTORY, Harm};

/// Polls of boards that ask at least so often are taken together as long as nothing changes; in seconds.
pub const STEADY: u64 = 4 * 3600;
/// A board takes so long to load an image and start it, in seconds.
const RESTART: u64 = 40;

pub struct Board {
    pub site: u32,
    /// Seconds between two polls.
    pub gap: u64,
    /// When it asks next, if it is on.
    pub next: Time,
    pub asks_at_start: bool,
    pub harm: Option<Harm>,
    /// When it is off.
    pub away: Vec<(Time, Time)>,
    /// When it took the release.
    pub took: Option<Time>,
    pub record: Device,
    pub says: CheckIn,
}

/// The digests of a firmware.
pub fn build_of(firmware: &str) -> Build {
    Build { md5: None, sha256: Some(Sha256::of(firmware.as_bytes())) }
}

impl Board {
    pub fn new(number: u32, site: u32, gap: u64, begins: Time, chance: &mut Chance) -> Self {
        let [a, b, c, d] = number.to_be_bytes();
        let mac = Mac::new([0x24, 0x6F, a, b, c, d]).unwrap_or_else(|_| unreachable!("not all zero"));
        // A site is a network of its own.
        let [high, middle, low, _] = (0x0A00_0000 + site * 256).to_be_bytes();
        let start = begins - Duration::from_secs(HISTORY * DAY);
        let start = start + Duration::from_secs(chance.number() % gap.max(1));
        Self {
            site,
            gap,
            next: start,
            asks_at_start: true,
            harm: None,
            away: Vec::new(),
            took: None,
            record: Device::new(mac, start),
            says: CheckIn {
                dialect: Dialect::ArduinoEsp32,
                mode: Mode::Sketch,
                device: Some(mac),
                name: None,
                product: None,
                chip: None,
                build: build_of("old"),
                version: Some("1.0".into()),
                free_space: Some(0x14_0000),
                chip_size: Some(4 << 20),
                sdk: Some("v5.1".into()),
                source: [high, middle, low, 1].into(),
                transport: Transport::Https,
                proof: Proof::None,
                handshake: None,
                agent: None,
                report: None,
            },
        }
    }

    /// Whether its unchanged polls are taken together.
    pub const fn is_steady(&self) -> bool {
        self.gap < STEADY
    }

    /// Whether the release ended it before `at`.
    pub fn is_dead(&self, at: Time) -> bool {
        let Some((took, harm)) = self.took.zip(self.harm) else { return false };
        match harm {
            Harm::AtOnce => true,
            Harm::After(hours) => at.since(took) >= Duration::from_hours(hours),
        }
    }

    /// When it asks after having asked at `at`: steady boards to the second, others a fifth sooner or later.
    pub fn ask_after(&mut self, at: Time, chance: &mut Chance) {
        let gap = if self.is_steady() {
            Duration::from_secs(self.gap)
        } else {
            Duration::from_secs(self.gap * 4 / 5 + chance.number() % (self.gap * 2 / 5))
        };
        self.next = at + gap;
    }

    /// It takes the release, whole, and starts it.
    pub fn take(&mut self, at: Time) {
        self.took = Some(at);
        self.says.build = build_of("new");
        self.says.version = Some("2.0".into());
        self.next = at + Duration::from_secs(if self.asks_at_start { RESTART } else { RESTART + self.gap });
    }

    /// What its record would be after `times` more polls like the last one, at the same gap: what `observe` leaves of them.
    pub fn repeat(&mut self, times: u32) {
        let gap = Duration::from_secs(self.gap);
        let record = &mut self.record;
        let last = record.last_seen + gap * times;
        record.polls += u64::from(times);
        record.rhythm.note_steady(gap, times);
        record.last_seen = last;
        if let Some(seen) = record.builds.first_mut() {
            (seen.last, seen.polls) = (last, seen.polls + u64::from(times));
        }
        if let Some(seen) = record.networks.first_mut() {
            seen.last = last;
        }
        if let Some(standing) = &mut record.standing {
            (standing.last, standing.count) = (last, standing.count + u64::from(times));
        }
        for trial in &mut record.trials {
            trial.course.heard = last;
            if let Some(polls) = &mut trial.course.new {
                (polls.last, polls.count) = (last, polls.count + times);
            }
        }
    }
}
