//! The second-stage bootloader's choice: what it writes back, and which partitions it tries in which order.

use core::iter;

use super::{Entry, Otadata, Sector, State, Write};

/// Whether bootloader and app were built with rollback (`CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE`). The Arduino cores
/// 2.x and 3.x are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rollback {
    /// A new image has to confirm itself, else the next start rolls back.
    Enabled,
    /// States are not written; invalid and aborted entries are still passed over.
    Disabled,
}

/// Which app partitions a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// Number of app slots.
    pub count: u8,
    /// Whether there is a factory app.
    pub factory: bool,
}

/// An app partition that the bootloader can start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidate {
    /// The slot of this number.
    Slot(u8),
    /// The factory app.
    Factory,
    /// The test app, tried last of all.
    Test,
}

/// What the bootloader decides at a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boot {
    first: Candidate,
    slots: Slots,
    writes: [Option<Write>; 3],
    unset: bool,
    confirmed: Option<u8>,
}

impl Boot {
    /// What the bootloader does with a table that has no otadata partition: the factory app, else the first slot that
    /// holds a whole image.
    pub const fn without_otadata(slots: Slots) -> Self {
        Self { first: Candidate::Factory, slots, writes: [None; 3], unset: false, confirmed: None }
    }

    /// What the bootloader writes before it starts anything, in order: unconfirmed entries become aborted, then a new
    /// one becomes pending.
    pub fn writes(&self) -> impl Iterator<Item = Write> + use<> {
        self.writes.into_iter().flatten()
    }

    /// The partitions that it tries until an image proves whole: the chosen one, downwards to the factory app, then
    /// upwards, the test app last. A partition that the table does not have is passed over.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate> + use<> {
        let Slots { count, factory } = self.slots;
        let (down, up) = match self.first {
            Candidate::Slot(slot) => (0..slot.saturating_add(1), slot.saturating_add(1)..count),
            Candidate::Factory | Candidate::Test => (0..0, 0..count),
        };
        down.rev()
            .map(Candidate::Slot)
            .chain(factory.then_some(Candidate::Factory))
            .chain(up.map(Candidate::Slot))
            .chain(iter::once(Candidate::Test))
    }

    /// The chosen slot if its entry says that the image was confirmed. With anti-rollback the bootloader raises the fuses
    /// to this image's secure version before it looks at the rest of the image.
    pub const fn confirmed(&self) -> Option<u8> {
        self.confirmed
    }

    /// What the bootloader writes once `started` has proved whole: without a factory app and with no entry ever
    /// written, the slot becomes the chosen one, as valid.
    pub fn settle(&self, started: Candidate) -> Option<Write> {
        match started {
            Candidate::Slot(slot) if self.unset => {
                let entry = Entry::new(u32::from(slot).saturating_add(1), State::Valid);
                Some(Write { sector: Sector::First, entry })
            }
            _ => None,
        }
    }
}

impl Otadata {
    /// What the second-stage bootloader does at a start.
    pub fn boot(self, slots: Slots, rollback: Rollback) -> Boot {
        let (after, writes) = self.give_up(rollback);
        if after.first.is_ruled_out() && after.second.is_ruled_out() || slots.count == 0 {
            let first = if slots.factory { Candidate::Factory } else { Candidate::Slot(0) };
            return Boot {
                first,
                writes,
                unset: !slots.factory && after.is_unset(),
                ..Boot::without_otadata(slots)
            };
        }
        after.follow(after.active(), writes, slots, rollback)
    }

    /// What a bootloader with anti-rollback does (`CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK`): an entry counts only if
    /// `may_start` says that the secure version of the image in its slot is not below the fuses'. Such a table has no
    /// factory app, and entries that are all rolled back are tried like torn ones.
    pub fn boot_guarded(self, slots: Slots, rollback: Rollback, may_start: impl Fn(u8) -> bool) -> Boot {
        let (after, writes) = self.give_up(rollback);
        if after.is_unset() {
            return Boot { writes, unset: true, ..Boot::without_otadata(slots) };
        }
        let counts = |entry: Entry| entry.is_bootable() && entry.slot(slots.count).is_some_and(&may_start);
        after.follow(after.larger_of(counts(after.first), counts(after.second)), writes, slots, rollback)
    }

    /// With rollback, an unconfirmed entry is given up, by its state alone, whatever its CRC.
    fn give_up(self, rollback: Rollback) -> (Self, [Option<Write>; 3]) {
        let mut after = self;
        let mut writes = [None; 3];
        if rollback == Rollback::Enabled {
            for (write, sector) in writes.iter_mut().zip([Sector::First, Sector::Second]) {
                *write = after.restate(sector, State::PendingVerify, State::Aborted);
                after = write.map_or(after, |write| after.with(write));
            }
        }
        (after, writes)
    }

    /// Starts what the active entry names; a new one becomes pending.
    fn follow(
        self,
        active: Option<Sector>,
        mut writes: [Option<Write>; 3],
        slots: Slots,
        rollback: Rollback,
    ) -> Boot {
        if let ([.., last], Some(sector), Rollback::Enabled) = (&mut writes, active, rollback) {
            *last = self.restate(sector, State::New, State::PendingVerify);
        }
        let slot = active.and_then(|sector| self.entry(sector).slot(slots.count));
        let is_confirmed = active.is_some_and(|sector| self.entry(sector).state == State::Valid);
        // No entry is whole: the factory app, and without one every slot from the first on.
        Boot {
            first: slot.map_or(Candidate::Factory, Candidate::Slot),
            writes,
            confirmed: slot.filter(|_| is_confirmed),
            ..Boot::without_otadata(slots)
        }
    }
}
