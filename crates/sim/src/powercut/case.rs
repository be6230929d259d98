//! A scenario made ready: the owner's objects, a bootloader, and a flash as it leaves the factory.

use otary_agent::Layout;
use otary_image::{
    Entry, Error, OTADATA_SECTOR, Partition, Revision, Rollback, State, TABLE_OFFSET, TABLE_SIZE, Table,
    Usage, emit_table,
};

use super::scenario::{FACTORY, Scenario};
use super::workshop::{CHIP, Workshop};
use crate::bootloader::Silicon;
use crate::factory::FactoryError;
use crate::faulty::{Faulty, LeftOut};
use crate::flash::{Flash as _, Nor, SECTOR};

/// Sectors of the agent's own partition: two each for its state, its journal and its trust sets.
pub const STORE_SECTORS: u32 = 6;
const OTADATA: u32 = 0xE000;
const SLOTS: u32 = 0x1_0000;
/// App partitions begin and end at multiples of this.
const SLOT_UNIT: u32 = 0x1_0000;

/// A scenario with an image size and a bootloader.
#[derive(Debug)]
pub struct Case {
    pub(super) scenario: Scenario,
    pub(super) workshop: Workshop,
    pub(super) layout: Layout,
    pub(super) silicon: Silicon,
    /// Bytes of a payload's body that arrive at once.
    pub(super) piece: usize,
    factory: Nor,
    left_out: Option<LeftOut>,
}

impl Case {
    /// Makes everything ready. Images have at most `size` bytes, and arrive in pieces of `piece`.
    pub fn new(
        scenario: Scenario,
        rollback: Rollback,
        size: u32,
        piece: usize,
    ) -> Result<Self, FactoryError> {
        let workshop = Workshop::new(&scenario, size as usize)?;
        let table = table(size.next_multiple_of(SLOT_UNIT))?;
        let layout = Layout::find(&Table::parse(&table)?).map_err(|_| FactoryError::NoApp)?;
        let mut factory = Nor::erased(layout.store.offset + layout.store.size)?;
        factory.rewrite(TABLE_OFFSET, &table)?;
        factory.rewrite(OTADATA, &Entry::new(1, State::Undefined).to_bytes())?;
        let image = workshop.release(FACTORY).map(|release| release.image.as_slice());
        factory.rewrite(SLOTS, image.unwrap_or_default())?;
        let silicon = Silicon::new(CHIP, Revision(4), rollback);
        Ok(Self { scenario, workshop, layout, silicon, piece, factory, left_out: None })
    }

    /// With a bootloader that was built with anti-rollback, and fuses that nothing was burnt into yet.
    #[must_use]
    pub fn guarded(mut self) -> Self {
        self.silicon.secure_version = Some(0);
        self
    }

    /// With an agent that does not write what `left_out` says.
    #[must_use]
    pub fn leaving_out(mut self, left_out: LeftOut) -> Self {
        self.left_out = Some(left_out);
        self
    }

    /// The flash as it leaves the factory: release 1 in the first slot, and nothing in the agent's store.
    pub(super) fn factory(&self) -> Faulty {
        let mut flash = Faulty::new(self.factory.snapshot());
        flash.leave_out(self.left_out);
        flash
    }

    /// What happens.
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Bytes of the last release's image.
    pub fn image_len(&self) -> u32 {
        let image = self.workshop.release(self.scenario.last).map(|release| release.image.len());
        u32::try_from(image.unwrap_or_default()).unwrap_or(u32::MAX)
    }

    /// Where things lie.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Which release a slot holds, byte for byte.
    pub(super) fn release_in(&self, flash: &Faulty, slot: &Partition) -> Option<u32> {
        let mut releases = self.workshop.releases.iter();
        releases.find(|release| holds(flash, slot.offset, &release.image)).map(|release| release.number)
    }
}

fn holds(flash: &Faulty, offset: u32, bytes: &[u8]) -> bool {
    let mut held = [0; SECTOR as usize];
    (offset..).step_by(held.len()).zip(bytes.chunks(held.len())).all(|(at, bytes)| {
        let held = held.get_mut(..bytes.len()).unwrap_or_default();
        flash.read(at, held).is_ok() && held == bytes
    })
}

fn table(slot: u32) -> Result<[u8; TABLE_SIZE], Error> {
    let store = Usage::from_numbers(1, 0x99);
    let partitions = [
        Partition::new(Usage::Otadata, "otadata", OTADATA, 2 * OTADATA_SECTOR),
        Partition::new(Usage::Slot(0), "ota_0", SLOTS, slot),
        Partition::new(Usage::Slot(1), "ota_1", SLOTS + slot, slot),
        Partition::new(store, otary_agent::STORE_NAME, SLOTS + 2 * slot, STORE_SECTORS * SECTOR),
    ];
    let mut table = [0; TABLE_SIZE];
    emit_table(&partitions, &mut table)?;
    Ok(table)
}
