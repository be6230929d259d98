//! One board: what it is in truth, and what the server has on record of it.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use otary_fleet::{CheckIn, Device, Handshake, Mac, Mode, Proof, Time, Transport};

use super::clock::BoardClock;
use super::firmware::{Firmware, Line};

/// One board.
#[derive(Debug, Clone)]
pub struct Board {
    /// Its address.
    pub mac: Mac,
    /// Its product, by its place.
    pub line: usize,
    /// The firmware that it runs.
    pub firmware: usize,
    /// Its clock.
    pub clock: BoardClock,
    /// The time between two polls.
    pub rhythm: Duration,
    /// How it sleeps; none of them all the time.
    pub sleep: Option<Nap>,
    /// A time during which it asks and takes no update.
    pub holds_back: Option<(Time, Time)>,
    /// Whether it shows a credential of its own.
    pub proven: bool,
    /// When strangers speak under its address.
    pub strangers: Option<(Time, Time)>,
    /// Where it asks from.
    pub source: IpAddr,
    /// Whether it is awake.
    pub awake: bool,
    /// When it last asked, or tried to.
    pub polled: Time,
    /// When it asks next on account of something that changed; none if nothing did.
    pub due: Option<Time>,
    /// Whether it accepted what it was shown when it last asked.
    pub accepted: bool,
    /// What the server has on record.
    pub record: Device,
    /// Since when a device with its anchors and a right clock does not accept what it is shown.
    pub deaf: Option<Time>,
    /// Since when its own clock alone keeps it from accepting that.
    pub misled: Option<Time>,
}

/// How a board sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nap {
    /// For how long at most.
    pub longest: Duration,
    /// For how long it is awake in between; zero is one poll.
    pub awake: Duration,
}

impl Board {
    /// Whether it takes updates at `now`.
    pub fn takes_updates(&self, now: Time) -> bool {
        self.holds_back.is_none_or(|(from, until)| !(from..until).contains(&now))
    }

    /// Its first regular poll at `now` or later.
    pub fn next_poll(&self, now: Time) -> Time {
        let rhythm = millis(self.rhythm);
        let polls = now.since(self.polled).as_millis().div_ceil(u128::from(rhythm)).max(1);
        self.polled + Duration::from_millis(rhythm.saturating_mul(u64::try_from(polls).unwrap_or(u64::MAX)))
    }

    /// Its last regular poll before `now`, and how many it comes after those on record. None: there was none.
    pub fn last_poll(&self, now: Time) -> Option<(Time, u64)> {
        let rhythm = millis(self.rhythm);
        let polls = u64::try_from(now.since(self.polled).as_millis()).unwrap_or(u64::MAX) / rhythm;
        (polls > 0).then(|| (self.polled + Duration::from_millis(rhythm * polls), polls))
    }

    /// What it says when it asks.
    pub fn check_in(&self, line: &Line, firmware: &Firmware, handshake: Handshake, now: Time) -> CheckIn {
        CheckIn {
            dialect: line.stack.dialect(),
            mode: if self.takes_updates(now) { Mode::Sketch } else { Mode::Version },
            device: Some(self.mac),
            product: Some(line.name.clone()),
            chip: Some(line.stack.chip()),
            build: firmware.build,
            version: firmware.version.clone(),
            free_space: Some(1_310_720),
            chip_size: Some(4_194_304),
            sdk: None,
            source: self.source,
            transport: Transport::Https,
            proof: if self.proven { Proof::DeviceCredential } else { Proof::None },
            handshake: Some(handshake),
            agent: None,
            report: None,
            name: None,
        }
    }
}

/// Where strangers ask from: a network of their own.
pub const STRANGERS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}
