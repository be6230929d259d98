//! A seat: the flash chip and the thread's hands that a board has for the time of one poll.

use std::sync::Arc;

use otary_fleet::Time;
use otary_image::{App, Rollback};
use thiserror::Error;

use super::member::{Build, Member};
use crate::board::Identity;
use crate::bootloader::{self, BootError, Silicon};
use crate::clock::{Clock, Ntp};
use crate::factory::{self, FactoryError, Firmware};
use crate::flash::{FOUR_MEGABYTES, Flash as _, FlashError, Nor};
use crate::http_update::{Call, Facts, Return};
use crate::pace::Stop;
use crate::sketch::{Poll, Sketch};
use crate::slots::Slots;

/// Why there is no crowd.
#[derive(Debug, Error)]
pub enum CrowdError {
    /// The firmware cannot be flashed.
    #[error("flashing by cable")]
    Factory(#[from] FactoryError),
    /// It does not start.
    #[error("the first start")]
    Boot(#[from] BootError),
    /// The flash failed.
    #[error("flash")]
    Flash(#[from] FlashError),
    /// There are no addresses for so many boards from the first one on.
    #[error("addresses for {boards} boards from {first} on")]
    Addresses {
        /// The first address.
        first: otary_fleet::Mac,
        /// How many boards.
        boards: u32,
    },
}

/// What came of a poll, and how many bytes of firmware were installed by it.
pub(super) struct Polled {
    pub(super) poll: Poll,
    pub(super) installed: u32,
}

/// The app in the first slot never changes: a board that was updated takes its build with it, and the next board finds
/// the second slot as any board finds its spare one, with an old image in it.
pub(super) struct Seat {
    flash: Nor,
    slots: Slots,
}

impl Seat {
    /// A chip, flashed by cable with this firmware and started once.
    pub(super) fn new(identity: Identity, firmware: &Firmware<'_>) -> Result<Self, CrowdError> {
        let mut flash = Nor::erased(FOUR_MEGABYTES)?;
        factory::write(&mut flash, identity.chip, firmware)?;
        let Identity { chip, revision, .. } = identity;
        let mut silicon = Silicon::new(chip, revision, Rollback::Enabled);
        let slots = bootloader::start(&mut flash, &mut silicon, &mut |_| ())?;
        Ok(Self { flash, slots })
    }

    /// One poll of a board.
    pub(super) fn poll(&mut self, member: &mut Member, sketch: &Sketch, stop: &Stop) -> Polled {
        let build = Arc::clone(&member.build);
        let Some(now) = now(sketch.ntp) else { return Polled { poll: Poll::NoTime, installed: 0 } };
        let call = Call {
            url: &sketch.url,
            version: build.version.as_deref(),
            core: sketch.core,
            link: &sketch.link,
            facts: self.facts(member.identity, &build),
            slots: &self.slots,
            now,
            stop,
        };
        let (poll, installed) = match member.client.update(&mut self.flash, &call) {
            Return::Ok { version, size } => {
                self.start(member, version.as_deref());
                (Poll::Updated { from: build.version.clone() }, size)
            }
            Return::NoUpdates => (Poll::NoUpdate { version: build.version.clone() }, 0),
            Return::Failed { cause } => (Poll::Failed { code: member.client.last_error(), cause }, 0),
        };
        Polled { poll, installed }
    }

    /// The board runs what was written to the spare slot.
    fn start(&self, member: &mut Member, version: Option<&str>) {
        let slot = self.slots.next().and_then(|slot| self.flash.bytes(slot.offset, slot.size).ok());
        if let Some(app) = slot.as_deref().and_then(|slot| App::parse(slot).ok()) {
            member.build = Arc::new(Build::of(&app, version));
        }
    }

    fn facts(&self, identity: Identity, build: &Build) -> Facts {
        Facts {
            mac: identity.mac,
            wifi: identity.has_wifi(),
            free_space: self.slots.next().map_or(0, |slot| slot.size),
            sketch_size: build.image_len,
            sketch_md5: build.md5,
            sketch_sha256: build.reported_digest,
            chip_size: self.flash.size(),
        }
    }
}

/// The time by the boards' time server, if it answers.
fn now(ntp: Ntp) -> Option<Time> {
    let mut clock = Clock::power_up();
    clock.sync(ntp).then(|| clock.now())
}
