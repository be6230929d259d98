//! The second-stage bootloader: which slot starts, after checking its whole image.
//!
//! The choice and what is written back are otary-image's [`Otadata::boot`]; here are the order of trying, the checks
//! (ESP-IDF, `esp_image_verify`: header, chip, revision, segments, checksum, digest), anti-rollback
//! (`check_anti_rollback`, `update_anti_rollback`) and the lines that the Arduino cores' bootloader prints, which is built
//! to print errors alone.

use std::time::Instant;

use otary_image::{
    App, Boot, Candidate, Chip, DESCRIPTOR_LEN, Descriptor, Error, Fault, Header, OTADATA_SECTOR, Otadata,
    Part, Partition, Revision, Rollback, TABLE_OFFSET, TABLE_SIZE, Table, Usage, Write,
};
use thiserror::Error as ThisError;

use crate::flash::{Flash, FlashError, SECTOR};
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
    /// The secure version in the fuses, where the bootloader was built with anti-rollback. It only ever grows.
    pub secure_version: Option<u32>,
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
    /// Its secure version is below the one in the fuses.
    #[error("image of secure version {found}, and the fuses want {expected} at least")]
    SecureVersion {
        /// The fuses'.
        expected: u32,
        /// The image's.
        found: u32,
    },
    /// The fuses want a secure version and the image has no descriptor that could say one.
    #[error("image without a descriptor, where the fuses want a secure version")]
    NoDescriptor,
}

impl Silicon {
    /// A chip whose bootloader knows no anti-rollback.
    pub const fn new(chip: Chip, revision: Revision, rollback: Rollback) -> Self {
        Self { chip, revision, rollback, secure_version: None }
    }

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

    /// Whether anti-rollback lets the image at the start of a slot's bytes start. Only its descriptor is read, before the
    /// image is checked.
    pub fn check_secure_version(&self, slot: &[u8]) -> Result<(), Refusal> {
        let Some(expected) = self.secure_version else { return Ok(()) };
        let found = descriptor(slot).ok_or(Refusal::NoDescriptor)?.secure_version();
        if found < expected { Err(Refusal::SecureVersion { expected, found }) } else { Ok(()) }
    }

    /// Raises the fuses to the image's secure version, if that is larger and they have so many bits
    /// (`esp_efuse_update_secure_version`).
    pub(crate) fn raise_secure_version(&mut self, slot: &[u8]) {
        let bits = if self.chip == Chip::Esp32 { 32 } else { 16 };
        if let (Some(held), Some(descriptor)) = (self.secure_version, descriptor(slot)) {
            let wanted = descriptor.secure_version();
            self.secure_version = Some(if wanted > bits { held } else { held.max(wanted) });
        }
    }
}

/// The descriptor where the bootloader looks for it: behind the header and the first segment's header.
fn descriptor(slot: &[u8]) -> Option<Descriptor<'_>> {
    Descriptor::new(slot.get(32..)?.first_chunk::<{ DESCRIPTOR_LEN as usize }>()?)
}

impl Refusal {
    /// The line that ESP-IDF logs; none where anti-rollback passes over an image that is too old.
    fn log_line(&self, slot_offset: u32) -> Option<String> {
        Some(match *self {
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
            Self::NoDescriptor => "boot: Failed to get partition description 261".to_owned(),
            Self::SecureVersion { .. } => return None,
        })
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

/// Chooses, checks and starts an app. `log` is given each line that the bootloader prints. With anti-rollback the fuses
/// of `silicon` may be raised.
pub fn start<F: Flash>(
    flash: &mut F,
    silicon: &mut Silicon,
    log: &mut dyn FnMut(&str),
) -> Result<Slots, BootError> {
    let began = Instant::now();
    let mut error = |text: &str| log(&format!("E ({}) {text}", began.elapsed().as_millis()));
    let bytes = flash.bytes(TABLE_OFFSET, u32::try_from(TABLE_SIZE).unwrap_or(u32::MAX))?;
    let table = Table::parse(&bytes).map_err(BootError::Table).inspect_err(|_| {
        error("boot: Failed to verify partition table");
    })?;
    let boot = decide(flash, &table, silicon)?;
    let candidates = boot.candidates().filter_map(|candidate| Some((candidate, find(&table, candidate)?)));
    for (candidate, partition) in candidates {
        let slot = flash.bytes(partition.offset, partition.size)?;
        match silicon.check_secure_version(&slot).and_then(|()| silicon.verify(&slot)) {
            Ok(_) => {
                if let (Some(otadata), Some(write)) = (table.otadata(), boot.settle(candidate)) {
                    write_entry(flash, &otadata, write)?;
                    silicon.raise_secure_version(&slot);
                }
                return Ok(Slots::new(*silicon, &table, partition));
            }
            Err(refusal) => {
                refusal.log_line(partition.offset).inspect(|line| error(line));
                error(&not_bootable(candidate));
            }
        }
    }
    error("boot: No bootable app partitions in the partition table");
    Err(BootError::NothingBootable)
}

fn decide<F: Flash>(flash: &mut F, table: &Table<'_>, silicon: &mut Silicon) -> Result<Boot, BootError> {
    let slots = otary_image::Slots {
        count: u8::try_from(table.ota_slots().count()).unwrap_or(u8::MAX),
        factory: table.find(Usage::Factory).is_some(),
    };
    let Some(partition) = table.otadata() else { return Ok(Boot::without_otadata(slots)) };
    let bytes = flash.bytes(partition.offset, partition.size)?;
    let otadata = Otadata::parse(&bytes).ok().filter(|_| partition.size >= 2 * OTADATA_SECTOR);
    let otadata = otadata.ok_or(BootError::Otadata { size: partition.size })?;
    let Some(_) = silicon.secure_version else {
        let boot = otadata.boot(slots, silicon.rollback);
        boot.writes().try_for_each(|write| write_entry(flash, &partition, write))?;
        return Ok(boot);
    };
    let head = |slot| find(table, Candidate::Slot(slot)).and_then(|slot| read_head(flash, &slot));
    let boot = otadata.boot_guarded(slots, silicon.rollback, |slot| {
        head(slot).is_some_and(|head| silicon.check_secure_version(&head).is_ok())
    });
    let confirmed = boot.confirmed().and_then(head);
    boot.writes().try_for_each(|write| write_entry(flash, &partition, write))?;
    confirmed.inspect(|head| silicon.raise_secure_version(head));
    Ok(boot)
}

/// The part of a slot that holds its image's descriptor.
fn read_head<F: Flash>(flash: &F, slot: &Partition) -> Option<Vec<u8>> {
    flash.bytes(slot.offset, slot.size.min(SECTOR)).ok()
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
