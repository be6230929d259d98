//! Clocks: the calendar of a run, the server's clock with its faults, and those of boards.

use std::time::Duration;

use jiff::Timestamp;
use otary_fleet::Time;

/// One day.
pub const DAY: Duration = Duration::from_hours(24);
/// One year, as [`otary_fleet::Patience`] counts them.
pub const YEAR: Duration = Duration::from_hours(8_766);

/// The day in UTC: `2047-03-01`.
pub fn day(time: Time) -> String {
    written(time, "%Y-%m-%d")
}

/// The year in UTC.
pub fn year(time: Time) -> String {
    written(time, "%Y")
}

fn written(time: Time, format: &str) -> String {
    let timestamp = i64::try_from(time.secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    timestamp.unwrap_or(Timestamp::MAX).strftime(format).to_string()
}

/// A time during which the server's clock is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// When it begins.
    pub from: Time,
    /// When the clock is right again.
    pub until: Time,
    /// What it does meanwhile.
    pub kind: FaultKind,
}

/// How a server's clock is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It started in 1970, as a machine without a battery does.
    Boot,
    /// Somebody set it back ten years.
    SetBack,
}

impl Fault {
    /// What the server's clock shows at `now`, with these faults.
    pub fn shown(faults: &[Self], now: Time) -> Time {
        let fault = faults.iter().find(|fault| (fault.from..fault.until).contains(&now));
        match fault {
            None => now,
            Some(Self { from, kind: FaultKind::Boot, .. }) => Time::default() + now.since(*from),
            Some(Self { kind: FaultKind::SetBack, .. }) => now - YEAR * 10,
        }
    }
}

/// A board's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoardClock {
    /// It is right.
    Right,
    /// It starts in 1970 each time, until a time server has answered.
    Ntp,
    /// It runs ahead of time, by years.
    Ahead(Duration),
    /// It is behind, by years.
    Behind(Duration),
    /// It starts in 1970 and nobody ever sets it.
    NeverSet,
}

impl BoardClock {
    /// What it shows once it is set as well as it ever is.
    pub fn shown(self, now: Time) -> Time {
        match self {
            Self::Right | Self::Ntp => now,
            Self::Ahead(by) => now + by,
            Self::Behind(by) => now - by,
            Self::NeverSet => Time::default() + DAY,
        }
    }
}
