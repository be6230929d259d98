//! Where the agent's things lie in flash.

use otary_image::{Partition, Table, Usage};

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
    /// Finds the partitions of a table: see [`Layout::among`].
    pub fn find(table: &Table<'_>) -> Result<Self, LayoutFault> {
        Self::among(table.iter())
    }

    /// Finds the partitions by use, and the store by its name; of two alike, the first counts. For a firmware whose platform
    /// has read and checked the table already.
    pub fn among(partitions: impl IntoIterator<Item = Partition>) -> Result<Self, LayoutFault> {
        let [mut first, mut second, mut otadata, mut store] = [None; 4];
        let mut numbers = 0_u16;
        for partition in partitions {
            match partition.usage {
                Usage::Slot(0) => first = first.or(Some(partition)),
                Usage::Slot(1) => second = second.or(Some(partition)),
                Usage::Otadata => otadata = otadata.or(Some(partition)),
                _ if partition.name() == STORE_NAME => store = store.or(Some(partition)),
                _ => {}
            }
            if let Usage::Slot(number) = partition.usage {
                numbers |= 1_u16.checked_shl(number.into()).unwrap_or_default();
            }
        }
        let (Some(first), Some(second), 0b11) = (first, second, numbers) else {
            return Err(LayoutFault::Slots { found: numbers.count_ones() });
        };
        let holds = |found: &Partition, sectors: u32| found.size >= SECTOR.saturating_mul(sectors);
        let otadata = otadata.filter(|found| holds(found, 2)).ok_or(LayoutFault::Otadata)?;
        let store =
            store.filter(|found| is_data(found) && holds(found, SECTORS)).ok_or(LayoutFault::Store)?;
        Ok(Self {
            slots: [region(&first)?, region(&second)?],
            otadata: region(&otadata)?,
            store: region(&store)?,
        })
    }

    /// The slot of this number, 0 or 1.
    pub(crate) const fn slot(&self, slot: u8) -> Region {
        let [first, second] = self.slots;
        if slot == 0 { first } else { second }
    }
}

fn is_data(partition: &Partition) -> bool {
    let (kind, _) = partition.usage.numbers();
    kind == 1
}

fn region(partition: &Partition) -> Result<Region, LayoutFault> {
    let Partition { offset, size, .. } = *partition;
    let aligned = offset.checked_rem(SECTOR) == Some(0) && size.checked_rem(SECTOR) == Some(0);
    if !aligned || offset.checked_add(size).is_none() {
        return Err(LayoutFault::Unaligned { offset });
    }
    Ok(Region { offset, size })
}
