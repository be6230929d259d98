//! Arduino's `Update` class: a body into the spare slot, sector by sector, and the slot's activation.
//!
//! The first 16 bytes are held back until all else is written and its MD5 is right, so that a broken download leaves
//! nothing that a bootloader would start.

use md5::{Digest as _, Md5};
use otary_fleet::Md5 as Md5Digest;
use otary_image::{IMAGE_MAGIC, Partition};

use super::{Code, Core};
use crate::flash::{Flash, SECTOR};
use crate::link::{Arrival, Connection, Timeouts};
use crate::pace::Stop;
use crate::slots::Slots;

/// A block that the flash chip erases in one go.
const BLOCK: u32 = 0x1_0000;
/// Bytes held back (`ENCRYPTED_BLOCK_SIZE`).
const HELD_BACK: usize = 16;

/// One update under way.
pub(super) struct Updater<'a, F> {
    flash: &'a mut F,
    slot: Partition,
    size: u32,
    progress: u32,
    held_back: [u8; HELD_BACK],
    md5: Md5,
}

impl<'a, F: Flash> Updater<'a, F> {
    /// Begins to write `size` bytes to `slot`.
    pub(super) fn begin(flash: &'a mut F, slot: Partition, size: u32) -> Result<Self, Code> {
        if size == 0 || size > slot.size {
            return Err(Code::UPDATE_SIZE);
        }
        Ok(Self { flash, slot, size, progress: 0, held_back: [0xFF; HELD_BACK], md5: Md5::new() })
    }

    /// Writes the body.
    pub(super) fn write_stream(
        &mut self,
        body: &mut Connection,
        timeouts: &Timeouts,
        stop: &Stop,
    ) -> Result<(), Code> {
        if body.peek(timeouts.stall) != Some(IMAGE_MAGIC) {
            return Err(Code::UPDATE_MAGIC_BYTE);
        }
        let mut buffer = [0; SECTOR as usize];
        while self.progress < self.size {
            let wanted = (self.size - self.progress).min(SECTOR) as usize;
            let Some(sector) = buffer.get_mut(..wanted) else { break };
            read_sector(body, sector, timeouts, stop)?;
            self.write_sector(sector)?;
        }
        Ok(())
    }

    fn write_sector(&mut self, sector: &[u8]) -> Result<(), Code> {
        self.md5.update(sector);
        let at = self.slot.offset.saturating_add(self.progress);
        self.erase(at)?;
        let mut skip = 0;
        if self.progress == 0 {
            skip = HELD_BACK.min(sector.len());
            for (to, from) in self.held_back.iter_mut().zip(sector) {
                *to = *from;
            }
        }
        let written = sector.get(skip..).unwrap_or_default();
        // What is erased already is not programmed.
        if written.iter().any(|&byte| byte != 0xFF) {
            let at = at.saturating_add(u32::try_from(skip).unwrap_or_default());
            self.flash.program(at, written).map_err(|_| Code::UPDATE_WRITE)?;
        }
        self.progress += u32::try_from(sector.len()).unwrap_or(u32::MAX);
        Ok(())
    }

    /// Erases a whole block where one begins and is needed whole; single sectors in the slot's unaligned head and in the
    /// image's last, partial block; nothing elsewhere, for there it is done.
    fn erase(&mut self, at: u32) -> Result<(), Code> {
        let start = self.slot.offset;
        let whole = self.size - self.progress >= BLOCK && at.is_multiple_of(BLOCK);
        let in_head = !start.is_multiple_of(BLOCK) && at < start.next_multiple_of(BLOCK);
        let in_tail = at >= start.saturating_add(self.size) / BLOCK * BLOCK;
        let sectors = match (whole, in_head || in_tail) {
            (true, _) => BLOCK / SECTOR,
            (false, true) => 1,
            (false, false) => 0,
        };
        (0..sectors)
            .try_for_each(|n| self.flash.erase(at.saturating_add(n * SECTOR)))
            .map_err(|_| Code::UPDATE_ERASE)
    }

    /// Checks the MD5, writes what was held back, checks the whole image and makes its slot the next to start.
    pub(super) fn end(self, expected_md5: Option<&str>, core: Core, slots: &Slots) -> Result<(), Code> {
        let computed = Md5Digest(self.md5.finalize().into()).to_string();
        let expected = expected_md5.map(|md5| core.normalize_md5(md5));
        if expected.is_some_and(|expected| expected != computed) {
            return Err(Code::UPDATE_MD5);
        }
        self.flash.program(self.slot.offset, &self.held_back).map_err(|_| Code::UPDATE_READ)?;
        let first = self.flash.bytes(self.slot.offset, 1).map_err(|_| Code::UPDATE_READ)?;
        if first != [IMAGE_MAGIC] {
            return Err(Code::UPDATE_READ);
        }
        slots.activate(self.flash, &self.slot).map_err(|_| Code::UPDATE_ACTIVATE)
    }
}

/// Fills `sector`. Any byte gives a silent server all its tries again.
fn read_sector(
    body: &mut Connection,
    sector: &mut [u8],
    timeouts: &Timeouts,
    stop: &Stop,
) -> Result<(), Code> {
    let (mut filled, mut failures) = (0, 0);
    while let Some(rest) = sector.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match body.read(rest, timeouts.stall) {
            Arrival::Bytes(len) => {
                filled += len;
                failures = 0;
                continue;
            }
            Arrival::Nothing => {}
            // The device does not notice: it waits as if more could come.
            Arrival::Closed => stop.wait(timeouts.stall),
        }
        failures += 1;
        if failures >= timeouts.stall_tries || stop.is_stopped() {
            return Err(Code::UPDATE_STREAM);
        }
        stop.wait(timeouts.stall_pause);
    }
    Ok(())
}
