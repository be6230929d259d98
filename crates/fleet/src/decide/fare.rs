//! How a release would fare with a device, were it the one that is meant for it: the questions of [`decide`](super::decide)
//! that are about the image and the device, and none of those about whose turn it is.

use super::{Asked, View, asked};
use crate::{CheckIn, Chip, Decision, ProductName, Reason, Release, Time};

/// What came of it.
#[derive(Debug, Clone)]
pub(crate) struct Fare {
    /// The product that the device is taken for.
    pub product: Option<ProductName>,
    /// The chip that it is taken for.
    pub chip: Option<Chip>,
    /// Why it would not take the release, if it would not.
    pub outcome: Result<(), Reason>,
}

/// Tries a release on whoever says this, whatever campaigns, channels and the operator's word on the device say.
pub(crate) fn fare(check_in: &CheckIn, view: View<'_>, release: &Release, now: Time) -> Fare {
    let mut found = Decision::of(Reason::NotRecorded);
    let outcome = asked(check_in, view, now, &mut found).and_then(|asked| asked.fares(release, &mut found));
    Fare { product: found.product, chip: found.chip, outcome }
}

impl<'a> Asked<'a> {
    fn fares(&self, release: &'a Release, found: &mut Decision) -> Result<(), Reason> {
        let target = self.view.catalogue.target_of(release, self.chip, self.check_in.wanted());
        let target = target
            .ok_or_else(|| Reason::NoRelease { product: self.product.name.clone(), chip: self.chip })?;
        let why = self.replaces(target, false)?;
        match self.through(target, found, why) {
            // Its other file goes first, and then it is its turn.
            Ok(_) | Err(Reason::FilesFirst { .. } | Reason::AppFirst { .. }) => {}
            Err(reason) => return Err(reason),
        }
        self.send(target, found)
    }
}
