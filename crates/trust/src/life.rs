//! How long certificates live, and when a leaf is made anew: dates alone, so that decades of them can be tried in
//! seconds by the rules that the real ones are made by.

use otary_fleet::{Anchor, Time};

use crate::certificate::Certificate;
use crate::clock::TrustedTime;
use crate::profile::{BACKDATED, LEAF_LIFE, NEXT_ROOT_LIFE, ROOT_LIFE};

/// From the first moment of a certificate to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// The first moment.
    pub not_before: Time,
    /// The last.
    pub not_after: Time,
}

impl Life {
    /// That of a root made at `now`.
    pub fn of_root(now: TrustedTime) -> Self {
        let now = now.time();
        Self { not_before: now - BACKDATED, not_after: now + ROOT_LIFE }
    }

    /// That of a next root made at `now`, which may wait for as long as the root before it lives.
    pub fn of_next_root(now: TrustedTime) -> Self {
        Self { not_after: now.time() + NEXT_ROOT_LIFE, ..Self::of_root(now) }
    }

    /// That of a leaf made at `now`, which never outlives its root. None: the root has ended.
    pub fn of_leaf(root: Self, now: TrustedTime) -> Option<Self> {
        let now = now.time();
        let not_after = root.not_after.min(now + LEAF_LIFE);
        (now < root.not_after).then(|| Self { not_before: now - BACKDATED, not_after })
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
