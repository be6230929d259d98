//! Trust sets: the DER anchors that a root record names, in a sector each.
//!
//! The set in use is never touched while another one is fetched. The head of a set is written when all of its anchors
//! are there. Failed handshakes over a set are marked at the end of its sector, so that they count across restarts.

use embedded_storage::nor_flash::NorFlash;

use super::{Half, TRUST, checksum, length_of, put, take, take_u32, write_filled};
use crate::flash::{self, Fault, SECTOR, UNIT};
use crate::layout::Region;

const MAGIC: [u8; 4] = *b"OtT1";
const CRC_AT: usize = UNIT - 4;
/// The most anchors of a set.
pub(crate) const MAX_ANCHORS: usize = 4;
/// So many failed handshakes are borne.
pub(crate) const MAX_FAILURES: u8 = 3;

/// Where a set of anchors is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the firmware.
    CompiledIn,
    /// In a sector of the store.
    Stored(Half),
}

impl Place {
    pub const fn code(self) -> u8 {
        match self {
            Self::CompiledIn => 0,
            Self::Stored(Half::First) => 1,
            Self::Stored(Half::Second) => 2,
        }
    }

    pub const fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Stored(Half::First),
            2 => Self::Stored(Half::Second),
            _ => Self::CompiledIn,
        }
    }

    /// The sector that may be overwritten while this place is in use.
    pub const fn idle(self) -> Half {
        match self {
            Self::Stored(half) => half.other(),
            Self::CompiledIn => Half::First,
        }
    }
}

/// The head of a whole set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SetHeader {
    /// The root record that names the set.
    pub version: u32,
    /// The anchors' lengths in order; 0 where there is none.
    pub lengths: [u16; MAX_ANCHORS],
}

impl SetHeader {
    /// Offset in the sector at which anchor `index` begins.
    fn offset(&self, index: usize) -> u32 {
        let before = self.lengths.iter().take(index);
        before.fold(length_of(&[0; UNIT]), |at, length| at.saturating_add(filled(*length)))
    }

    /// Offset behind the last anchor.
    fn end(&self) -> u32 {
        self.offset(MAX_ANCHORS)
    }
}

/// Bytes that an anchor takes.
fn filled(length: u16) -> u32 {
    u32::from(length).next_multiple_of(32)
}

/// One of the two sectors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrustSet {
    /// Where it begins in flash.
    at: u32,
}

impl TrustSet {
    pub const fn of(store: Region, half: Half) -> Self {
        Self { at: half.offset(store, TRUST) }
    }

    /// Empties a sector for a new set.
    pub fn erase<F: NorFlash>(self, flash: &mut F) -> Result<(), Fault> {
        flash::erase(flash, self.at)
    }

    /// Writes the anchor that comes after those of `header`. False, if there is no room for it.
    pub fn write_anchor<F: NorFlash>(
        self,
        flash: &mut F,
        header: &mut SetHeader,
        der: &[u8],
    ) -> Result<bool, Fault> {
        let at = header.end();
        let room = failure(0).saturating_sub(at);
        let free = header.lengths.iter_mut().find(|length| **length == 0);
        let (Some(place), Ok(length)) = (free, u16::try_from(der.len())) else { return Ok(false) };
        if length == 0 || filled(length) > room {
            return Ok(false);
        }
        write_filled(flash, self.at.saturating_add(at), der)?;
        *place = length;
        Ok(true)
    }

    /// Writes the head: from now on the set is whole.
    pub fn seal<F: NorFlash>(self, flash: &mut F, header: &SetHeader) -> Result<(), Fault> {
        let mut unit = [0xFF; UNIT];
        put(&mut unit, 0, &MAGIC);
        put(&mut unit, 4, &header.version.to_le_bytes());
        for (index, length) in header.lengths.iter().enumerate() {
            put(&mut unit, index.saturating_mul(2).saturating_add(8), &length.to_le_bytes());
        }
        let crc = self.crc(flash, &unit, header.end())?;
        put(&mut unit, CRC_AT, &crc.to_le_bytes());
        flash::write(flash, self.at, &unit)
    }

    /// The head of a sector's set, if the set is whole.
    pub fn header<F: NorFlash>(self, flash: &mut F) -> Result<Option<SetHeader>, Fault> {
        let mut unit = [0; UNIT];
        flash::read(flash, self.at, &mut unit)?;
        let lengths: [[u8; 2]; MAX_ANCHORS] =
            [take(&unit, 8), take(&unit, 10), take(&unit, 12), take(&unit, 14)];
        let header = SetHeader { version: take_u32(&unit, 4), lengths: lengths.map(u16::from_le_bytes) };
        if take(&unit, 0) != MAGIC || header.end() > failure(0) {
            return Ok(None);
        }
        let whole = self.crc(flash, &unit, header.end())? == take_u32(&unit, CRC_AT);
        Ok(whole.then_some(header))
    }

    fn crc<F: NorFlash>(self, flash: &mut F, head: &[u8; UNIT], end: u32) -> Result<u32, Fault> {
        let mut crc = checksum();
        crc.update(head.get(..CRC_AT).unwrap_or_default());
        let mut unit = [0; UNIT];
        let mut at = length_of(&unit);
        while at < end {
            flash::read(flash, self.at.saturating_add(at), &mut unit)?;
            crc.update(&unit);
            at = at.saturating_add(length_of(&unit));
        }
        Ok(crc.finalize())
    }

    /// Hands the anchors to `visit`, each read into `buffer`. One that is longer than the buffer is left out.
    pub fn visit<F: NorFlash>(
        self,
        flash: &mut F,
        buffer: &mut [u8],
        mut visit: impl FnMut(&[u8]),
    ) -> Result<(), Fault> {
        let Some(header) = self.header(flash)? else { return Ok(()) };
        for (index, length) in header.lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let at = self.at.saturating_add(header.offset(index));
            let length = usize::from(*length);
            let Some(units) = buffer.get_mut(..length.next_multiple_of(UNIT)) else { continue };
            flash::read(flash, at, units)?;
            visit(units.get(..length).unwrap_or_default());
        }
        Ok(())
    }

    /// How many handshakes over the set have failed.
    pub fn failures<F: NorFlash>(self, flash: &mut F) -> Result<u8, Fault> {
        let mut count = 0_u8;
        for index in 0..MAX_FAILURES {
            let mut unit = [0; UNIT];
            let at = self.at.saturating_add(failure(index));
            flash::read(flash, at, &mut unit)?;
            count = count.saturating_add(u8::from(unit != [0xFF; UNIT]));
        }
        Ok(count)
    }

    /// Marks one more. False, if there is no place for it: they were borne long enough.
    pub fn fail<F: NorFlash>(self, flash: &mut F) -> Result<bool, Fault> {
        let index = self.failures(flash)?;
        if index >= MAX_FAILURES {
            return Ok(false);
        }
        let at = self.at.saturating_add(failure(index));
        flash::write(flash, at, &[0; UNIT])?;
        Ok(index.saturating_add(1) < MAX_FAILURES)
    }
}

/// Offset in the sector of the mark of a failed handshake.
fn failure(index: u8) -> u32 {
    let behind = u32::from(MAX_FAILURES.saturating_sub(index)).saturating_mul(32);
    SECTOR.saturating_sub(behind)
}
