//! Flash in the three words that the agent needs, over any blocking `NorFlash` that spans the whole chip.
//!
//! Erasing is by sectors of 4 KiB, what is written for good goes in units of 32 bytes, and no byte is written twice
//! between two erasures. So any flash will do whose units are not larger. Slots and otadata may be encrypted; the store may
//! not, because erased bytes have to read as FF there. Nothing in it is secret.
//!
//! The three words are not inlined: they are said in thirty places.

use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
use otary_wire::Cause;

/// Bytes of a sector.
pub const SECTOR: u32 = 0x1000;
const SECTOR_BYTES: usize = SECTOR as usize;
/// Bytes of the smallest thing that the agent writes of its own.
pub(crate) const UNIT: usize = 32;

/// What the flash failed at. Two words, so that what may fail costs little where nothing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Reading failed.
    Read {
        /// Offset in flash.
        at: u32,
    },
    /// Erasing a sector failed.
    Erase {
        /// Offset in flash.
        at: u32,
    },
    /// Writing failed.
    Write {
        /// Offset in flash.
        at: u32,
    },
    /// The flash reads or writes in units that are no part of 32 bytes.
    Unit {
        /// Bytes of its unit.
        found: u32,
    },
    /// The flash erases in units that are no part of a sector.
    EraseUnit {
        /// Bytes of its unit.
        found: u32,
    },
    /// The journal has no room for what has to be noted.
    JournalFull,
    /// The compiled-in root record is not one, or does not sign itself.
    Root(Cause),
    /// There are two slots, and the app says that it runs from another.
    Slot {
        /// What it said.
        found: u8,
    },
}

impl core::error::Error for Fault {}

impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Read { at } => write!(f, "flash at {at:#x}: expected to read, found an error"),
            Self::Erase { at } => write!(f, "flash at {at:#x}: expected to erase, found an error"),
            Self::Write { at } => write!(f, "flash at {at:#x}: expected to write, found an error"),
            Self::Unit { found } => {
                write!(f, "flash: expected units that divide {UNIT} bytes, found {found}")
            }
            Self::EraseUnit { found } => {
                write!(f, "flash: expected to erase in units that divide {SECTOR} bytes, found {found}")
            }
            Self::JournalFull => f.write_str("journal: expected room for a mark, found none"),
            Self::Root(cause) => {
                write!(f, "compiled-in root record: expected one that signs itself: {cause}")
            }
            Self::Slot { found } => write!(f, "running slot: expected 0 or 1, found {found}"),
        }
    }
}

/// Whether the flash's units fit into those of this module.
pub(crate) fn check_units<F: NorFlash>() -> Result<(), Fault> {
    let divides = |unit: usize, whole: usize| whole.checked_rem(unit) == Some(0);
    let found = |unit: usize| u32::try_from(unit).unwrap_or(u32::MAX);
    if !divides(F::ERASE_SIZE, SECTOR_BYTES) {
        return Err(Fault::EraseUnit { found: found(F::ERASE_SIZE) });
    }
    for unit in [F::WRITE_SIZE, F::READ_SIZE] {
        if !divides(unit, UNIT) {
            return Err(Fault::Unit { found: found(unit) });
        }
    }
    Ok(())
}

/// Reads `out.len()` bytes. Both ends lie on units of the flash.
#[inline(never)]
pub(crate) fn read<F: ReadNorFlash>(flash: &mut F, at: u32, out: &mut [u8]) -> Result<(), Fault> {
    flash.read(at, out).map_err(|_| Fault::Read { at })
}

/// Reads at most a unit from anywhere; of the flash no more than the units that it lies in, for the next one may be behind the
/// chip's end.
pub(crate) fn read_anywhere<F: ReadNorFlash>(flash: &mut F, at: u32, out: &mut [u8]) -> Result<(), Fault> {
    let mut window = [0; 2 * UNIT];
    let skip = usize::try_from(at & 31).unwrap_or_default();
    let end = skip.saturating_add(out.len()).next_multiple_of(UNIT);
    let units = window.get_mut(..end).ok_or(Fault::Read { at })?;
    read(flash, at & !31, units)?;
    for (to, from) in out.iter_mut().zip(units.iter().skip(skip)) {
        *to = *from;
    }
    Ok(())
}

/// Erases the sector that begins at `at`.
#[inline(never)]
pub(crate) fn erase<F: NorFlash>(flash: &mut F, at: u32) -> Result<(), Fault> {
    flash.erase(at, at.saturating_add(SECTOR)).map_err(|_| Fault::Erase { at })
}

/// Writes to erased flash. Both ends lie on units of the flash.
#[inline(never)]
pub(crate) fn write<F: NorFlash>(flash: &mut F, at: u32, bytes: &[u8]) -> Result<(), Fault> {
    flash.write(at, bytes).map_err(|_| Fault::Write { at })
}
