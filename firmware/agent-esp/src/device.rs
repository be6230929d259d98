//! What the firmware tells the agent of its board.

use otary_agent::wire::Identity;
use otary_agent::{Config, Layout, Policy};
use otary_image::{Chip, Partition};

use crate::driver::Unfit;
use crate::settings::Settings;

/// A board as the agent is to know it.
#[derive(Debug, Clone, Copy)]
pub struct Device {
    /// The chip, by which images name it.
    chip: Chip,
    /// The address that names the device.
    address: [u8; 6],
    /// Where things lie in flash.
    layout: Layout,
    /// The slot that the app runs from.
    running: u8,
}

impl Device {
    /// A device with these partitions; `running` is where in flash the app lies that runs.
    pub fn new(
        chip: Chip,
        address: [u8; 6],
        partitions: impl IntoIterator<Item = Partition>,
        running: Option<u32>,
    ) -> Result<Self, Unfit> {
        let layout = find(partitions)?;
        let slot = layout.slots.iter().position(|slot| Some(slot.offset) == running);
        let running = slot.and_then(|slot| u8::try_from(slot).ok()).ok_or(Unfit::Slot)?;
        Ok(Self { chip, address, layout, running })
    }

    pub(crate) fn config(self, settings: &'static Settings) -> Config<'static> {
        let Self { chip, address, layout, running } = self;
        Config {
            identity: Identity {
                product: settings.product,
                hardware: settings.hardware,
                chip,
                device: address,
            },
            version: Some(settings.version),
            release: settings.release,
            root: settings.root,
            layout,
            running,
            policy: Policy::default(),
        }
    }
}

#[cfg(not(feature = "stubbed"))]
fn find(partitions: impl IntoIterator<Item = Partition>) -> Result<Layout, Unfit> {
    Layout::among(partitions).map_err(Unfit::Layout)
}

#[cfg(feature = "stubbed")]
#[expect(clippy::unnecessary_wraps, reason = "the signature is that of the one above")]
fn find(_: impl IntoIterator<Item = Partition>) -> Result<Layout, Unfit> {
    Ok(crate::stub::layout())
}
