//! Payload to slot: bytes of any piece size are hashed, judged by their first 24, and programmed as they come.
//!
//! No sector is kept in RAM. Up to 31 bytes wait for the flash's write unit; a sector is erased when writing enters it, at
//! most one for a piece of [`MAX_PIECE`](crate::MAX_PIECE) bytes; nothing is erased before the image header has been judged.

use embedded_storage::nor_flash::NorFlash;
use otary_image::{Chip, HEADER_LEN, Header};
use otary_wire::{Cause, Digest};
use sha2::{Digest as _, Sha256};

use crate::flash::{self, Fault, SECTOR, UNIT};
use crate::layout::Region;

const HEADER: usize = HEADER_LEN as usize;
/// Bytes that are read at once where a slot is read back: on the stack.
const CHUNK: usize = 8 * UNIT;

/// Writes one payload, from a sector's beginning on.
#[derive(Clone)]
pub(crate) struct SlotWriter {
    slot: Region,
    hash: Sha256,
    /// Bytes that are programmed: whole write units.
    programmed: u32,
    held: [u8; UNIT],
    held_length: usize,
}

/// Why a piece was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The payload is not for this device.
    Refused(Cause),
    /// The flash failed.
    Failed(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

impl SlotWriter {
    pub fn new(slot: Region) -> Self {
        Self { slot, hash: Sha256::new(), programmed: 0, held: [0; UNIT], held_length: 0 }
    }

    /// How many bytes have come so far.
    pub fn position(&self) -> u32 {
        self.programmed.saturating_add(length_of(self.held()))
    }

    /// How many of them are programmed.
    pub const fn programmed(&self) -> u32 {
        self.programmed
    }

    /// Reads the next sector, or what is left of `end` bytes, back from flash as if it had just come. Both are whole units.
    pub fn read_back<F: NorFlash>(&mut self, flash: &mut F, end: u32) -> Result<(), Fault> {
        let end = end.min(self.programmed.saturating_add(SECTOR));
        let mut chunk = [0; CHUNK];
        while self.programmed < end {
            let left = usize::try_from(end.saturating_sub(self.programmed)).unwrap_or(CHUNK);
            let chunk = chunk.get_mut(..left.min(CHUNK)).unwrap_or_default();
            flash::read(flash, self.slot.offset.saturating_add(self.programmed), chunk)?;
            self.hash.update(&*chunk);
            self.programmed = self.programmed.saturating_add(length_of(chunk));
        }
        Ok(())
    }

    /// Takes the next piece.
    pub fn push<F: NorFlash>(&mut self, flash: &mut F, chip: Chip, piece: &[u8]) -> Result<(), Stop> {
        self.judge_header(chip, piece)?;
        self.hash.update(piece);
        let total = self.held_length.saturating_add(piece.len());
        if total < UNIT {
            self.hold(piece);
            return Ok(());
        }
        let end = self.end_of_push::<F>(u32::try_from(total).unwrap_or(u32::MAX));
        let rest = self.program_held(flash, piece)?;
        let direct = usize::try_from(end.saturating_sub(self.programmed)).unwrap_or_default();
        let (direct, rest) = rest.split_at_checked(direct).unwrap_or((rest, &[]));
        self.program(flash, direct)?;
        self.hold(rest);
        Ok(())
    }

    /// Programs what is held, filled up with FF, and gives the digest of all that came.
    pub fn finish<F: NorFlash>(&mut self, flash: &mut F) -> Result<Digest, Fault> {
        let mut last = [0xFF; UNIT];
        for (to, from) in last.iter_mut().zip(self.held()) {
            *to = *from;
        }
        let filled = self.held_length.next_multiple_of(F::WRITE_SIZE);
        self.program(flash, last.get(..filled).unwrap_or_default())?;
        self.held_length = 0;
        Ok(self.hash.clone().finalize().into())
    }

    /// Judges the image header as soon as it is there, before anything is erased.
    fn judge_header(&self, chip: Chip, piece: &[u8]) -> Result<(), Stop> {
        let before = usize::try_from(self.position()).unwrap_or(usize::MAX);
        if before >= HEADER || before.saturating_add(piece.len()) < HEADER {
            return Ok(());
        }
        let mut header = [0; HEADER];
        for (to, from) in header.iter_mut().zip(self.held().iter().chain(piece)) {
            *to = *from;
        }
        match Header::parse(&header) {
            Ok(header) if header.chip == chip => Ok(()),
            Ok(_) => Err(Stop::Refused(Cause::Chip)),
            Err(_) => Err(Stop::Refused(Cause::Image)),
        }
    }

    /// Up to which byte this push programs: whole write units; and where that would enter a second sector with a few bytes,
    /// those are held instead.
    fn end_of_push<F: NorFlash>(&self, total: u32) -> u32 {
        let unit = u32::try_from(F::WRITE_SIZE).unwrap_or(1);
        let beyond = total.checked_rem(unit).unwrap_or_default();
        let end = self.programmed.saturating_add(total.saturating_sub(beyond));
        let first = self.programmed.next_multiple_of(SECTOR);
        let second = first.saturating_add(SECTOR);
        let left = self.programmed.saturating_add(total).saturating_sub(second);
        if end > second && left < length_of(&self.held) { second } else { end }
    }

    /// Tops up what is held to whole units with the piece's first bytes and programs it; gives the rest of the piece.
    fn program_held<'p, F: NorFlash>(&mut self, flash: &mut F, piece: &'p [u8]) -> Result<&'p [u8], Fault> {
        let filled = self.held_length.next_multiple_of(F::WRITE_SIZE);
        let missing = filled.saturating_sub(self.held_length);
        let (top, rest) = piece.split_at_checked(missing).unwrap_or((piece, &[]));
        self.hold(top);
        let held = self.held;
        self.program(flash, held.get(..self.held_length).unwrap_or_default())?;
        self.held_length = 0;
        Ok(rest)
    }

    fn program<F: NorFlash>(&mut self, flash: &mut F, mut bytes: &[u8]) -> Result<(), Fault> {
        while !bytes.is_empty() {
            let at = self.slot.offset.saturating_add(self.programmed);
            let into = self.programmed.checked_rem(SECTOR).unwrap_or_default();
            if into == 0 {
                flash::erase(flash, at)?;
            }
            let room = usize::try_from(SECTOR.saturating_sub(into)).unwrap_or_default();
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            flash::write(flash, at, now)?;
            self.programmed = self.programmed.saturating_add(length_of(now));
            bytes = later;
        }
        Ok(())
    }

    fn held(&self) -> &[u8] {
        self.held.get(..self.held_length).unwrap_or_default()
    }

    fn hold(&mut self, bytes: &[u8]) {
        let free = self.held.get_mut(self.held_length..).unwrap_or_default();
        let count = free.len().min(bytes.len());
        for (to, from) in free.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.held_length = self.held_length.saturating_add(count);
    }
}

/// The SHA-256 that is appended to the image in a slot, if one is: by it a server knows what runs.
pub(crate) fn appended_digest<F: NorFlash>(flash: &mut F, slot: Region) -> Result<Option<Digest>, Fault> {
    let mut header = [0; HEADER];
    flash::read_anywhere(flash, slot.offset, &mut header)?;
    let Ok(header) = Header::parse(&header) else { return Ok(None) };
    let mut at = HEADER_LEN;
    for _ in 0..header.segment_count {
        if at.saturating_add(8) > slot.size {
            return Ok(None);
        }
        let mut length = [0; 4];
        flash::read_anywhere(flash, slot.offset.saturating_add(at).saturating_add(4), &mut length)?;
        at = at.saturating_add(8).saturating_add(u32::from_le_bytes(length));
    }
    // The checksum is the last byte of a row of 16.
    let end = at.saturating_add(1).checked_next_multiple_of(16).unwrap_or(u32::MAX);
    if !header.hash_appended || end.saturating_add(length_of(&[0; UNIT])) > slot.size {
        return Ok(None);
    }
    let mut digest = Digest::default();
    flash::read_anywhere(flash, slot.offset.saturating_add(end), &mut digest)?;
    Ok(Some(digest))
}

fn length_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
