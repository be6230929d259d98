//! `boards`: one part of the fleet, what it is and how it asks.
//!
//! ```text
//! boards 60% arduino-esp32 on esp32 every 10m
//! boards 10% esp-idf on esp32c3 asleep for 6h with credential, cut off 5%
//! ```

use std::time::Duration;

use otary_fleet::{Chip, Dialect, Proof};

use super::words::Words;
use super::{Ppm, ScriptError};
use crate::virtual_fleet::limits::{LEAST_GAP, MAX_GAP};

/// One part of the fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boards {
    /// The line that says so.
    pub line: usize,
    /// How much of the fleet it is.
    pub share: Ppm,
    /// Its client.
    pub dialect: Dialect,
    /// Its chip.
    pub chip: Chip,
    /// How it asks.
    pub asks: Asks,
    /// How much sooner or later it asks than it should.
    pub drift: Ppm,
    /// How many of its downloads break off.
    pub cut_off: Ppm,
    /// What its polls show of who it is.
    pub proof: Proof,
    /// It does not say which device it is.
    pub nameless: bool,
    /// What an update may have, in bytes.
    pub slot: u64,
}

/// How a board asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// By a timer, and when it starts.
    Every(Duration),
    /// It sleeps for so long, wakes, asks once, and sleeps again.
    Asleep(Duration),
    /// Once at each start. Somebody switches it on about so often, and sometimes several times in a row.
    AtStart(Duration),
}

impl Asks {
    /// The time between two polls, on average.
    pub const fn gap(self) -> Duration {
        match self {
            Self::Every(gap) | Self::Asleep(gap) | Self::AtStart(gap) => gap,
        }
    }
}

/// The clients that are played, all but hawkBit's.
const DIALECTS: [Dialect; 8] = [
    Dialect::ArduinoEsp32,
    Dialect::ArduinoEsp8266,
    Dialect::Agent,
    Dialect::EspIdf,
    Dialect::EspHome,
    Dialect::Esp32Fota,
    Dialect::Tasmota,
    Dialect::MicroPython,
];
const OPTIONS: [&str; 5] = ["with", "cut", "drift", "nameless", "slot"];
/// An app slot of the usual partition table with two of them, in bytes.
const SLOT: u64 = 0x14_0000;
/// A timer that was set by hand, and the time that asking takes.
const TIMER: Ppm = 20_000;
/// The clock that a chip wakes by.
const SLEEP: Ppm = 50_000;

impl Boards {
    pub(super) fn read(words: &mut Words<'_>) -> Result<Self, ScriptError> {
        let line = words.line();
        let share = words.share()?;
        let dialect = dialect(words)?;
        let chip = match dialect.only_chip() {
            Some(chip) if words.accept("on") => same_chip(words, chip)?,
            Some(chip) => chip,
            None => {
                words.expect("on")?;
                chip_of(words, dialect)?
            }
        };
        let asks = asks(words)?;
        let drift = if matches!(asks, Asks::Asleep(_)) { SLEEP } else { TIMER };
        let mut boards = Self {
            line,
            share,
            dialect,
            chip,
            asks,
            drift,
            cut_off: 0,
            proof: Proof::None,
            nameless: false,
            slot: SLOT,
        };
        while let Some(option) = words.option(&OPTIONS)? {
            boards.read_option(option, words)?;
        }
        Ok(boards)
    }

    fn read_option(&mut self, option: &str, words: &mut Words<'_>) -> Result<(), ScriptError> {
        match option {
            "with" => {
                let shown = words.one_of(&["secret", "credential"])?;
                self.proof = if shown == "secret" { Proof::ProductSecret } else { Proof::DeviceCredential };
            }
            "cut" => {
                words.expect("off")?;
                self.cut_off = words.share()?;
            }
            "drift" => self.drift = words.share()?,
            "slot" => self.slot = words.read("a size such as 1MiB, 1280KiB or 1310720", bytes)?,
            _ => self.nameless = true,
        }
        Ok(())
    }
}

fn dialect(words: &mut Words<'_>) -> Result<Dialect, ScriptError> {
    if words.accept(Dialect::Hawkbit.name()) {
        return Err(words.was_wrong("a client other than hawkbit, whose reports are not simulated"));
    }
    let names = DIALECTS.map(Dialect::name);
    let name = words.one_of(&names)?;
    DIALECTS.into_iter().find(|dialect| dialect.name() == name).ok_or_else(|| words.was_wrong("a client"))
}

pub(super) fn chip(words: &mut Words<'_>) -> Result<Chip, ScriptError> {
    words.read("a chip such as esp32 or esp32c3", |word| Chip::all().find(|chip| chip.name() == word))
}

fn chip_of(words: &mut Words<'_>, dialect: Dialect) -> Result<Chip, ScriptError> {
    let chip = chip(words)?;
    if dialect.runs_on(chip) {
        Ok(chip)
    } else {
        Err(words.was_wrong(format!("a chip that {} runs on", dialect.name())))
    }
}

fn same_chip(words: &mut Words<'_>, only: Chip) -> Result<Chip, ScriptError> {
    let chip = chip(words)?;
    if chip == only {
        Ok(chip)
    } else {
        Err(words.was_wrong(format!("{only}, the only chip of this client")))
    }
}

fn asks(words: &mut Words<'_>) -> Result<Asks, ScriptError> {
    match words.one_of(&["every", "asleep", "started"])? {
        "every" => gap(words).map(Asks::Every),
        "asleep" => {
            words.expect("for")?;
            gap(words).map(Asks::Asleep)
        }
        _ => {
            words.expect("every")?;
            gap(words).map(Asks::AtStart)
        }
    }
}

fn gap(words: &mut Words<'_>) -> Result<Duration, ScriptError> {
    let gap = words.time()?;
    let fits = (LEAST_GAP..=MAX_GAP).contains(&gap);
    if fits { Ok(gap) } else { Err(words.was_wrong("a time of 5s to 60d between two polls")) }
}

/// `1MiB`, `1280KiB`, `1310720`: bytes, at least one.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "kB" => 1_000,
        "MB" => 1_000_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit).filter(|bytes| *bytes > 0)
}
