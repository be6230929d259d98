//! NOR flash: erasing sets a sector to ones, programming turns ones to zeros and nothing else.
//!
//! Everything that a board keeps goes through [`Flash`], one sector erase or one program at a time, so that a wrapper
//! can count, delay or fail each operation. [`Nor`] is the flash itself, in memory or in a file that survives the
//! process; it refuses what real flash would silently get wrong.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use thiserror::Error;

/// Bytes that are erased together.
pub const SECTOR: u32 = 0x1000;
/// The flash of most boards: 4 MiB.
pub const FOUR_MEGABYTES: u32 = 0x40_0000;

/// Why flash refused an operation.
#[derive(Debug, Error)]
pub enum FlashError {
    /// The operation ends behind the last byte.
    #[error("bytes {start:#x} to {end:#x} lie outside the flash of {size:#x} bytes")]
    OutOfBounds {
        /// Where the operation begins.
        start: u32,
        /// Where it ends.
        end: u64,
        /// Bytes that there are.
        size: u32,
    },
    /// An erase does not begin at a sector.
    #[error("erase at {offset:#x}, which begins no sector of {SECTOR:#x} bytes")]
    Unaligned {
        /// Where it begins.
        offset: u32,
    },
    /// A zero would have to become a one.
    #[error("byte {offset:#x} holds {held:#04x} and cannot be programmed to {wanted:#04x} without an erase")]
    NotErased {
        /// The byte's offset.
        offset: u32,
        /// What it holds.
        held: u8,
        /// What it was to hold.
        wanted: u8,
    },
    /// The file's size is not that of a flash chip.
    #[error("a flash file has a multiple of {SECTOR:#x} bytes up to 128 MiB, this one {found:#x}")]
    Size {
        /// Bytes of the file.
        found: u64,
    },
    /// Another board runs from the file.
    #[error("another board is using this flash file")]
    InUse,
    /// The file behind the flash failed.
    #[error("flash file")]
    File(#[from] io::Error),
}

/// A flash chip.
pub trait Flash {
    /// Bytes that it holds.
    fn size(&self) -> u32;
    /// Reads `into.len()` bytes.
    fn read(&self, offset: u32, into: &mut [u8]) -> Result<(), FlashError>;
    /// Sets a sector to ones.
    fn erase(&mut self, sector_offset: u32) -> Result<(), FlashError>;
    /// Programs bytes that are erased, or that lose only ones.
    fn program(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError>;

    /// Reads `len` bytes into a new buffer.
    fn bytes(&self, offset: u32, len: u32) -> Result<Vec<u8>, FlashError> {
        let mut bytes = vec![0; within(offset, len as usize, self.size())?.len()];
        self.read(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Erases what lies at `offset` to the end of its last sector, then programs `bytes` there, sector by sector.
    fn rewrite(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let mut at = offset;
        for sector in bytes.chunks(SECTOR as usize) {
            self.erase(at)?;
            self.program(at, sector)?;
            at = at.saturating_add(SECTOR);
        }
        Ok(())
    }
}

/// How many operations a flash has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Operations {
    /// Sectors erased.
    pub erases: u64,
    /// Programs, each of up to a sector in practice.
    pub programs: u64,
}

/// NOR flash in memory; every change also goes to its file, if it has one.
#[derive(Debug)]
pub struct Nor {
    bytes: Vec<u8>,
    file: Option<File>,
    done: Operations,
}

impl Drop for Nor {
    /// Closing the file is not enough: a child that is being started holds it as well, until it becomes another program.
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = file.unlock();
        }
    }
}

impl Nor {
    /// Erased flash of whole sectors.
    pub fn erased(size: u32) -> Result<Self, FlashError> {
        check_size(size.into())?;
        Ok(Self { bytes: vec![0xFF; size as usize], file: None, done: Operations::default() })
    }

    /// The flash in a file, which no other board can use meanwhile. A file that does not exist is made, erased, of `size`
    /// bytes.
    pub fn open(path: &Path, size: u32) -> Result<Self, FlashError> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => FlashError::InUse,
            TryLockError::Error(error) => FlashError::File(error),
        })?;
        let found = file.metadata()?.len();
        if found == 0 {
            let mut erased = Self::erased(size)?;
            file.write_all(&erased.bytes)?;
            erased.file = Some(file);
            return Ok(erased);
        }
        check_size(found)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Self { bytes, file: Some(file), done: Operations::default() })
    }

    /// Operations done since the flash was made or opened.
    pub fn operations(&self) -> Operations {
        self.done
    }

    /// A copy in memory of what it holds, with no operation done.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Self { bytes: self.bytes.clone(), file: None, done: Operations::default() }
    }

    fn change(&mut self, offset: u32, write: impl FnOnce(&mut [u8]), len: usize) -> Result<(), FlashError> {
        let range = within(offset, len, self.size())?;
        let Some(bytes) = self.bytes.get_mut(range) else { return Ok(()) };
        write(bytes);
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::Start(offset.into()))?;
            file.write_all(bytes)?;
        }
        Ok(())
    }
}

impl Flash for Nor {
    fn size(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    fn read(&self, offset: u32, into: &mut [u8]) -> Result<(), FlashError> {
        let range = within(offset, into.len(), self.size())?;
        into.copy_from_slice(self.bytes.get(range).unwrap_or_default());
        Ok(())
    }

    fn erase(&mut self, sector_offset: u32) -> Result<(), FlashError> {
        if !sector_offset.is_multiple_of(SECTOR) {
            return Err(FlashError::Unaligned { offset: sector_offset });
        }
        self.change(sector_offset, |sector| sector.fill(0xFF), SECTOR as usize)?;
        self.done.erases += 1;
        Ok(())
    }

    fn program(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let range = within(offset, bytes.len(), self.size())?;
        let held = self.bytes.get(range).unwrap_or_default();
        for ((at, &held), &wanted) in (offset..).zip(held).zip(bytes) {
            if held & wanted != wanted {
                return Err(FlashError::NotErased { offset: at, held, wanted });
            }
        }
        self.change(offset, |place| place.copy_from_slice(bytes), bytes.len())?;
        self.done.programs += 1;
        Ok(())
    }
}

fn within(offset: u32, len: usize, size: u32) -> Result<std::ops::Range<usize>, FlashError> {
    let end = u64::from(offset).saturating_add(len as u64);
    if end > size.into() {
        return Err(FlashError::OutOfBounds { start: offset, end, size });
    }
    let start = offset as usize;
    Ok(start..start.saturating_add(len))
}

fn check_size(found: u64) -> Result<(), FlashError> {
    let whole = found.is_multiple_of(SECTOR.into()) && (1..=128 << 20).contains(&found);
    if whole { Ok(()) } else { Err(FlashError::Size { found }) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nor() -> Nor {
        Nor::erased(4 * SECTOR).unwrap()
    }

    #[test]
    fn programming_only_clears_bits() {
        let mut flash = nor();
        flash.program(0x10, &[0xF0, 0x0F]).unwrap();
        flash.program(0x10, &[0x30]).unwrap();
        let error = flash.program(0x10, &[0x30, 0x1F]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "byte 0x11 holds 0x0f and cannot be programmed to 0x1f without an erase"
        );
        assert_eq!(flash.bytes(0x10, 2).unwrap(), [0x30, 0x0F]);
    }

    #[test]
    fn erasing_takes_its_sector_and_no_other() {
        let mut flash = nor();
        for sector in 0..4 {
            flash.program(sector * SECTOR, &[0; SECTOR as usize]).unwrap();
        }
        flash.erase(SECTOR).unwrap();
        assert_eq!(flash.bytes(SECTOR - 1, 1).unwrap(), [0]);
        assert!(flash.bytes(SECTOR, SECTOR).unwrap().iter().all(|&byte| byte == 0xFF));
        assert_eq!(flash.bytes(2 * SECTOR, 1).unwrap(), [0]);
        assert!(matches!(flash.erase(0x800), Err(FlashError::Unaligned { offset: 0x800 })));
        assert_eq!(flash.operations(), Operations { erases: 1, programs: 4 });
    }

    #[test]
    fn nothing_reaches_past_the_end() {
        let mut flash = nor();
        let end = 4 * SECTOR;
        assert!(matches!(flash.program(end - 1, &[0, 0]), Err(FlashError::OutOfBounds { .. })));
        assert!(matches!(flash.erase(end), Err(FlashError::OutOfBounds { .. })));
        assert!(matches!(flash.bytes(u32::MAX, u32::MAX), Err(FlashError::OutOfBounds { .. })));
        assert_eq!(flash.operations(), Operations::default(), "what was refused was not done");
    }

    #[test]
    fn a_flash_file_keeps_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("board.bin");
        Nor::open(&path, 2 * SECTOR).unwrap().rewrite(SECTOR, b"firmware").unwrap();
        let again = Nor::open(&path, FOUR_MEGABYTES).unwrap();
        assert!(matches!(Nor::open(&path, SECTOR), Err(FlashError::InUse)));
        assert_eq!(again.size(), 2 * SECTOR, "an existing file says its own size");
        assert_eq!(again.bytes(SECTOR, 9).unwrap(), b"firmware\xFF");
        drop(again);

        std::fs::write(&path, b"not a flash").unwrap();
        assert!(matches!(Nor::open(&path, SECTOR), Err(FlashError::Size { found: 11 })));
    }

    proptest! {
        #[test]
        fn rewriting_reads_back(bytes in proptest::collection::vec(any::<u8>(), 1..9000), again: u8) {
            let mut flash = nor();
            flash.rewrite(SECTOR, &vec![again; bytes.len()]).unwrap();
            flash.rewrite(SECTOR, &bytes).unwrap();
            prop_assert_eq!(flash.bytes(SECTOR, u32::try_from(bytes.len()).unwrap()).unwrap(), bytes);
        }
    }
}
