//! The marks of an attempt: 32 bytes each, one after the other, each written once.
//!
//! A mark counts when it is wholly programmed. One that a power cut tore counts for nothing, except that during a trial it
//! counts as a boot: the safe side, because a crash may come before the mark of its boot is whole.

use otary_wire::{Cause, Outcome, UnixSeconds};

use super::{checksum, put, take, take_u32, take_u64};
use crate::flash::UNIT;

const CRC_AT: usize = UNIT - 4;

/// Something that has happened in an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// All bytes before this offset of the slot are programmed.
    Progress(u32),
    /// The slot holds what was signed.
    Verified,
    /// The slot is about to be selected.
    Selecting,
    /// The slot's app has been started without having been confirmed.
    Boot,
    /// The app has proved itself.
    Confirmed,
    /// The attempt has come to nothing: refused or rolled back.
    Ended(Outcome, Cause),
    /// The server knows the outcome.
    Reported,
    /// The same payload was offered again at this time, too soon.
    PutOff(UnixSeconds),
}

impl Mark {
    /// The bytes of the mark, in a journal of this sequence.
    pub fn encode(self, sequence: u32) -> [u8; UNIT] {
        let (kind, rolled_back, cause, offset) = match self {
            Self::Progress(offset) => (1, 0, 0, offset),
            Self::Verified => (2, 0, 0, 0),
            Self::Selecting => (3, 0, 0, 0),
            Self::Boot => (4, 0, 0, 0),
            Self::Confirmed => (5, 0, 0, 0),
            Self::Ended(outcome, cause) => (6, u8::from(outcome == Outcome::RolledBack), cause.code(), 0),
            Self::Reported => (7, 0, 0, 0),
            Self::PutOff(_) => (8, 0, 0, 0),
        };
        let time = if let Self::PutOff(time) = self { time.0 } else { 0 };
        let mut unit = [0; UNIT];
        put(&mut unit, 0, &[kind, rolled_back, cause]);
        put(&mut unit, 4, &u32::to_le_bytes(offset));
        put(&mut unit, 8, &time.to_le_bytes());
        let crc = crc(&unit, sequence);
        put(&mut unit, CRC_AT, &crc.to_le_bytes());
        unit
    }

    fn decode(unit: &[u8; UNIT], sequence: u32) -> Option<Self> {
        let [kind, rolled_back, cause] = take(unit, 0);
        if crc(unit, sequence) != take_u32(unit, CRC_AT) {
            return None;
        }
        Some(match kind {
            1 => Self::Progress(take_u32(unit, 4)),
            2 => Self::Verified,
            3 => Self::Selecting,
            4 => Self::Boot,
            5 => Self::Confirmed,
            6 if rolled_back == 0 => Self::Ended(Outcome::Refused, Cause::from_code(cause)),
            6 => Self::Ended(Outcome::RolledBack, Cause::from_code(cause)),
            7 => Self::Reported,
            8 => Self::PutOff(UnixSeconds(take_u64(unit, 8))),
            _ => return None,
        })
    }
}

fn crc(unit: &[u8; UNIT], sequence: u32) -> u32 {
    let mut crc = checksum();
    crc.update(&sequence.to_le_bytes());
    crc.update(unit.get(..CRC_AT).unwrap_or_default());
    crc.finalize()
}

/// What the marks say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Log {
    /// All bytes before this offset are programmed.
    pub progress: u32,
    /// The slot holds what was signed.
    pub verified: bool,
    /// How often the slot was about to be selected.
    pub selections: u8,
    /// How often the app was started, or may have been.
    pub boots: u8,
    /// The app has proved itself.
    pub confirmed: bool,
    /// How and why the attempt came to nothing.
    pub ended: Option<(Outcome, Cause)>,
    /// The server knows the outcome.
    pub reported: bool,
    /// When the payload that came to nothing was offered again for the first time.
    pub put_off: Option<UnixSeconds>,
}

impl Log {
    /// With one more mark.
    pub fn note(&mut self, mark: Mark) {
        match mark {
            Mark::Progress(offset) => self.progress = self.progress.max(offset),
            Mark::Verified => self.verified = true,
            Mark::Selecting => self.selections = self.selections.saturating_add(1),
            Mark::Boot => self.boots = self.boots.saturating_add(1),
            Mark::Confirmed => self.confirmed = true,
            Mark::Ended(outcome, cause) => self.ended = Some((outcome, cause)),
            Mark::Reported => self.reported = true,
            Mark::PutOff(time) => self.put_off = self.put_off.or(Some(time)),
        }
    }

    /// With one more unit as it lies in flash, which is not erased.
    pub fn note_unit(&mut self, unit: &[u8; UNIT], sequence: u32) {
        match Mark::decode(unit, sequence) {
            Some(mark) => self.note(mark),
            None if self.is_on_trial() => self.note(Mark::Boot),
            None => {}
        }
    }

    /// How the attempt ended, if it did.
    pub fn outcome(&self) -> Option<(Outcome, Option<Cause>)> {
        match self.ended {
            Some((outcome, cause)) => Some((outcome, Some(cause))),
            None => self.confirmed.then_some((Outcome::Installed, None)),
        }
    }

    /// Whether the slot is whole and neither confirmed nor given up.
    pub fn is_on_trial(&self) -> bool {
        self.verified && !self.confirmed && self.ended.is_none()
    }

    /// Whether the attempt is still at getting the payload into the slot.
    pub fn is_loading(&self) -> bool {
        !self.verified && self.ended.is_none()
    }
}
