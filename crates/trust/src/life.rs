//! How long certificates live, and when a leaf is made anew: dates alone, so that decades of them can be tried in
//! seconds by the rules that the real ones are made by.

use std::time::Duration;

use otary_fleet::{Anchor, Time};

use crate::certificate::Certificate;
use crate::clock::TrustedTime;

/// How far back a certificate's life begins: a device whose clock is in the wrong zone, or was restored from the
/// last time that it remembers, still finds it valid.
const BACKDATED: Duration = Duration::from_hours(7 * 24);
/// 25 years: the first root of an installation is in charge at once.
const ROOT_LIFE: Duration = Duration::from_hours(9_131 * 24);
/// 35 years, from its making: the next root waits, for as long as the current one lives if nothing is wrong with it,
/// and ten years are left then for its own era to begin and for the one after it to be spread.
const NEXT_ROOT_LIFE: Duration = Duration::from_hours(12_784 * 24);
/// 10 years: so much longer at least than the root before it.
const OUTLIVES: Duration = Duration::from_hours(3_653 * 24);
/// One year. With [`BACKDATED`] it stays below the 398 days that browsers allow.
const LEAF_LIFE: Duration = Duration::from_hours(365 * 24);
/// 10 years: as long as a device may lie in a drawer and still be asked who it is.
const CLIENT_LIFE: Duration = Duration::from_hours(3_653 * 24);
/// From the first moment of a certificate to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// The first moment.
    pub not_before: Time,
    /// The last.
    pub not_after: Time,
}

impl Life {
    /// That of a root made at `now`, to be in charge at once.
    pub fn of_root(now: TrustedTime) -> Self {
        Self::of(ROOT_LIFE, now)
    }

    /// That of a next root made at `now`, to follow a root with the life `before`. It always outlives that one: else the
    /// rollover to it would be overdue for the next one as it ends.
    pub fn of_next_root(before: Self, now: TrustedTime) -> Self {
        let life = Self::of(NEXT_ROOT_LIFE, now);
        Self { not_after: life.not_after.max(before.not_after + OUTLIVES), ..life }
    }

    /// That of a leaf made at `now`, which never outlives its root. None: the root has ended.
    pub fn of_leaf(root: Self, now: TrustedTime) -> Option<Self> {
        Self::of(LEAF_LIFE, now).within(root, now)
    }

    /// That of a device's own certificate made at `now`, which never outlives its root. None: the root has ended.
    pub fn of_client(root: Self, now: TrustedTime) -> Option<Self> {
        Self::of(CLIENT_LIFE, now).within(root, now)
    }

    /// That of a certificate made at `now` to live so long.
    pub fn of(length: Duration, now: TrustedTime) -> Self {
        Self { not_before: now.time() - BACKDATED, not_after: now.time() + length }
    }

    fn within(self, root: Self, now: TrustedTime) -> Option<Self> {
        let not_after = self.not_after.min(root.not_after);
        (now.time() < root.not_after).then_some(Self { not_after, ..self })
    }

    /// That of a root which another one cross-signs at `now`: it ends with the first of the two.
    pub fn of_bridge(old: Self, new: Self, now: TrustedTime) -> Self {
        Self { not_before: now.time() - BACKDATED, not_after: old.not_after.min(new.not_after) }
    }

    /// Whether `moment` lies in it.
    pub fn covers(self, moment: Time) -> bool {
        (self.not_before..=self.not_after).contains(&moment)
    }

    /// When a certificate of ours with this life was made.
    pub fn made(self) -> Time {
        self.not_before + BACKDATED
    }

    /// When a third of the life that a certificate was made for is left.
    pub fn renewal_time(self) -> Time {
        self.not_after - self.not_after.since(self.made()) / 3
    }

    /// Whether a leaf with this life is to be made anew at `now`. One that ends with its root gains nothing by another
    /// one from the same root.
    pub fn is_ageing(self, root: Self, now: Time) -> bool {
        self.not_after < root.not_after && now >= self.renewal_time()
    }
}

impl From<&Certificate> for Life {
    fn from(certificate: &Certificate) -> Self {
        Self { not_before: certificate.not_before(), not_after: certificate.not_after() }
    }
}

impl From<&Anchor> for Life {
    fn from(anchor: &Anchor) -> Self {
        Self { not_before: anchor.not_before, not_after: anchor.not_after }
    }
}
