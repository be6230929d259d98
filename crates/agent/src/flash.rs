//! Flash in the three words that the agent needs, over any blocking `NorFlash` that spans the whole chip.
//!
//! Erasing is by sectors of 4 KiB, what is written for good goes in units of 32 bytes, and no byte is written twice
//! between two erasures. So any flash will do whose units are not larger. Slots and otadata may be encrypted; the store may
//! not, because erased bytes have to read as FF there. Nothing in it is secret.

use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

/// Bytes of a sector.
pub const SECTOR: u32 = 0x1000;
/// Bytes of the smallest thing that the agent writes of its own.
pub(crate) const UNIT: usize = 32;

/// What the flash failed at.
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
    /// The flash's own units are too large.
    Unit {
        /// The most bytes that the unit may have.
        expected: u32,
        /// How many it has.
        found: u32,
    },
    /// The journal has no room for what has to be noted.
    JournalFull,
    /// The compiled-in root record is not one, or does not sign itself.
    Root(otary_wire::Refusal),
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
            Self::Unit { expected, found } => {
                write!(f, "flash: expected units of at most {expected} bytes, found {found}")
            }
            Self::JournalFull => f.write_str("journal: expected room for a mark, found none"),
            Self::Root(_) => f.write_str("compiled-in root record: expected one that signs itself"),
            Self::Slot { found } => write!(f, "running slot: expected 0 or 1, found {found}"),
        }
    }
}

/// Whether the flash's units fit into those of this module.
pub(crate) fn check_units<F: NorFlash>() -> Result<(), Fault> {
    let unit = u32::try_from(UNIT).unwrap_or(u32::MAX);
    for (size, most) in [(F::ERASE_SIZE, SECTOR), (F::WRITE_SIZE, unit), (F::READ_SIZE, unit)] {
        let found = u32::try_from(size).unwrap_or(u32::MAX);
        if most.checked_rem(found) != Some(0) {
            return Err(Fault::Unit { expected: most, found });
        }
    }
    Ok(())
}

/// Reads `out.len()` bytes. Both ends lie on units of the flash.
pub(crate) fn read<F: ReadNorFlash>(flash: &mut F, at: u32, out: &mut [u8]) -> Result<(), Fault> {
    flash.read(at, out).map_err(|_| Fault::Read { at })
}

/// Reads `N` bytes from anywhere, `N` being at most a unit; of the flash no more than the units that they lie in, for the next
/// one may be behind the chip's end.
pub(crate) fn read_anywhere<const N: usize, F: ReadNorFlash>(
    flash: &mut F,
    at: u32,
) -> Result<[u8; N], Fault> {
    let mut window = [0; 2 * UNIT];
    let skip = usize::try_from(at & 31).unwrap_or_default();
    let units = window.get_mut(..skip.saturating_add(N).next_multiple_of(UNIT)).ok_or(Fault::Read { at })?;
    read(flash, at & !31, units)?;
    let found = units.get(skip..).and_then(|bytes| bytes.first_chunk());
    found.copied().ok_or(Fault::Read { at })
}

/// Erases the sector that begins at `at`.
pub(crate) fn erase<F: NorFlash>(flash: &mut F, at: u32) -> Result<(), Fault> {
    flash.erase(at, at.saturating_add(SECTOR)).map_err(|_| Fault::Erase { at })
}

/// Writes to erased flash. Both ends lie on units of the flash.
pub(crate) fn write<F: NorFlash>(flash: &mut F, at: u32, bytes: &[u8]) -> Result<(), Fault> {
    flash.write(at, bytes).map_err(|_| Fault::Write { at })
}
