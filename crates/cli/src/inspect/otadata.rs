//! otadata: both entries, and the slot that the bootloader chooses by them.

use otary_image::{Candidate, Entry, Otadata, Rollback, Sector, Slots, State};
use serde::Serialize;

use super::page::Page;

/// An otadata partition.
#[derive(Debug, Serialize)]
pub struct OtadataFacts {
    pub entries: [EntryFacts; 2],
    /// The entry that the bootloader follows.
    pub active: Option<u8>,
    /// How many slots there are: by the partition table beside it; two where there is none.
    pub slots: u8,
    /// Whether that number is only supposed.
    pub slots_supposed: bool,
    /// What it tries first, without rollback.
    pub starts: String,
    /// What it tries first if it was built with rollback.
    pub starts_with_rollback: String,
}

/// An entry.
#[derive(Debug, Serialize)]
pub struct EntryFacts {
    /// Whether it is erased flash.
    pub erased: bool,
    pub sequence: u32,
    pub state: String,
    pub crc: u32,
    /// Whether the CRC is that of the sequence.
    pub crc_ok: bool,
    /// The slot that its sequence names.
    pub slot: Option<u8>,
}

impl OtadataFacts {
    /// The facts beside a partition table with these slots; without one, as if there were two.
    pub fn of(otadata: &Otadata, slots: Option<Slots>) -> Self {
        let slots_supposed = slots.is_none();
        let slots = slots.unwrap_or(Slots { count: 2, factory: false });
        let first = |rollback| {
            let first = otadata.boot(slots, rollback).candidates().next();
            first.map_or_else(|| "nothing".to_owned(), candidate)
        };
        Self {
            entries: [Sector::First, Sector::Second]
                .map(|sector| EntryFacts::of(&otadata.entry(sector), slots.count)),
            active: otadata.active().map(|sector| u8::from(sector == Sector::Second)),
            slots: slots.count,
            slots_supposed,
            starts: first(Rollback::Disabled),
            starts_with_rollback: first(Rollback::Enabled),
        }
    }

    pub fn show(&self, page: &mut Page) {
        page.heading("otadata");
        for (index, entry) in self.entries.iter().enumerate() {
            page.row(&format!("entry {index}"), entry.text());
        }
        let active = self.active.map_or("neither".to_owned(), |active| format!("entry {active}"));
        page.row("followed", active);
        let supposed = if self.slots_supposed { ", if there are two slots" } else { "" };
        page.row("starts", format_args!("{}{supposed}", self.starts));
        if self.starts_with_rollback != self.starts {
            let other = &self.starts_with_rollback;
            page.row("", format_args!("{other}, if the bootloader was built with rollback"));
        }
    }
}

impl EntryFacts {
    fn of(entry: &Entry, slots: u8) -> Self {
        let crc_ok = entry.is_written();
        Self {
            erased: *entry == Entry::ERASED,
            sequence: entry.sequence,
            state: state(entry.state),
            crc: entry.crc,
            crc_ok,
            slot: if crc_ok { entry.slot(slots) } else { None },
        }
    }

    fn text(&self) -> String {
        if self.erased {
            return "erased".to_owned();
        }
        let crc = if self.crc_ok { "right" } else { "WRONG" };
        let text = format!("sequence {}, state {}, CRC {:#010x} {crc}", self.sequence, self.state, self.crc);
        match (self.sequence, self.slot) {
            (0, _) if self.crc_ok => format!("{text} (of an erased word: the Arduino tools write it so)"),
            (_, Some(slot)) => format!("{text}: slot {slot}"),
            _ => text,
        }
    }
}

fn state(state: State) -> String {
    match state {
        State::New => "new".to_owned(),
        State::PendingVerify => "pending".to_owned(),
        State::Valid => "valid".to_owned(),
        State::Invalid => "invalid".to_owned(),
        State::Aborted => "aborted".to_owned(),
        State::Undefined => "undefined".to_owned(),
        State::Other(word) => format!("{word:#x}"),
    }
}

fn candidate(candidate: Candidate) -> String {
    match candidate {
        Candidate::Slot(slot) => format!("slot {slot}"),
        Candidate::Factory => "the factory app".to_owned(),
        Candidate::Test => "the test app".to_owned(),
    }
}
