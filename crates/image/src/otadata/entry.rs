//! An entry of otadata, 32 bytes at the start of a sector: a sequence, a state, and a CRC that says whether it is whole.

use crc::{Algorithm, Crc, NoTable};

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
    pub(super) fn is_ruled_out(&self) -> bool {
        self.sequence == u32::MAX || matches!(self.state, State::Invalid | State::Aborted)
    }

    pub(super) fn is_bootable(&self) -> bool {
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

    pub(super) const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

fn crc_of(sequence: u32) -> u32 {
    CRC.checksum(&sequence.to_le_bytes())
}
