//! The first flashing, over the cable: what a board holds before its first update.

use otary_image::{
    App, Chip, Entry, Error, OTADATA_SECTOR, Partition, State, TABLE_OFFSET, TABLE_SIZE, Table, Usage,
    emit_table,
};
use thiserror::Error as ThisError;

use crate::flash::{Flash, FlashError, SECTOR};
use crate::sample;

const OTADATA: u32 = 0xE000;
const APP0: u32 = 0x1_0000;
/// Bytes of the partition that otary's agent keeps its records in.
const AGENT: u32 = 0x6000;

/// Why a file cannot be flashed.
#[derive(Debug, ThisError)]
pub enum FactoryError {
    /// The file is no firmware.
    #[error("firmware")]
    Image(#[from] Error),
    /// It is for another chip.
    #[error("firmware for {found}, not for {expected}")]
    Chip {
        /// The board's chip.
        expected: Chip,
        /// The firmware's.
        found: Chip,
    },
    /// It fits into no slot of a 4 MB board with two slots.
    #[error("firmware of {found:#x} bytes (expected at most {expected:#x})")]
    TooLarge {
        /// The largest slot, or the flash.
        expected: u32,
        /// Bytes of the firmware.
        found: u32,
    },
    /// A merged image that has no app where its own table says.
    #[error("merged image without an app partition")]
    NoApp,
    /// The flash failed.
    #[error("flash")]
    Flash(#[from] FlashError),
}

/// A firmware file: an app alone, or an image of the whole flash from offset 0.
#[derive(Debug, Clone, Copy)]
pub struct Firmware<'a> {
    file: &'a [u8],
    app: App<'a>,
    merged: bool,
}

impl<'a> Firmware<'a> {
    /// Reads a file. A partition table at its place makes it a merged image, whatever it begins with: the bootloader at
    /// the start of one for newer chips passes for an app. Of several slots the first that holds a whole app counts.
    pub fn read(file: &'a [u8]) -> Result<Self, FactoryError> {
        let table = file.get(TABLE_OFFSET as usize..).map(Table::parse);
        let Some(Ok(table)) = table else {
            return Ok(Self { file, app: App::parse(file)?, merged: false });
        };
        let places = table.find(Usage::Factory).into_iter().chain(table.ota_slots());
        let mut apps = places.filter_map(|place| file.get(place.offset as usize..)).map(App::parse);
        let first = apps.next().ok_or(FactoryError::NoApp)?;
        let app = first.or_else(|error| apps.find_map(Result::ok).ok_or(error))?;
        Ok(Self { file, app, merged: true })
    }

    /// The app.
    pub const fn app(&self) -> &App<'a> {
        &self.app
    }
}

/// The partitions of the Arduino core's tables for 4 MB boards, with a part of the file system's given to otary's agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `default.csv`: slots of 1.25 MB.
    Default,
    /// `min_spiffs.csv`: slots of 1.9 MB.
    LargeSlots,
}

impl Layout {
    /// The first layout with slots that hold `len` bytes.
    pub fn for_app(len: u32) -> Option<Self> {
        [Self::Default, Self::LargeSlots].into_iter().find(|layout| len <= layout.slot_size())
    }

    /// Bytes of an app slot.
    pub const fn slot_size(self) -> u32 {
        match self {
            Self::Default => 0x14_0000,
            Self::LargeSlots => 0x1E_0000,
        }
    }

    /// The rows of the table.
    pub fn partitions(self) -> [Partition; 7] {
        let slot = self.slot_size();
        let data = APP0 + 2 * slot;
        let coredump = 0x3F_0000;
        let agent = coredump - AGENT;
        [
            Partition::new(Usage::Nvs, "nvs", 0x9000, 0x5000),
            Partition::new(Usage::Otadata, "otadata", OTADATA, 2 * OTADATA_SECTOR),
            Partition::new(Usage::Slot(0), "app0", APP0, slot),
            Partition::new(Usage::Slot(1), "app1", APP0 + slot, slot),
            Partition::new(Usage::Spiffs, "spiffs", data, agent - data),
            Partition::new(Usage::Undefined, otary_agent::STORE_NAME, agent, AGENT),
            Partition::new(Usage::Coredump, "coredump", coredump, 0x1_0000),
        ]
    }
}

/// Erases the flash and writes `firmware` as the Arduino tools do: a merged image as it is; an app with a bootloader, a
/// table that has room for it, and the first slot chosen.
pub(crate) fn write<F: Flash>(
    flash: &mut F,
    chip: Chip,
    firmware: &Firmware<'_>,
) -> Result<(), FactoryError> {
    if firmware.app.chip() != chip {
        return Err(FactoryError::Chip { expected: chip, found: firmware.app.chip() });
    }
    let len = u32::try_from(firmware.file.len()).unwrap_or(u32::MAX);
    if firmware.merged {
        if len > flash.size() {
            return Err(FactoryError::TooLarge { expected: flash.size(), found: len });
        }
        erase(flash)?;
        return Ok(program(flash, 0, firmware.file)?);
    }
    let expected = Layout::LargeSlots.slot_size();
    let layout = Layout::for_app(len).ok_or(FactoryError::TooLarge { expected, found: len })?;
    let mut table = [0; TABLE_SIZE];
    emit_table(&layout.partitions(), &mut table)?;
    Table::parse(&table)?.check(TABLE_OFFSET, flash.size())?;
    erase(flash)?;
    program(flash, chip.bootloader_offset(), &sample::bootloader(chip)?)?;
    program(flash, TABLE_OFFSET, &table)?;
    // `boot_app0.bin`: the first slot is chosen, and the second sector begins with zeros.
    program(flash, OTADATA, &Entry::new(1, State::Undefined).to_bytes())?;
    program(flash, OTADATA + OTADATA_SECTOR, &[0; 4])?;
    Ok(program(flash, APP0, firmware.file)?)
}

fn erase<F: Flash>(flash: &mut F) -> Result<(), FlashError> {
    (0..flash.size() / SECTOR).try_for_each(|sector| flash.erase(sector * SECTOR))
}

fn program<F: Flash>(flash: &mut F, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
    let mut at = offset;
    for sector in bytes.chunks(SECTOR as usize) {
        flash.program(at, sector)?;
        at = at.saturating_add(SECTOR);
    }
    Ok(())
}
