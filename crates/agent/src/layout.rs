//! Where the agent's things lie in flash.

use otary_image::{OTADATA_SECTOR, Partition, Table, Usage};

use crate::flash::SECTOR;
use crate::store::SECTORS;

/// The name of the data partition that the agent keeps its records in.
pub const STORE_NAME: &str = "otary";

/// A part of the flash chip, in bytes from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Where it begins.
    pub offset: u32,
    /// Its bytes.
    pub size: u32,
}

/// What the agent reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The app slots `ota_0` and `ota_1`.
    pub slots: [Region; 2],
    /// Which slot starts next, two sectors.
    pub otadata: Region,
    /// The agent's own records: six sectors of a data partition called `otary`.
    pub store: Region,
}

/// What a partition table lacks for updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayoutFault {
    /// There have to be two app slots, `ota_0` and `ota_1`.
    Slots {
        /// How many there are.
        found: u32,
    },
    /// There is no otadata partition of two sectors.
    Otadata,
    /// There is no data partition called `otary` of at least six sectors.
    Store,
    /// A partition does not begin at a sector, or has a part of one.
    Unaligned {
        /// Where it begins.
        offset: u32,
    },
}

impl core::error::Error for LayoutFault {}

impl core::fmt::Display for LayoutFault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Slots { found } => write!(f, "expected the app slots ota_0 and ota_1, found {found} slots"),
            Self::Otadata => f.write_str("expected an otadata partition of 0x2000 bytes, found none"),
            Self::Store => {
                f.write_str("expected a data partition otary of at least 0x6000 bytes, found none")
            }
            Self::Unaligned { offset } => {
                write!(f, "partition at {offset:#x}: expected whole sectors of 0x1000 bytes")
            }
        }
    }
}

impl Layout {
    /// Finds the partitions by use, and the store by its name.
    pub fn find(table: &Table<'_>) -> Result<Self, LayoutFault> {
        let mut slots = table.ota_slots();
        let (Some(first), Some(second), None) = (slots.next(), slots.next(), slots.next()) else {
            let found = u32::try_from(table.ota_slots().count()).unwrap_or(u32::MAX);
            return Err(LayoutFault::Slots { found });
        };
        if (first.usage, second.usage) != (Usage::Slot(0), Usage::Slot(1)) {
            return Err(LayoutFault::Slots { found: 2 });
        }
        let otadata = table.otadata().filter(|found| found.size >= OTADATA_SECTOR.saturating_mul(2));
        let store = table.find_name(STORE_NAME).filter(|found| {
            let (kind, _) = found.usage.numbers();
            kind == 1 && found.size >= SECTOR.saturating_mul(SECTORS)
        });
        Ok(Self {
            slots: [region(&first)?, region(&second)?],
            otadata: region(&otadata.ok_or(LayoutFault::Otadata)?)?,
            store: region(&store.ok_or(LayoutFault::Store)?)?,
        })
    }

    /// The slot of this number, 0 or 1.
    pub(crate) const fn slot(&self, slot: u8) -> Region {
        let [first, second] = self.slots;
        if slot == 0 { first } else { second }
    }
}

fn region(partition: &Partition) -> Result<Region, LayoutFault> {
    let Partition { offset, size, .. } = *partition;
    let aligned = offset.checked_rem(SECTOR) == Some(0) && size.checked_rem(SECTOR) == Some(0);
    if !aligned || offset.checked_add(size).is_none() {
        return Err(LayoutFault::Unaligned { offset });
    }
    Ok(Region { offset, size })
}
