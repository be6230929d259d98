//! The flash as an app's driver sees it: the blocking `NorFlash` of embedded-storage.
//!
//! As strict as its documentation: words of 4 bytes, sectors of 4096, and no word written twice between two erasures, for
//! an encrypted flash would not bear it. A bootloader sees a [`Flash`], which may clear more bits of what is programmed.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

use crate::flash::{Flash, FlashError, Nor, SECTOR};

/// Why an app's operation failed.
#[derive(Debug)]
pub struct AppFault(NorFlashErrorKind);

impl NorFlashError for AppFault {
    fn kind(&self) -> NorFlashErrorKind {
        self.0
    }
}

impl From<NorFlashErrorKind> for AppFault {
    fn from(kind: NorFlashErrorKind) -> Self {
        Self(kind)
    }
}

impl From<FlashError> for AppFault {
    fn from(_: FlashError) -> Self {
        Self(NorFlashErrorKind::Other)
    }
}

impl ErrorType for Nor {
    type Error = AppFault;
}

impl ReadNorFlash for Nor {
    const READ_SIZE: usize = 4;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), AppFault> {
        check_read(self, offset, bytes.len())?;
        Ok(Flash::read(self, offset, bytes)?)
    }

    fn capacity(&self) -> usize {
        self.size() as usize
    }
}

impl NorFlash for Nor {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), AppFault> {
        check_erase(self, from, to)?;
        (from..to).step_by(SECTOR as usize).try_for_each(|at| Ok(Flash::erase(self, at)?))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), AppFault> {
        check_write(self, offset, bytes.len())?;
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if self.bytes(offset, len)?.iter().any(|&byte| byte != 0xFF) {
            return Err(AppFault(NorFlashErrorKind::Other));
        }
        Ok(self.program(offset, bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_writes_no_word_twice_and_keeps_to_words_and_sectors() {
        let mut flash = Nor::erased(2 * SECTOR).unwrap();
        flash.write(0, &[0xF0; 4]).unwrap();
        assert!(flash.write(0, &[0; 4]).is_err());
        assert!(flash.write(5, &[0; 4]).is_err());
        assert!(ReadNorFlash::read(&mut flash, 2, &mut [0; 4]).is_err());
        assert!(NorFlash::erase(&mut flash, 0, SECTOR - 4).is_err());
        Flash::program(&mut flash, 0, &[0; 4]).unwrap();
        NorFlash::erase(&mut flash, 0, SECTOR).unwrap();
        flash.write(0, &[0; 4]).unwrap();
    }

    #[test]
    fn an_app_reaches_no_further_than_the_flash() {
        let mut flash = Nor::erased(SECTOR).unwrap();
        let kind = flash.write(SECTOR, &[0; 4]).unwrap_err().kind();
        assert_eq!(kind, NorFlashErrorKind::OutOfBounds);
        assert!(NorFlash::erase(&mut flash, 0, 2 * SECTOR).is_err());
    }
}
