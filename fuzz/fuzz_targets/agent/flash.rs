//! The board's flash: NOR, with what the agent promises of it as assertions.

use std::convert::Infallible;
use std::ops::Range;

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use otary_agent::SECTOR;

pub const SIZE: usize = 0x1_0000;

pub struct Flash {
    pub bytes: Vec<u8>,
    /// Bytes that were written since they were erased.
    written_to: Vec<bool>,
    /// The slot that runs: nobody may write there.
    pub running: Range<usize>,
    /// Whether somebody else than the agent has written.
    pub noisy: bool,
    pub erased: usize,
    pub written: usize,
}

impl Flash {
    pub fn erased() -> Self {
        let (bytes, written_to) = (vec![0xFF; SIZE], vec![false; SIZE]);
        Self { bytes, written_to, running: 0..0, noisy: false, erased: 0, written: 0 }
    }

    /// As a tool on the bench writes it.
    pub fn put(&mut self, at: u32, bytes: &[u8]) {
        let places = at as usize..at as usize + bytes.len();
        self.bytes[places.clone()].copy_from_slice(bytes);
        self.written_to[places].fill(true);
    }

    pub fn begin_step(&mut self) {
        (self.erased, self.written) = (0, 0);
    }

    fn ensure_spare(&self, places: &Range<usize>) {
        let overlaps = places.start < self.running.end && self.running.start < places.end;
        assert!(!overlaps, "{places:x?} is where the app runs");
    }
}

impl ErrorType for Flash {
    type Error = Infallible;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 4;

    fn read(&mut self, at: u32, out: &mut [u8]) -> Result<(), Infallible> {
        out.copy_from_slice(&self.bytes[at as usize..at as usize + out.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        SIZE
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Infallible> {
        let places = from as usize..to as usize;
        assert!(
            places.start.is_multiple_of(Self::ERASE_SIZE) && places.len().is_multiple_of(Self::ERASE_SIZE)
        );
        self.ensure_spare(&places);
        self.erased += places.len() / Self::ERASE_SIZE;
        self.bytes[places.clone()].fill(0xFF);
        self.written_to[places].fill(false);
        Ok(())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Infallible> {
        let places = at as usize..at as usize + bytes.len();
        assert!(
            places.start.is_multiple_of(Self::WRITE_SIZE) && places.len().is_multiple_of(Self::WRITE_SIZE)
        );
        self.ensure_spare(&places);
        let again = self.written_to[places.clone()].contains(&true);
        assert!(self.noisy || !again, "{places:x?} was written to before");
        self.written += bytes.len();
        self.written_to[places.clone()].fill(true);
        for (place, byte) in self.bytes[places].iter_mut().zip(bytes) {
            *place &= byte;
        }
        Ok(())
    }
}
