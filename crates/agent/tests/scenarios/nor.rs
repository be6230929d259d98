//! A NOR flash in memory: erased bytes are FF, a byte is programmed once between two erasures, and what a step does is
//! counted.

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};

/// A flash chip that is written in units of `W` bytes.
pub struct Nor<const W: usize> {
    pub bytes: Vec<u8>,
    programmed: Vec<bool>,
    /// So many writes and erases succeed before one fails; of a write, half is done then.
    pub fails_after: Option<usize>,
    /// Where nothing can be erased any more.
    pub worn: Option<std::ops::Range<u32>>,
    /// Sectors that were ever erased, by their offset.
    pub erases: Vec<u32>,
    /// How many were since [`begin_step`](Self::begin_step).
    pub erased: usize,
    /// Bytes that were programmed since then.
    pub written: usize,
    /// Bytes that were read since then.
    pub read: usize,
}

impl<const W: usize> Nor<W> {
    pub fn new(size: usize) -> Self {
        Self {
            bytes: vec![0xFF; size],
            programmed: vec![false; size],
            fails_after: None,
            worn: None,
            erases: Vec::new(),
            erased: 0,
            written: 0,
            read: 0,
        }
    }

    /// As a programmer on the bench writes it.
    pub fn flash(&mut self, at: u32, image: &[u8]) {
        let at = at as usize;
        self.bytes[at..at + image.len()].copy_from_slice(image);
        self.programmed[at..at + image.len()].fill(true);
    }

    fn wear(&mut self) -> Result<(), NorFlashErrorKind> {
        match &mut self.fails_after {
            Some(0) => {
                self.fails_after = None;
                Err(NorFlashErrorKind::Other)
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub fn begin_step(&mut self) {
        (self.erased, self.written, self.read) = (0, 0, 0);
    }
}

impl<const W: usize> ErrorType for Nor<W> {
    type Error = NorFlashErrorKind;
}

impl<const W: usize> ReadNorFlash for Nor<W> {
    const READ_SIZE: usize = if W < 4 { 1 } else { 4 };

    fn read(&mut self, at: u32, out: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let at = at as usize;
        assert!(at.is_multiple_of(Self::READ_SIZE) && out.len().is_multiple_of(Self::READ_SIZE));
        out.copy_from_slice(&self.bytes[at..at + out.len()]);
        self.read += out.len();
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const W: usize> NorFlash for Nor<W> {
    const WRITE_SIZE: usize = W;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        self.wear()?;
        if self.worn.as_ref().is_some_and(|worn| worn.contains(&from)) {
            return Err(NorFlashErrorKind::Other);
        }
        let sectors = from as usize..to as usize;
        assert!(sectors.start.is_multiple_of(4096) && sectors.end.is_multiple_of(4096));
        self.bytes[sectors.clone()].fill(0xFF);
        self.programmed[sectors.clone()].fill(false);
        self.erases.extend((from..to).step_by(4096));
        self.erased += sectors.len() / 4096;
        Ok(())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let wear = self.wear();
        let bytes = if wear.is_ok() { bytes } else { &bytes[..bytes.len() / W / 2 * W] };
        let at = at as usize;
        assert!(at.is_multiple_of(W) && bytes.len().is_multiple_of(W), "{} bytes at {at:#x}", bytes.len());
        let places = at..at + bytes.len();
        assert!(!self.programmed[places.clone()].contains(&true), "{places:x?} is programmed already");
        self.programmed[places.clone()].fill(true);
        self.bytes[places].copy_from_slice(bytes);
        self.written += bytes.len();
        wear
    }
}
