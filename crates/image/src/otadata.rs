//! otadata: which slot starts next, decided and written as ESP-IDF does.
//!
//! Two entries, each at the start of a sector of its own, so that one of them survives a power cut while the other is
//! rewritten. [`Otadata::boot`] is the second-stage bootloader's choice with everything that it writes back
//! (ESP-IDF 4.4 to 6, `bootloader_utility_get_selected_boot_partition`), [`Otadata::boot_guarded`] that of one built with
//! anti-rollback; [`Otadata::select`] is what an app writes to start another slot (`esp_ota_set_boot_partition`);
//! [`Otadata::confirm`] is how it says that it works (`esp_ota_mark_app_valid_cancel_rollback`).

mod boot;
mod entry;

use crate::{Error, Fault, Part};

pub use boot::{Boot, Candidate, Rollback, Slots};
pub use entry::{Entry, OTADATA_ENTRY, OTADATA_SECTOR, Sector, State};

/// An entry to be written: its sector is erased first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub sector: Sector,
    /// What.
    pub entry: Entry,
}

/// Both entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Otadata {
    /// The entry in the first sector.
    pub first: Entry,
    /// The entry in the second sector.
    pub second: Entry,
}

impl Otadata {
    /// An erased partition.
    pub const ERASED: Self = Self { first: Entry::ERASED, second: Entry::ERASED };

    /// Reads the partition's bytes, of which there must be two sectors.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let entry = |sector: Sector, n| {
            let start = usize::try_from(sector.offset()).unwrap_or(usize::MAX);
            let found = bytes.get(start..).unwrap_or_default();
            let fault =
                || Fault::Truncated { expected: 32, found: u32::try_from(found.len()).unwrap_or(u32::MAX) };
            let bytes = found.first_chunk::<OTADATA_ENTRY>();
            bytes
                .map(|bytes| Entry::read(*bytes))
                .ok_or_else(|| Error::new(Part::OtaEntry(n), sector.offset(), fault()))
        };
        Ok(Self { first: entry(Sector::First, 0)?, second: entry(Sector::Second, 1)? })
    }

    /// The entry of a sector.
    pub fn entry(&self, sector: Sector) -> Entry {
        match sector {
            Sector::First => self.first,
            Sector::Second => self.second,
        }
    }

    /// The sector whose entry the bootloader follows: the larger sequence of those that are whole and not rolled
    /// back, the first of two equal ones.
    pub fn active(&self) -> Option<Sector> {
        self.larger_of(self.first.is_bootable(), self.second.is_bootable())
    }

    fn larger_of(&self, first_counts: bool, second_counts: bool) -> Option<Sector> {
        match (first_counts, second_counts) {
            (true, true) if self.second.sequence > self.first.sequence => Some(Sector::Second),
            (true, _) => Some(Sector::First),
            (false, true) => Some(Sector::Second),
            (false, false) => None,
        }
    }

    /// The same with `write` done.
    #[must_use]
    pub fn with(mut self, write: Write) -> Self {
        match write.sector {
            Sector::First => self.first = write.entry,
            Sector::Second => self.second = write.entry,
        }
        self
    }

    /// Whether no entry was ever written whole.
    fn is_unset(&self) -> bool {
        !self.first.is_written() && !self.second.is_written()
    }

    fn restate(&self, sector: Sector, from: State, to: State) -> Option<Write> {
        let entry = self.entry(sector);
        (entry.state == from).then_some(Write { sector, entry: Entry { state: to, ..entry } })
    }

    /// What an app writes so that `slot` of `slots` starts next: a larger sequence in the sector that is not active,
    /// or, when that slot is already the active one, its own entry again with a fresh state.
    pub fn select(&self, slot: u8, slots: u8, rollback: Rollback) -> Result<Write, Error> {
        let refuse = |field, expected: u32, found: u32| {
            let fault = Fault::Range { field, expected: (0, expected), found };
            Error::new(Part::OtaEntry(0), 0, fault)
        };
        if slot >= slots {
            return Err(refuse("slot", u32::from(slots).saturating_sub(1), slot.into()));
        }
        let state = if rollback == Rollback::Enabled { State::New } else { State::Undefined };
        let Some(active) = self.active() else {
            let sector = Sector::First;
            let label = self.first.label;
            let sequence = u32::from(slot).saturating_add(1);
            return Ok(Write { sector, entry: Entry { label, ..Entry::new(sequence, state) } });
        };
        let current = self.entry(active);
        if current.slot(slots) == Some(slot) {
            return Ok(Write { sector: active, entry: Entry { state, ..current } });
        }
        // The last sequence means "erased", so it is never written.
        let sequence = (1..=u32::from(slots))
            .filter_map(|step| current.sequence.checked_add(step))
            .find(|&sequence| sequence != u32::MAX && Entry::new(sequence, state).slot(slots) == Some(slot))
            .ok_or_else(|| refuse("sequence", u32::MAX.saturating_sub(1), current.sequence))?;
        let sector = active.other();
        let label = self.entry(sector).label;
        Ok(Write { sector, entry: Entry { label, ..Entry::new(sequence, state) } })
    }

    /// What an app writes once it knows that it works; nothing when it has said so before, or runs from no slot.
    pub fn confirm(&self) -> Option<Write> {
        let sector = self.active()?;
        let entry = self.entry(sector);
        (entry.state != State::Valid)
            .then_some(Write { sector, entry: Entry { state: State::Valid, ..entry } })
    }
}
