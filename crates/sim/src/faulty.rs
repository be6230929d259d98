//! Flash whose power fails: before, in the middle of or after any operation.
//!
//! An operation is one sector erased or one program. A torn program leaves some bytes programmed, others not, and one byte
//! with only some of its bits; a torn erase leaves a sector of noise. After a cut every operation and every read fails until
//! the power comes back. The same seed tears the same operation in the same way.
//!
//! To an app this is the blocking `NorFlash` of embedded-storage, as strict as its documentation: words of 4 bytes, sectors of
//! 4096, and no word written twice between two erasures, for an encrypted flash would not bear it. A bootloader sees a
//! [`Flash`], which may clear more bits of what is programmed.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

use crate::flash::{Flash, FlashError, Nor, SECTOR};
use crate::nor_flash::AppFault;

/// When the power goes, relative to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// Nothing of it is done.
    Before,
    /// A part of it is done, which part the seed says.
    Middle {
        /// Any number.
        seed: u64,
    },
    /// All of it is done.
    After,
}

/// One power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cut {
    /// The operation, counted from 0 since the power came.
    pub operation: u32,
    /// When, relative to it.
    pub when: When,
}

/// One change of the flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// The sector that begins here is set to ones.
    Erase {
        /// Offset in flash.
        at: u32,
    },
    /// Bytes are programmed.
    Program {
        /// Offset in flash.
        at: u32,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

impl Operation {
    /// Where it begins.
    pub const fn at(&self) -> u32 {
        match self {
            Self::Erase { at } | Self::Program { at, .. } => *at,
        }
    }
}

/// Says of an app's operation whether it is left out without a word: a mistake that a proof has to notice.
pub type LeftOut = fn(&Operation) -> bool;

/// NOR flash with a switch.
#[derive(Debug)]
pub struct Faulty {
    nor: Nor,
    is_on: bool,
    done: u32,
    cut: Option<Cut>,
    left_out: Option<LeftOut>,
    recorded: Option<Vec<Operation>>,
    /// A number for what each sector holds, where it is known.
    sectors: Vec<Option<u64>>,
}

impl Faulty {
    /// Flash with its power on and no cut ahead.
    pub fn new(nor: Nor) -> Self {
        let sectors = vec![None; (nor.size() / SECTOR) as usize];
        Self { nor, is_on: true, done: 0, cut: None, left_out: None, recorded: None, sectors }
    }

    /// Switches the power on, with the next cut ahead.
    pub fn power_on(&mut self, cut: Option<Cut>) {
        (self.is_on, self.done, self.cut) = (true, 0, cut);
    }

    /// Whether the power is on.
    pub const fn is_on(&self) -> bool {
        self.is_on
    }

    /// Operations since the power came.
    pub const fn done(&self) -> u32 {
        self.done
    }

    /// Leaves out each operation of the app of which `left_out` says so.
    pub fn leave_out(&mut self, left_out: Option<LeftOut>) {
        self.left_out = left_out;
    }

    /// Begins to record operations.
    pub fn record(&mut self) {
        self.recorded = Some(Vec::new());
    }

    /// What was recorded; recording ends.
    pub fn recorded(&mut self) -> Vec<Operation> {
        self.recorded.take().unwrap_or_default()
    }

    /// What it holds.
    pub const fn nor(&self) -> &Nor {
        &self.nor
    }

    /// A number that two flashes share only if they hold the same, but for one chance in 2^64.
    pub fn fingerprint(&mut self) -> u64 {
        let mut all = DefaultHasher::new();
        for (sector, known) in (0_u32..).zip(&mut self.sectors) {
            let number = known.get_or_insert_with(|| {
                let mut hasher = DefaultHasher::new();
                (sector, self.nor.bytes(sector * SECTOR, SECTOR).unwrap_or_default()).hash(&mut hasher);
                hasher.finish()
            });
            number.hash(&mut all);
        }
        all.finish()
    }

    /// The same contents with the power on, nothing recorded, no cut ahead.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self {
            nor: self.nor.snapshot(),
            is_on: true,
            done: 0,
            cut: None,
            left_out: self.left_out,
            recorded: None,
            sectors: self.sectors.clone(),
        }
    }

    /// Does an operation, or the part of it that a cut leaves, whatever is ahead.
    pub fn apply(&mut self, operation: &Operation, when: When) -> Result<(), FlashError> {
        match (operation, when) {
            (_, When::Before) => return Ok(()),
            (Operation::Erase { at }, When::After) => Flash::erase(&mut self.nor, *at)?,
            (Operation::Program { at, bytes }, When::After) => self.nor.program(*at, bytes)?,
            (Operation::Erase { at }, When::Middle { seed }) => {
                Flash::erase(&mut self.nor, *at)?;
                let mut noise = Noise(seed ^ u64::from(*at));
                let noise: Vec<u8> = (0..SECTOR).map(|_| noise.byte()).collect();
                self.nor.program(*at, &noise)?;
            }
            (Operation::Program { at, bytes }, When::Middle { seed }) => {
                let mut torn = self.nor.bytes(*at, length_of(bytes))?;
                tear(&mut torn, bytes, Noise(seed ^ u64::from(*at)));
                self.nor.program(*at, &torn)?;
            }
        }
        let len = if let Operation::Program { bytes, .. } = operation { length_of(bytes) } else { SECTOR };
        let first = operation.at() / SECTOR;
        let last = operation.at().saturating_add(len.saturating_sub(1)) / SECTOR;
        let changed = self.sectors.get_mut(first as usize..=last as usize);
        changed.unwrap_or_default().fill(None);
        Ok(())
    }

    fn operate(&mut self, operation: Operation) -> Result<(), FlashError> {
        if !self.is_on {
            return Err(no_power());
        }
        if let Some(cut) = self.cut.filter(|cut| cut.operation == self.done) {
            self.apply(&operation, cut.when)?;
            self.is_on = false;
            return Err(no_power());
        }
        self.apply(&operation, When::After)?;
        self.done += 1;
        if let Some(recorded) = &mut self.recorded {
            recorded.push(operation);
        }
        Ok(())
    }

    /// An operation of the app, which may be left out.
    fn operate_app(&mut self, operation: Operation) -> Result<(), FlashError> {
        if self.is_on && self.left_out.is_some_and(|left_out| left_out(&operation)) {
            return Ok(());
        }
        self.operate(operation)
    }
}

/// What a torn program leaves of `wanted` over what `held` has: its first bytes or any of them, one of them with only some
/// of its bits.
fn tear(held: &mut [u8], wanted: &[u8], mut noise: Noise) {
    let scattered = noise.byte() % 2 == 1;
    let partial = usize::from(u16::from_le_bytes([noise.byte(), noise.byte()])) % wanted.len().max(1);
    for (index, (held, wanted)) in held.iter_mut().zip(wanted).enumerate() {
        let programmed = if scattered { noise.byte() % 2 == 1 } else { index < partial };
        if index == partial {
            *held &= wanted | noise.byte();
        } else if programmed {
            *held &= wanted;
        }
    }
}

impl Flash for Faulty {
    fn size(&self) -> u32 {
        self.nor.size()
    }

    fn read(&self, offset: u32, into: &mut [u8]) -> Result<(), FlashError> {
        if self.is_on { Flash::read(&self.nor, offset, into) } else { Err(no_power()) }
    }

    fn erase(&mut self, sector_offset: u32) -> Result<(), FlashError> {
        self.operate(Operation::Erase { at: sector_offset })
    }

    fn program(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.operate(Operation::Program { at: offset, bytes: bytes.to_vec() })
    }
}

impl ErrorType for Faulty {
    type Error = AppFault;
}

impl ReadNorFlash for Faulty {
    const READ_SIZE: usize = 4;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), AppFault> {
        check_read(self, offset, bytes.len())?;
        Ok(Flash::read(self, offset, bytes)?)
    }

    fn capacity(&self) -> usize {
        self.size() as usize
    }
}

impl NorFlash for Faulty {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), AppFault> {
        check_erase(self, from, to)?;
        for at in (from..to).step_by(SECTOR as usize) {
            self.operate_app(Operation::Erase { at })?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), AppFault> {
        check_write(self, offset, bytes.len())?;
        if self.is_on && self.nor.bytes(offset, length_of(bytes))?.iter().any(|&byte| byte != 0xFF) {
            return Err(NorFlashErrorKind::Other.into());
        }
        Ok(self.operate_app(Operation::Program { at: offset, bytes: bytes.to_vec() })?)
    }
}

fn no_power() -> FlashError {
    FlashError::File(io::Error::other("the power is off"))
}

fn length_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// Numbers from a seed: splitmix64 (Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub(crate) struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn byte(&mut self) -> u8 {
        let [byte, ..] = self.next().to_le_bytes();
        byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flash(cut: Cut) -> Faulty {
        let mut flash = Faulty::new(Nor::erased(2 * SECTOR).unwrap());
        NorFlash::write(&mut flash, 0, &[0x55; 64]).unwrap();
        flash.power_on(Some(cut));
        flash
    }

    fn contents(flash: &Faulty) -> Vec<u8> {
        flash.nor().bytes(0, SECTOR).unwrap()
    }

    #[test]
    fn a_cut_leaves_none_some_or_all_of_a_program_and_then_nothing_works() {
        for (when, some, all) in [
            (When::Before, false, false),
            (When::Middle { seed: 7 }, true, false),
            (When::Middle { seed: 8 }, true, false),
            (When::After, true, true),
        ] {
            let mut flash = flash(Cut { operation: 0, when });
            assert!(NorFlash::write(&mut flash, 64, &[0; 32]).is_err());
            let place = &contents(&flash)[64..96];
            assert_eq!(place != [0xFF; 32], some, "{when:?}");
            assert_eq!(place == [0; 32], all, "{when:?}");
            assert!(ReadNorFlash::read(&mut flash, 0, &mut [0; 4]).is_err());
            assert!(NorFlash::erase(&mut flash, 0, SECTOR).is_err());
            assert_eq!(contents(&flash)[..64], [0x55; 64], "what was there stays");
            flash.power_on(None);
            assert!(ReadNorFlash::read(&mut flash, 0, &mut [0; 4]).is_ok());
        }
    }

    #[test]
    fn a_torn_program_has_a_byte_with_only_some_of_its_bits() {
        let torn = (0..64).any(|seed| {
            let mut flash = flash(Cut { operation: 0, when: When::Middle { seed } });
            NorFlash::write(&mut flash, 64, &[0; 32]).unwrap_err();
            contents(&flash)[64..96].iter().any(|&byte| byte != 0 && byte != 0xFF)
        });
        assert!(torn);
    }

    #[test]
    fn a_torn_erase_leaves_noise_the_same_for_the_same_seed() {
        let erase = |seed| {
            let mut flash = flash(Cut { operation: 0, when: When::Middle { seed } });
            NorFlash::erase(&mut flash, 0, SECTOR).unwrap_err();
            contents(&flash)
        };
        assert_eq!(erase(1), erase(1));
        assert_ne!(erase(1), erase(2));
        assert!(erase(1).chunks(8).all(|bytes| bytes != [0xFF; 8]), "no part of it is erased");
    }

    #[test]
    fn an_app_writes_no_word_twice_and_keeps_to_words() {
        let mut flash = Faulty::new(Nor::erased(SECTOR).unwrap());
        NorFlash::write(&mut flash, 0, &[0xF0; 4]).unwrap();
        assert!(NorFlash::write(&mut flash, 0, &[0; 4]).is_err());
        assert!(NorFlash::write(&mut flash, 5, &[0; 4]).is_err());
        assert!(ReadNorFlash::read(&mut flash, 2, &mut [0; 4]).is_err());
        assert_eq!(flash.done(), 1);
        Flash::program(&mut flash, 0, &[0; 4]).unwrap();
    }

    #[test]
    fn the_fingerprint_tells_contents_apart_however_they_came_about() {
        let mut flash = Faulty::new(Nor::erased(2 * SECTOR).unwrap());
        let erased = flash.fingerprint();
        NorFlash::write(&mut flash, SECTOR - 4, &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        let written = flash.fingerprint();
        assert_ne!(erased, written);
        assert_eq!(Faulty::new(flash.nor().snapshot()).fingerprint(), written);
        NorFlash::erase(&mut flash, 0, 2 * SECTOR).unwrap();
        assert_eq!(flash.fingerprint(), erased);
    }
}
