//! The second-stage bootloader: which slot starts, after checking its whole image.
//!
//! The choice and what is written back are otary-image's [`Otadata::boot`]; here are the order of trying, the checks
//! (ESP-IDF, `esp_image_verify`: header, chip, revision, segments, checksum, digest) and the lines that the Arduino
//! cores' bootloader prints, which is built to print errors alone.

use std::time::Instant;

use otary_image::{
    App, Boot, Candidate, Chip, Error, Fault, Header, OTADATA_SECTOR, Otadata, Part, Partition, Revision,
    Rollback, TABLE_OFFSET, TABLE_SIZE, Table, Usage, Write,
};
use thiserror::Error as ThisError;

use crate::flash::{Flash, FlashError};
use crate::slots::Slots;

/// What a bootloader was built for, and the chip that it finds itself on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silicon {
    /// The chip.
    pub chip: Chip,
    /// Its revision.
    pub revision: Revision,
    /// Whether bootloader and core were built with rollback.
    pub rollback: Rollback,
}

/// Why an image does not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
pub enum Refusal {
    /// It is no whole image.
    #[error(transparent)]
    Image(#[from] Error),
    /// It is for another chip.
    #[error("image for {found}, not for {expected}")]
    Chip {
        /// The board's chip.
        expected: Chip,
        /// The image's.
        found: Chip,
    },
    /// It is for other revisions of the chip.
    #[error("image for chip revisions {from} to {until}, not for {found}")]
    Revision {
        /// The smallest revision that it runs on.
        from: Revision,
        /// The largest.
        until: Revision,
        /// The board's.
        found: Revision,
    },
}

impl Silicon {
    /// Checks the image at the start of a slot's bytes: whom it is for before whether it is whole.
    pub fn verify<'a>(&self, slot: &'a [u8]) -> Result<App<'a>, Refusal> {
        let header = Header::parse(slot)?;
        if header.chip != self.chip {
            return Err(Refusal::Chip { expected: self.chip, found: header.chip });
        }
        let (from, until) = (header.min_revision, header.max_revision);
        // Images of old tools leave the upper bound zero.
        let unbounded = until == Revision(0) || until == Revision::UNBOUNDED;
        if self.revision < from || !unbounded && self.revision > until {
            return Err(Refusal::Revision { from, until, found: self.revision });
        }
        Ok(App::parse(slot)?)
    }
}

impl Refusal {
    /// The line that ESP-IDF logs.
    fn log_line(&self, slot_offset: u32) -> String {
        match *self {
            Self::Image(Error { part: Part::Header, fault: Fault::Magic { .. }, .. }) => {
                format!("esp_image: image at {slot_offset:#x} has invalid magic byte (nothing flashed here?)")
            }
            Self::Image(Error { part: Part::Checksum, fault: Fault::Sum { expected, found }, .. }) => {
                format!("esp_image: Checksum failed. Calculated {expected:#x} read {found:#x}")
            }
            Self::Image(Error { part: Part::Digest, .. }) => {
                "esp_image: Image hash failed - image is corrupt".to_owned()
            }
            Self::Image(error) => format!("esp_image: {error}"),
            Self::Chip { expected, found } => {
                let [expected, found] = [expected, found].map(|chip| chip.id().unwrap_or(0xFFFF));
                format!("boot_comm: mismatch chip ID, expected {expected}, found {found}")
            }
            Self::Revision { .. } => format!("boot_comm: chip revision check failed. {self}"),
        }
    }
}

/// Why a board does not start.
#[derive(Debug, ThisError)]
pub enum BootError {
    /// There is no bootloader that the chip would start.
    #[error("no bootloader at {offset:#x}")]
    Bootloader {
        /// Where it should be.
        offset: u32,
        /// What is there.
        source: Error,
    },
    /// The partition table is unreadable.
    #[error("no partition table at {TABLE_OFFSET:#x}")]
    Table(#[source] Error),
    /// otadata is too small.
    #[error("otadata partition of {size:#x} bytes (expected at least {:#x})", 2 * OTADATA_SECTOR)]
    Otadata {
        /// Its size.
        size: u32,
    },
    /// No app partition holds an image that may start.
    #[error("no bootable app partition")]
    NothingBootable,
    /// The flash failed.
    #[error("flash")]
    Flash(#[from] FlashError),
}

/// Chooses, checks and starts an app. `log` is given each line that the bootloader prints.
pub fn start<F: Flash>(
    flash: &mut F,
    silicon: Silicon,
    log: &mut dyn FnMut(&str),
) -> Result<Slots, BootError> {
    let began = Instant::now();
    let mut error = |text: &str| log(&format!("E ({}) {text}", began.elapsed().as_millis()));
    let bytes = flash.bytes(TABLE_OFFSET, u32::try_from(TABLE_SIZE).unwrap_or(u32::MAX))?;
    let table = Table::parse(&bytes).map_err(BootError::Table).inspect_err(|_| {
        error("boot: Failed to verify partition table");
    })?;
    let boot = decide(flash, &table, silicon.rollback)?;
    let candidates = boot.candidates().filter_map(|candidate| Some((candidate, find(&table, candidate)?)));
    for (candidate, partition) in candidates {
        let slot = flash.bytes(partition.offset, partition.size)?;
        match silicon.verify(&slot) {
            Ok(_) => {
                if let (Some(otadata), Some(write)) = (table.otadata(), boot.settle(candidate)) {
                    write_entry(flash, &otadata, write)?;
                }
                return Ok(Slots::new(silicon, &table, partition));
            }
            Err(refusal) => {
                error(&refusal.log_line(partition.offset));
                error(&not_bootable(candidate));
            }
        }
    }
    error("boot: No bootable app partitions in the partition table");
    Err(BootError::NothingBootable)
}

fn decide<F: Flash>(flash: &mut F, table: &Table<'_>, rollback: Rollback) -> Result<Boot, BootError> {
    let slots = otary_image::Slots {
        count: u8::try_from(table.ota_slots().count()).unwrap_or(u8::MAX),
        factory: table.find(Usage::Factory).is_some(),
    };
    let Some(partition) = table.otadata() else { return Ok(Boot::without_otadata(slots)) };
    let bytes = flash.bytes(partition.offset, partition.size)?;
    let otadata = Otadata::parse(&bytes).ok().filter(|_| partition.size >= 2 * OTADATA_SECTOR);
    let boot = otadata.ok_or(BootError::Otadata { size: partition.size })?.boot(slots, rollback);
    boot.writes().try_for_each(|write| write_entry(flash, &partition, write))?;
    Ok(boot)
}

/// Writes an entry of otadata: erase, then program. Between the two the sector is empty.
pub(crate) fn write_entry<F: Flash>(
    flash: &mut F,
    otadata: &Partition,
    write: Write,
) -> Result<(), FlashError> {
    flash.rewrite(otadata.offset.saturating_add(write.sector.offset()), &write.entry.to_bytes())
}

fn find(table: &Table<'_>, candidate: Candidate) -> Option<Partition> {
    table.find(match candidate {
        Candidate::Slot(slot) => Usage::Slot(slot),
        Candidate::Factory => Usage::Factory,
        Candidate::Test => Usage::Test,
    })
}

fn not_bootable(candidate: Candidate) -> String {
    match candidate {
        Candidate::Slot(slot) => format!("boot: OTA app partition slot {slot} is not bootable"),
        Candidate::Factory => "boot: Factory app partition is not bootable".to_owned(),
        Candidate::Test => "boot: Factory test app partition is not bootable".to_owned(),
    }
}
