//! What came of a run: its timeline, its figures, and the devices that were cut off.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use otary_fleet::{Act, GenerationId, Mac, Step, Time};
use serde::Serialize;

use super::clock::day;

/// A run, as it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// When it began.
    pub start: Time,
    /// When it ended.
    pub end: Time,
    /// What happened to the server, the oldest first.
    pub timeline: Vec<Entry>,
    /// Leaves that were made, by the year.
    pub renewals: BTreeMap<String, u32>,
    /// How often what happened.
    pub counts: Counts,
    /// Where the devices are at the end.
    pub census: Census,
    /// Those that were cut off.
    pub victims: Vec<Victim>,
}

/// Something that happened to the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// The next root's key was taken off the machine.
    KeyExported,
    /// The key of the root in charge was stolen.
    Stolen {
        /// Whose.
        generation: GenerationId,
    },
    /// A rollover began.
    Begun {
        /// From here.
        from: GenerationId,
        /// To there.
        to: GenerationId,
        /// Whether a bridge leads there.
        bridge: bool,
        /// The new generation's own name.
        own_name: Option<String>,
    },
    /// Firmware with the new anchors was published for every product.
    Published {
        /// For how many.
        products: usize,
    },
    /// A product's firmware was built so that its certificates can be recognised.
    MadeRecognisable {
        /// Which product.
        product: String,
    },
    /// A step was refused.
    Refused {
        /// Which.
        step: Step,
        /// How often in a row.
        times: u32,
        /// When for the last time.
        until: Time,
        /// How many devices stood in the way at first.
        first: usize,
        /// How many at last.
        last: usize,
        /// One of them.
        device: Mac,
        /// What was said of it.
        because: String,
    },
    /// The new generation was put in charge.
    Switched {
        /// Which.
        to: GenerationId,
        /// Devices that the ledger would have spared, where nobody heeded it.
        unheeded: usize,
    },
    /// The old generation was let go.
    Finished {
        /// Which.
        from: GenerationId,
        /// Devices that the ledger would have spared, where nobody heeded it.
        unheeded: usize,
    },
    /// The old root ended before its generation was let go: its names went over the bridge to the new one.
    Outlived {
        /// Which generation.
        from: GenerationId,
    },
    /// A root that nobody was given in advance was put in charge at once.
    StartedOver {
        /// Its generation.
        to: GenerationId,
    },
    /// A deadline passed before what was due could be done.
    Late {
        /// What was due.
        act: Act,
        /// By when.
        by: Time,
    },
}

impl fmt::Display for What {
    /// A line for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyExported => f.write_str("next root's key taken off the machine"),
            Self::Stolen { generation } => write!(f, "the key of generation {generation}'s root is stolen"),
            Self::Begun { from, to, bridge, own_name } => {
                write!(f, "begin    {from} -> {to}")?;
                f.write_str(if *bridge { ", with a bridge" } else { ", without a bridge" })?;
                own_name.iter().try_for_each(|name| write!(f, ", under {name}"))
            }
            Self::Published { products } => write!(f, "publish  the new anchors, {products} products"),
            Self::MadeRecognisable { product } => {
                write!(f, "publish  {product}, with certificates that can be recognised")
            }
            Self::Refused { step, times, until, first, last, device, because } => {
                write!(f, "refused  {}: {first} devices would be cut off or may be", step.name())?;
                if *times > 1 {
                    write!(f, "; {times} times, at last {last} on {}", day(*until))?;
                }
                write!(f, "\n         {device}: {because}")
            }
            Self::Switched { to, unheeded } => {
                write!(f, "switch   to {to}")?;
                write_unheeded(f, *unheeded)
            }
            Self::Finished { from, unheeded } => {
                write!(f, "finish   {from} is let go")?;
                write_unheeded(f, *unheeded)
            }
            Self::Outlived { from } => {
                write!(f, "the root of {from} has ended: its names go over to the new generation")
            }
            Self::StartedOver { to } => {
                write!(f, "new root at once: generation {to}, which no device was given")
            }
            Self::Late { act, by } => write!(f, "late     to {act}: it was due on {}", day(*by)),
        }
    }
}

fn write_unheeded(f: &mut fmt::Formatter<'_>, unheeded: usize) -> fmt::Result {
    if unheeded == 0 { Ok(()) } else { write!(f, ", although the ledger names {unheeded} devices") }
}

/// How often what happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Leaves that were made.
    pub renewals: u32,
    /// Days on which a leaf was due and the clock could not be trusted.
    pub postponed: u32,
    /// Days on which the server's clock was wrong.
    pub wrong_days: u32,
    /// Releases that were published.
    pub releases: u32,
    /// Updates that devices took.
    pub updates: u64,
    /// Check-ins that were decided on one by one; those between them that said the same are not counted.
    pub polls: u64,
    /// Check-ins that came over a bridge, likewise.
    pub bridged: u64,
    /// Attempts that failed because of the device's own clock or an ended certificate, likewise.
    pub turned_away: u64,
    /// Check-ins of strangers under a device's address.
    pub spoofed: u64,
    /// Boards that were flashed by cable with firmware that was never pushed.
    pub cables: u32,
    /// Builds of that kind that were pushed later, so that their certificates are known.
    pub made_known: u32,
    /// Devices that were given up by name, because they were not heard of for more than four years.
    pub given_up: usize,
    /// Devices that the operator told to update although they had been flashed by cable.
    pub resumed: u32,
    /// Rollovers that began by plan.
    pub planned: u32,
    /// Rollovers that began because a key was stolen.
    pub emergencies: u32,
    /// Steps that were refused.
    pub refused: u32,
    /// Steps that were taken.
    pub switched: u32,
    /// Rollovers that came to their end.
    pub finished: u32,
    /// Devices that could not be reached for a while, and then could again.
    pub recovered: u32,
    /// For how long at most.
    pub longest_gap: Duration,
}

/// Where the devices are at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    /// All of them.
    pub devices: usize,
    /// Those that accept what they are shown.
    pub reached: usize,
    /// Those among them that are asleep.
    pub asleep: usize,
    /// Those whose own clock keeps them from accepting it, and would without otary too.
    pub wrong_clock: usize,
    /// Those that were cut off.
    pub cut_off: usize,
    /// The anchors that they hold, and how many hold them.
    pub holding: BTreeMap<String, usize>,
}

/// A device that was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Victim {
    /// Which device.
    pub device: Mac,
    /// Its product.
    pub product: String,
    /// Its stack.
    pub stack: String,
    /// Since when.
    pub since: Time,
    /// When it last asked; none if it never did.
    pub last_seen: Option<Time>,
    /// Why, in a sentence without a full stop.
    pub because: String,
}
