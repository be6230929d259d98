//! What the firmware tells the agent of its board.

#[cfg(not(feature = "stubbed"))]
use embedded_storage::nor_flash::ReadNorFlash as _;
use otary_agent::wire::Identity;
use otary_agent::{Config, Layout, Policy};
use otary_image::Chip;
#[cfg(not(feature = "stubbed"))]
use otary_image::{TABLE_OFFSET, TABLE_SIZE, Table};

use crate::board::Board;
use crate::driver::Unfit;
use crate::settings::Settings;

/// Reads the partition table and finds the app that runs in it.
pub(crate) fn describe<B: Board>(
    board: &mut B,
    settings: &'static Settings,
    chip: Chip,
    address: [u8; 6],
    running: Option<u32>,
) -> Result<Config<'static>, Unfit> {
    let layout = find(board)?;
    let slot = layout.slots.iter().position(|slot| Some(slot.offset) == running);
    Ok(Config {
        identity: Identity { product: settings.product, hardware: settings.hardware, chip, device: address },
        version: Some(settings.version),
        release: settings.release,
        root: settings.root,
        layout,
        running: slot.and_then(|slot| u8::try_from(slot).ok()).ok_or(Unfit::Slot)?,
        policy: Policy::default(),
    })
}

#[cfg(feature = "stubbed")]
fn find<B: Board>(_: &mut B) -> Result<Layout, Unfit> {
    Ok(crate::stub::layout())
}

/// In a function of its own: the table is off the stack again when the agent starts.
#[cfg(not(feature = "stubbed"))]
#[inline(never)]
fn find<B: Board>(board: &mut B) -> Result<Layout, Unfit> {
    let mut bytes = [0; TABLE_SIZE];
    board.flash().read(TABLE_OFFSET, &mut bytes).map_err(|_| Unfit::Table)?;
    let table = Table::parse(&bytes).map_err(|_| Unfit::Table)?;
    Layout::find(&table).map_err(Unfit::Layout)
}
