//! Merged ("factory") images: the content of a flash chip from its start, taken apart by the partition table inside.
//!
//! The trap that this module exists for: on chips whose bootloader lies at 0 (S3, C3 and others) a merged file begins with a
//! whole, valid image, the bootloader, and passes every check of an app. Written into a slot it makes a device that does
//! not start. So a file is merged if it has a partition table where one belongs and only a bootloader, or erased
//! flash, before it. Files that begin at the bootloader's offset rather than at 0 are understood too.

use crate::bytes::{self, erased, from, len32};
use crate::header::IMAGE_MAGIC;
use crate::otadata::{Boot, Candidate, Otadata, Rollback, Slots};
use crate::partition::{Partition, TABLE_OFFSET, Table, Usage};
use crate::{App, Error, Fault, Header, Part};

/// Where bootloaders lie, over all chips.
const BOOTLOADERS: [u32; 3] = [0, 0x1000, 0x2000];
const SECTOR: u32 = 0x1000;
/// No project moves its table behind this: the first app begins there at the latest.
const TABLES_END: u32 = 0x2_0000;

/// A merged image. Offsets are flash offsets unless they are said to be of the file.
#[derive(Clone, Copy)]
pub struct Merged<'a> {
    file: &'a [u8],
    base: u32,
    bootloader_at: Option<u32>,
    table_at: u32,
    table: Table<'a>,
}

impl<'a> Merged<'a> {
    /// The merged image in `file`, or nothing if it is a file of another kind.
    pub fn recognise(file: &'a [u8]) -> Option<Self> {
        let (base, bootloader_at) = layout(file)?;
        let moved = (TABLE_OFFSET..TABLES_END).step_by(SECTOR as usize).filter(|_| bootloader_at.is_some());
        let (table_at, table) = core::iter::once(TABLE_OFFSET)
            .chain(moved)
            .find_map(|at| Some((at, Table::parse(from(file, at.checked_sub(base)?)).ok()?)))?;
        let bootloader_end = bootloader_at.map_or(Some(0), |at| {
            let image = App::parse(from(file, at.saturating_sub(base)));
            // A damaged bootloader does not make the table behind it another file's.
            image.map_or(Some(at), |image| at.checked_add(image.image_len()))
        })?;
        if bootloader_end > table_at {
            return None;
        }
        Some(Self { file, base, bootloader_at, table_at, table })
    }

    /// The merged image in `file`.
    pub fn parse(file: &'a [u8]) -> Result<Self, Error> {
        let found = bytes::u16_at(from(file, TABLE_OFFSET), 0).map_or(0, u32::from);
        let fault = Fault::Magic { expected: 0x50AA, found };
        Self::recognise(file).ok_or(Error::new(Part::PartitionTable, TABLE_OFFSET, fault))
    }

    /// The flash offset of the file's first byte.
    pub const fn base(&self) -> u32 {
        self.base
    }

    /// The flash offset of the partition table.
    pub const fn table_offset(&self) -> u32 {
        self.table_at
    }

    /// The partition table.
    pub const fn table(&self) -> Table<'a> {
        self.table
    }

    /// The whole slice that was parsed.
    pub const fn file(&self) -> &'a [u8] {
        self.file
    }

    /// The flash offset of the bootloader, if there is one before the table.
    pub const fn bootloader_offset(&self) -> Option<u32> {
        self.bootloader_at
    }

    /// The bootloader.
    pub fn bootloader(&self) -> Result<App<'a>, Error> {
        let missing =
            Error::new(Part::Bootloader, 0, Fault::Missing("a bootloader before the partition table"));
        let at = self.bootloader_at.ok_or(missing)?;
        self.image(at, self.table_at.saturating_sub(at))
    }

    /// The bytes that the file has of a partition: fewer than its size where the file ends, none where it ends before.
    pub fn content(&self, partition: &Partition) -> &'a [u8] {
        self.slice(partition.offset, partition.size)
    }

    /// otadata, if the file reaches over its partition and it is not erased.
    pub fn otadata(&self) -> Option<Otadata> {
        let content = self.content(&self.table.otadata()?);
        Otadata::parse(content).ok().filter(|otadata| *otadata != Otadata::ERASED)
    }

    /// The app partition that a device with this flash starts, of those that the file fills.
    pub fn app_partition(&self) -> Result<Partition, Error> {
        let slots = Slots {
            count: u8::try_from(self.table.ota_slots().count()).unwrap_or(u8::MAX),
            factory: self.table.find(Usage::Factory).is_some(),
        };
        let boot = self.otadata().map(|otadata| otadata.boot(slots, Rollback::Disabled));
        boot.unwrap_or(Boot::without_otadata(slots))
            .candidates()
            .filter_map(|candidate| self.table.find(usage(candidate)))
            .find(|partition| !erased(self.content(partition)))
            .ok_or(Error::new(Part::File, 0, Fault::Missing("an app in one of its app partitions")))
    }

    /// The app in [`app_partition`](Self::app_partition): what to offer as an update.
    pub fn app(&self) -> Result<App<'a>, Error> {
        let partition = self.app_partition()?;
        self.image(partition.offset, partition.size)
    }

    fn image(&self, at: u32, len: u32) -> Result<App<'a>, Error> {
        App::parse(self.slice(at, len)).map_err(|error| error.within(at.saturating_sub(self.base)))
    }

    fn slice(&self, at: u32, len: u32) -> &'a [u8] {
        let rest = at.checked_sub(self.base).map_or(&[][..], |at| from(self.file, at));
        bytes::part(rest, 0, len).unwrap_or(rest)
    }
}

impl core::fmt::Debug for Merged<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Merged")
            .field("len", &len32(self.file))
            .field("base", &self.base)
            .field("bootloader_at", &self.bootloader_at)
            .field("table_at", &self.table_at)
            .finish_non_exhaustive()
    }
}

/// The flash offset at which the file begins, and that of its bootloader.
fn layout(file: &[u8]) -> Option<(u32, Option<u32>)> {
    if file.first() == Some(&IMAGE_MAGIC) {
        let at = Header::parse(file).ok()?.chip.bootloader_offset();
        // The same file could be a dump from 0 on only if its chip's bootloader lay there.
        return Some((at, Some(at)));
    }
    let bootloader = BOOTLOADERS.into_iter().find(|&at| {
        let header = Header::parse(from(file, at));
        header.is_ok_and(|header| header.chip.bootloader_offset() == at)
    });
    let blank = bytes::part(file, 0, TABLE_OFFSET).is_some_and(erased);
    (bootloader.is_some() || blank).then_some((0, bootloader))
}

const fn usage(candidate: Candidate) -> Usage {
    match candidate {
        Candidate::Slot(slot) => Usage::Slot(slot),
        Candidate::Factory => Usage::Factory,
        Candidate::Test => Usage::Test,
    }
}
