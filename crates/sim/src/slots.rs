//! The slots as a running app sees them: its own, the spare one, and how the spare becomes the next to start.

use otary_image::{Otadata, Partition, Table, Usage};
use thiserror::Error;

use crate::bootloader::{Refusal, Silicon, write_entry};
use crate::flash::{Flash, FlashError, SECTOR};

/// The app partitions of a running board.
#[derive(Debug, Clone)]
pub struct Slots {
    silicon: Silicon,
    updatable: Vec<Partition>,
    otadata: Option<Partition>,
    running: Partition,
}

/// Why a slot cannot be the next to start (`esp_ota_set_boot_partition`).
#[derive(Debug, Error)]
pub enum ActivateError {
    /// Its image would not start.
    #[error("image of the slot")]
    Refused(#[from] Refusal),
    /// The table has no otadata, or the partition is no slot of it.
    #[error("{0} is no slot that otadata can choose")]
    NoSlot(Usage),
    /// otadata can choose nothing more.
    #[error("otadata")]
    Otadata(#[from] otary_image::Error),
    /// The flash failed.
    #[error("flash")]
    Flash(#[from] FlashError),
}

impl Slots {
    pub(crate) fn new(silicon: Silicon, table: &Table<'_>, running: Partition) -> Self {
        Self { silicon, updatable: table.ota_slots().collect(), otadata: table.otadata(), running }
    }

    /// The partition that the running app lies in.
    pub fn running(&self) -> &Partition {
        &self.running
    }

    /// The slot for an update: the one behind the running one, round the end; the first for a factory app
    /// (`esp_ota_get_next_update_partition`). None if that would be the running one itself.
    pub fn next(&self) -> Option<Partition> {
        let running = self.updatable.iter().position(|slot| *slot == self.running);
        let next = running.map_or(0, |running| running + 1);
        self.updatable.get(next).or(self.updatable.first()).copied().filter(|slot| *slot != self.running)
    }

    /// Checks a slot's image and makes it the next to start.
    pub fn activate<F: Flash>(&self, flash: &mut F, slot: &Partition) -> Result<(), ActivateError> {
        let image = flash.bytes(slot.offset, slot.size)?;
        self.silicon.verify(&image)?;
        self.silicon.check_secure_version(&image)?;
        let (Some(partition), Usage::Slot(number)) = (self.otadata, slot.usage) else {
            return Err(ActivateError::NoSlot(slot.usage));
        };
        let count = u8::try_from(self.updatable.len()).unwrap_or(u8::MAX);
        let otadata = Otadata::parse(&flash.bytes(partition.offset, partition.size)?)?;
        let write = otadata.select(number, count, self.silicon.rollback)?;
        Ok(write_entry(flash, &partition, write)?)
    }

    /// Says that the running app works, so that the next start keeps it; with anti-rollback, none older starts from now
    /// on. The Arduino core does so before `setup()`.
    pub fn confirm<F: Flash>(&mut self, flash: &mut F) -> Result<(), FlashError> {
        let Some(partition) = self.otadata else { return Ok(()) };
        let Ok(otadata) = Otadata::parse(&flash.bytes(partition.offset, partition.size)?) else {
            return Ok(());
        };
        let pending = |write: &otary_image::Write| {
            otadata.entry(write.sector).state == otary_image::State::PendingVerify
        };
        let Some(write) = otadata.confirm().filter(pending) else { return Ok(()) };
        write_entry(flash, &partition, write)?;
        self.silicon.raise_secure_version(&flash.bytes(self.running.offset, SECTOR)?);
        Ok(())
    }

    /// The chip, with its fuses as they are now.
    pub const fn silicon(&self) -> Silicon {
        self.silicon
    }
}
