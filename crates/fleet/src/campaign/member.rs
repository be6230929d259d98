//! Whom a campaign means, whatever its waves let in at the moment, and what of it is on trial.

use super::Campaign;
use crate::{Catalogue, CheckIn, Device, Facts, ReleaseId, Time};

impl Campaign {
    /// Whether a device of its product is a member: it follows the channel, is in the group if there is one, has a chip that there is an image for, and no
    /// operator's word about this one device (a hold, a pin) goes before. `catalogue` has the groups.
    pub fn means(&self, device: &Device, catalogue: &Catalogue, now: Time) -> bool {
        let is_left_to_it = device.hold.is_none() && device.pin.is_none();
        is_left_to_it
            && self.channel.is(device.channel.as_ref())
            && self.has_something_for(device, catalogue)
            && self.holds(device, catalogue, now)
    }

    /// Whether its release has an image for the device's chip, as far as that is known.
    fn has_something_for(&self, device: &Device, catalogue: &Catalogue) -> bool {
        let decided = device.standing.as_ref().and_then(|standing| standing.decision.chip);
        let chip = decided.or(device.chip);
        chip.is_none() || catalogue.brought_by(self, chip).is_some()
    }

    /// Whether an offer of `release` to this check-in is on trial in the campaign. A version that is passed through on the way
    /// is not, and neither is a file system that goes along with a program.
    pub(crate) fn tries(&self, check_in: &CheckIn, release: Option<&ReleaseId>) -> bool {
        release == Some(&self.release) && check_in.wanted().kinds.contains(&self.kind)
    }

    fn holds(&self, device: &Device, catalogue: &Catalogue, now: Time) -> bool {
        let Some(name) = &self.group else { return true };
        catalogue.group(name).is_some_and(|group| group.contains(&Facts { device, catalogue, now }))
    }
}
