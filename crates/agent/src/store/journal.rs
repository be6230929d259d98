//! The journal: one attempt to install one payload, from its first byte to the server's knowledge of the outcome.
//!
//! A new attempt begins in the other sector, so the last one's outcome is there until the new one's head is whole.

use embedded_storage::nor_flash::NorFlash;
use otary_wire::Digest;

use super::{Half, JOURNAL, Log, Mark, checksum, length_of, newest, put, take, take_u32};
use crate::flash::{self, Fault, SECTOR, UNIT};
use crate::layout::Region;

const MAGIC: [u8; 4] = *b"OtJ1";
const HEADER: usize = 3 * UNIT;
const CRC_AT: usize = HEADER - 4;
/// Units that progress leaves for marks that matter more.
const RESERVED: u32 = 48 * 32;
/// So many marks of progress an attempt has at most, resumes not counted.
const PROGRESS_MARKS: u32 = 64;

/// What is to be installed, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// Its release number.
    pub release: u32,
    /// The floor that it brings.
    pub floor: u32,
    /// Bytes of the payload.
    pub length: u32,
    /// The slot that it goes to.
    pub slot: u8,
    /// How often the same payload was tried before and came to nothing.
    pub tries: u8,
    /// SHA-256 of what has to be in the slot.
    pub digest: Digest,
    /// SHA-256 by which the payload is asked for.
    pub coded: Digest,
}

impl Attempt {
    /// Every how many bytes progress is marked: whole sectors, at most 64 marks.
    pub fn stride(&self) -> u32 {
        self.length.div_ceil(PROGRESS_MARKS).max(1).next_multiple_of(SECTOR)
    }

    /// Whether it is the same release for the same slot, so that bytes of one are bytes of the other.
    pub fn is_same(&self, other: &Self) -> bool {
        Self { tries: other.tries, ..*self } == *other
    }
}

/// The last attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Journal {
    half: Half,
    sequence: u32,
    /// Offset in the sector of the first unit behind all that were written.
    next: u32,
    /// What is to be installed.
    pub attempt: Attempt,
    /// How far it has come.
    pub log: Log,
}

impl Journal {
    /// The last attempt, if there was one.
    pub fn load<F: NorFlash>(flash: &mut F, store: Region) -> Result<Option<Self>, Fault> {
        let first = read_header(flash, Half::First.offset(store, JOURNAL))?;
        let second = read_header(flash, Half::Second.offset(store, JOURNAL))?;
        let Some((half, sequence, attempt)) = newest(first, second) else { return Ok(None) };
        let next = length_of(&[0; HEADER]);
        let mut journal = Self { half, sequence, next, attempt, log: Log::default() };
        journal.scan(flash, store)?;
        Ok(Some(journal))
    }

    /// Reads all units: one may have stayed erased because its write failed, and others follow.
    fn scan<F: NorFlash>(&mut self, flash: &mut F, store: Region) -> Result<(), Fault> {
        let begin = self.half.offset(store, JOURNAL);
        let mut unit = [0; UNIT];
        let mut at = self.next;
        while at < SECTOR {
            flash::read(flash, begin.saturating_add(at), &mut unit)?;
            at = at.saturating_add(length_of(&unit));
            if unit != [0xFF; UNIT] {
                self.log.note_unit(&unit, self.sequence);
                self.next = at;
            }
        }
        Ok(())
    }

    /// Begins an attempt after `last`, in the other sector.
    pub fn begin<F: NorFlash>(
        flash: &mut F,
        store: Region,
        last: Option<&Self>,
        attempt: Attempt,
    ) -> Result<Self, Fault> {
        let half = last.map_or(Half::First, |last| last.half.other());
        let sequence = last.map_or(1, |last| last.sequence.saturating_add(1));
        let at = half.offset(store, JOURNAL);
        let header = encode(&attempt, sequence);
        flash::erase(flash, at)?;
        flash::write(flash, at, &header)?;
        Ok(Self { half, sequence, next: length_of(&header), attempt, log: Log::default() })
    }

    /// Writes a mark.
    pub fn mark<F: NorFlash>(&mut self, flash: &mut F, store: Region, mark: Mark) -> Result<(), Fault> {
        let unit = mark.encode(self.sequence);
        if self.next.saturating_add(length_of(&unit)) > SECTOR {
            return Err(Fault::JournalFull);
        }
        let at = self.half.offset(store, JOURNAL).saturating_add(self.next);
        // The place is spent, whatever becomes of the write.
        self.next = self.next.saturating_add(length_of(&unit));
        flash::write(flash, at, &unit)?;
        self.log.note(mark);
        Ok(())
    }

    /// Marks that all bytes before `programmed` are in the slot, if that is worth a mark.
    pub fn mark_progress<F: NorFlash>(
        &mut self,
        flash: &mut F,
        store: Region,
        programmed: u32,
    ) -> Result<(), Fault> {
        let beyond = programmed.checked_rem(self.attempt.stride()).unwrap_or_default();
        let reached = programmed.saturating_sub(beyond);
        if reached <= self.log.progress || self.next.saturating_add(RESERVED) > SECTOR {
            return Ok(());
        }
        self.mark(flash, store, Mark::Progress(reached))
    }
}

fn encode(attempt: &Attempt, sequence: u32) -> [u8; HEADER] {
    let mut header = [0xFF; HEADER];
    put(&mut header, 0, &MAGIC);
    put(&mut header, 4, &sequence.to_le_bytes());
    put(&mut header, 8, &attempt.release.to_le_bytes());
    put(&mut header, 12, &attempt.floor.to_le_bytes());
    put(&mut header, 16, &attempt.length.to_le_bytes());
    put(&mut header, 20, &[attempt.slot, attempt.tries]);
    put(&mut header, 24, &attempt.digest);
    put(&mut header, 56, &attempt.coded);
    let crc = crc(&header);
    put(&mut header, CRC_AT, &crc.to_le_bytes());
    header
}

fn crc(header: &[u8; HEADER]) -> u32 {
    let mut crc = checksum();
    crc.update(header.get(..CRC_AT).unwrap_or_default());
    crc.finalize()
}

fn read_header<F: NorFlash>(flash: &mut F, at: u32) -> Result<Option<(u32, Attempt)>, Fault> {
    let mut header = [0; HEADER];
    flash::read(flash, at, &mut header)?;
    if take(&header, 0) != MAGIC || crc(&header) != take_u32(&header, CRC_AT) {
        return Ok(None);
    }
    let [slot, tries] = take(&header, 20);
    let attempt = Attempt {
        release: take_u32(&header, 8),
        floor: take_u32(&header, 12),
        length: take_u32(&header, 16),
        slot: slot & 1,
        tries,
        digest: take(&header, 24),
        coded: take(&header, 56),
    };
    Ok(Some((take_u32(&header, 4), attempt)))
}
