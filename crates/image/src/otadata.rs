//! otadata: which slot starts next, decided and written as ESP-IDF does.
//!
//! Two entries, each at the start of a sector of its own, so that one of them survives a power cut while the other is
//! rewritten. [`Otadata::boot`] is the second-stage bootloader's choice with everything that it writes back
//! (ESP-IDF 4.4 to 6, `bootloader_utility_get_selected_boot_partition`), [`Otadata::boot_guarded`] that of one built with
//! anti-rollback; [`Otadata::select`] is what an app writes to start another slot (`esp_ota_set_boot_partition`);
//! [`Otadata::confirm`] is how it says that it works (`esp_ota_mark_app_valid_cancel_rollback`).

use core::iter;

use crc::{Algorithm, Crc, NoTable};

use crate::{Error, Fault, Part};

/// Bytes of a sector; each entry begins one.
pub const OTADATA_SECTOR: u32 = 0x1000;
/// Bytes of an entry.
pub const OTADATA_ENTRY: usize = 32;

/// CRC-32 as ESP-IDF calls it (`crc32_le(UINT32_MAX, ...)`): zlib's, but begun with zero.
const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&Algorithm {
    width: 32,
    poly: 0x04C1_1DB7,
    init: 0,
    refin: true,
    refout: true,
    xorout: 0xFFFF_FFFF,
    check: 0xD202_D277,
    residue: 0xDEBB_20E3,
});

/// How far a slot's image has proved itself. Not in the CRC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Written, not started yet.
    New,
    /// Started once; the app has to confirm before the next start.
    PendingVerify,
    /// Confirmed.
    Valid,
    /// Rolled back by the app itself.
    Invalid,
    /// Started and not confirmed: rolled back by the bootloader.
    Aborted,
    /// Written without rollback: starts without limits.
    Undefined,
    /// A value without a meaning; it starts without limits.
    Other(u32),
}

impl State {
    fn from_word(word: u32) -> Self {
        match word {
            0 => Self::New,
            1 => Self::PendingVerify,
            2 => Self::Valid,
            3 => Self::Invalid,
            4 => Self::Aborted,
            0xFFFF_FFFF => Self::Undefined,
            other => Self::Other(other),
        }
    }

    fn word(self) -> u32 {
        match self {
            Self::New => 0,
            Self::PendingVerify => 1,
            Self::Valid => 2,
            Self::Invalid => 3,
            Self::Aborted => 4,
            Self::Undefined => 0xFFFF_FFFF,
            Self::Other(other) => other,
        }
    }
}

/// An entry of otadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Chooses the slot: `(sequence - 1)` modulo the number of slots. The larger of two valid ones wins.
    pub sequence: u32,
    /// Not used by ESP-IDF.
    pub label: [u8; 20],
    /// How far the image has proved itself.
    pub state: State,
    /// CRC-32 of the sequence, as stored.
    pub crc: u32,
}

impl Entry {
    /// An erased entry.
    pub const ERASED: Self =
        Self { sequence: u32::MAX, label: [0xFF; 20], state: State::Undefined, crc: u32::MAX };

    /// An entry with the right CRC.
    pub fn new(sequence: u32, state: State) -> Self {
        Self { sequence, state, crc: crc_of(sequence), ..Self::ERASED }
    }

    /// Reads an entry; any 32 bytes are one.
    pub fn read(bytes: [u8; OTADATA_ENTRY]) -> Self {
        let [q0, q1, q2, q3, rest @ ..] = bytes;
        let [label @ .., s0, s1, s2, s3, c0, c1, c2, c3] = rest;
        Self {
            sequence: u32::from_le_bytes([q0, q1, q2, q3]),
            label,
            state: State::from_word(u32::from_le_bytes([s0, s1, s2, s3])),
            crc: u32::from_le_bytes([c0, c1, c2, c3]),
        }
    }

    /// The entry as it lies in flash.
    pub fn to_bytes(self) -> [u8; OTADATA_ENTRY] {
        let mut bytes = [0; OTADATA_ENTRY];
        let fields = self.sequence.to_le_bytes().into_iter().chain(self.label);
        let fields = fields.chain(self.state.word().to_le_bytes()).chain(self.crc.to_le_bytes());
        for (to, from) in bytes.iter_mut().zip(fields) {
            *to = from;
        }
        bytes
    }

    /// Whether the entry was written whole: a sequence, and its right CRC.
    ///
    /// A trap: the CRC of sequence 0 is `FFFFFFFF`, that of erased flash. `boot_app0.bin`, which the Arduino tools
    /// flash here, begins its second sector with four zeros and leaves the rest erased, so ESP-IDF takes it for a
    /// whole entry of sequence 0. It loses against every other, and names the slot `0xFFFFFFFF` modulo their number
    /// when it is the only one left.
    pub fn is_written(&self) -> bool {
        self.sequence != u32::MAX && self.crc == crc_of(self.sequence)
    }

    /// What the bootloader calls invalid: no sequence, or rolled back. The CRC is not looked at.
    fn is_ruled_out(&self) -> bool {
        self.sequence == u32::MAX || matches!(self.state, State::Invalid | State::Aborted)
    }

    fn is_bootable(&self) -> bool {
        !self.is_ruled_out() && self.is_written()
    }

    /// The slot that the entry names, of `slots`.
    pub fn slot(&self, slots: u8) -> Option<u8> {
        self.sequence.wrapping_sub(1).checked_rem(slots.into()).and_then(|slot| u8::try_from(slot).ok())
    }
}

/// One of the two sectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sector {
    /// The sector at the start of the partition.
    First,
    /// The sector behind it.
    Second,
}

impl Sector {
    /// Where it begins, from the start of the partition.
    pub const fn offset(self) -> u32 {
        match self {
            Self::First => 0,
            Self::Second => OTADATA_SECTOR,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// Whether bootloader and app were built with rollback (`CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE`). The Arduino cores
/// 2.x and 3.x are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rollback {
    /// A new image has to confirm itself, else the next start rolls back.
    Enabled,
    /// States are not written; invalid and aborted entries are still passed over.
    Disabled,
}

/// Which app partitions a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// Number of app slots.
    pub count: u8,
    /// Whether there is a factory app.
    pub factory: bool,
}

/// An app partition that the bootloader can start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidate {
    /// The slot of this number.
    Slot(u8),
    /// The factory app.
    Factory,
    /// The test app, tried last of all.
    Test,
}

/// An entry to be written: its sector is erased first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub sector: Sector,
    /// What.
    pub entry: Entry,
}

/// What the bootloader decides at a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boot {
    first: Candidate,
    slots: Slots,
    writes: [Option<Write>; 3],
    unset: bool,
    confirmed: Option<u8>,
}

impl Boot {
    /// What the bootloader does with a table that has no otadata partition: the factory app, else the first slot that
    /// holds a whole image.
    pub const fn without_otadata(slots: Slots) -> Self {
        Self { first: Candidate::Factory, slots, writes: [None; 3], unset: false, confirmed: None }
    }

    /// What the bootloader writes before it starts anything, in order: unconfirmed entries become aborted, then a new
    /// one becomes pending.
    pub fn writes(&self) -> impl Iterator<Item = Write> + use<> {
        self.writes.into_iter().flatten()
    }

    /// The partitions that it tries until an image proves whole: the chosen one, downwards to the factory app, then
    /// upwards, the test app last. A partition that the table does not have is passed over.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate> + use<> {
        let Slots { count, factory } = self.slots;
        let (down, up) = match self.first {
            Candidate::Slot(slot) => (0..slot.saturating_add(1), slot.saturating_add(1)..count),
            Candidate::Factory | Candidate::Test => (0..0, 0..count),
        };
        down.rev()
            .map(Candidate::Slot)
            .chain(factory.then_some(Candidate::Factory))
            .chain(up.map(Candidate::Slot))
            .chain(iter::once(Candidate::Test))
    }

    /// The chosen slot if its entry says that the image was confirmed. With anti-rollback the bootloader raises the fuses
    /// to this image's secure version before it looks at the rest of the image.
    pub const fn confirmed(&self) -> Option<u8> {
        self.confirmed
    }

    /// What the bootloader writes once `started` has proved whole: without a factory app and with no entry ever
    /// written, the slot becomes the chosen one, as valid.
    pub fn settle(&self, started: Candidate) -> Option<Write> {
        match started {
            Candidate::Slot(slot) if self.unset => {
                let entry = Entry::new(u32::from(slot).saturating_add(1), State::Valid);
                Some(Write { sector: Sector::First, entry })
            }
            _ => None,
        }
    }
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

    /// What the second-stage bootloader does at a start.
    pub fn boot(self, slots: Slots, rollback: Rollback) -> Boot {
        let (after, writes) = self.give_up(rollback);
        if after.first.is_ruled_out() && after.second.is_ruled_out() || slots.count == 0 {
            let first = if slots.factory { Candidate::Factory } else { Candidate::Slot(0) };
            return Boot {
                first,
                writes,
                unset: !slots.factory && after.is_unset(),
                ..Boot::without_otadata(slots)
            };
        }
        after.follow(after.active(), writes, slots, rollback)
    }

    /// What a bootloader with anti-rollback does (`CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK`): an entry counts only if
    /// `may_start` says that the secure version of the image in its slot is not below the fuses'. Such a table has no
    /// factory app, and entries that are all rolled back are tried like torn ones.
    pub fn boot_guarded(self, slots: Slots, rollback: Rollback, may_start: impl Fn(u8) -> bool) -> Boot {
        let (after, writes) = self.give_up(rollback);
        if after.is_unset() {
            return Boot { writes, unset: true, ..Boot::without_otadata(slots) };
        }
        let counts = |entry: Entry| entry.is_bootable() && entry.slot(slots.count).is_some_and(&may_start);
        after.follow(after.larger_of(counts(after.first), counts(after.second)), writes, slots, rollback)
    }

    /// With rollback, an unconfirmed entry is given up, by its state alone, whatever its CRC.
    fn give_up(self, rollback: Rollback) -> (Self, [Option<Write>; 3]) {
        let mut after = self;
        let mut writes = [None; 3];
        if rollback == Rollback::Enabled {
            for (write, sector) in writes.iter_mut().zip([Sector::First, Sector::Second]) {
                *write = after.restate(sector, State::PendingVerify, State::Aborted);
                after = write.map_or(after, |write| after.with(write));
            }
        }
        (after, writes)
    }

    /// Starts what the active entry names; a new one becomes pending.
    fn follow(
        self,
        active: Option<Sector>,
        mut writes: [Option<Write>; 3],
        slots: Slots,
        rollback: Rollback,
    ) -> Boot {
        if let ([.., last], Some(sector), Rollback::Enabled) = (&mut writes, active, rollback) {
            *last = self.restate(sector, State::New, State::PendingVerify);
        }
        let slot = active.and_then(|sector| self.entry(sector).slot(slots.count));
        let is_confirmed = active.is_some_and(|sector| self.entry(sector).state == State::Valid);
        // No entry is whole: the factory app, and without one every slot from the first on.
        Boot {
            first: slot.map_or(Candidate::Factory, Candidate::Slot),
            writes,
            confirmed: slot.filter(|_| is_confirmed),
            ..Boot::without_otadata(slots)
        }
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

fn crc_of(sequence: u32) -> u32 {
    CRC.checksum(&sequence.to_le_bytes())
}
