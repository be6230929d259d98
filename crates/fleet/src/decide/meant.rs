//! What is meant for a device: as the operator said of this one, else by the campaigns of its product, else what is
//! published on its channel.

use super::Asked;
use crate::{
    Campaign, Catalogue, Channel, Decision, Facts, Kind, Membership, Network, Order, Reason, ReleaseId,
    State, Target,
};

/// What a device of an open wave may be given, or why it may not be yet.
type Kept<'a> = (Reason, &'a Campaign);

impl<'a> Asked<'a> {
    /// The reason of the answer, noting on the way what is meant.
    pub(super) fn meant(&self, found: &mut Decision) -> Result<Reason, Reason> {
        let device = self.view.device;
        if let Some(held) = device.and_then(|device| device.hold.as_ref()) {
            return Err(Reason::Held { since: held.at, now: self.now });
        }
        if let Some(target) = self.forced()? {
            self.send(target, found)?;
            return Ok(Reason::Forced { offered: target.release.id.version.clone() });
        }
        if let Some(target) = self.pinned()? {
            return self.keep_pinned(target, found);
        }
        self.by_campaigns(found)
    }

    /// The release that the operator wants it to get once, until somebody in its network has taken it whole.
    fn forced(&self) -> Result<Option<Target<'a>>, Reason> {
        let Some((device, forced)) = self.view.device.and_then(|d| Some((d, d.forced.as_ref()?))) else {
            return Ok(None);
        };
        let Some(target) = self.wanted(&forced.release)? else { return Ok(None) };
        let network = Network::of(self.check_in.source);
        let taken = device.attempts.iter().any(|attempt| {
            attempt.artifact == target.artifact.id && attempt.network == network && attempt.whole > 0
        });
        Ok(Some(target).filter(|_| !taken))
    }

    fn pinned(&self) -> Result<Option<Target<'a>>, Reason> {
        match self.view.device.and_then(|device| device.pin.as_ref()) {
            Some(pin) => self.wanted(pin),
            None => Ok(None),
        }
    }

    /// A release that the operator wants this device to have. Of another product than it is, or of another kind than it
    /// asks for, it says nothing.
    fn wanted(&self, id: &ReleaseId) -> Result<Option<Target<'a>>, Reason> {
        if id.product != self.product.name || self.kind() == Kind::Filesystem {
            return Ok(None);
        }
        let release = self.view.catalogue.release(id).filter(|release| release.withdrawn.is_none());
        let target = release
            .and_then(|release| self.view.catalogue.target_of(release, self.chip, self.check_in.wanted()));
        target.map(Some).ok_or_else(|| Reason::ReleaseGone { release: id.clone(), campaign: None })
    }

    fn keep_pinned(&self, target: Target<'a>, found: &mut Decision) -> Result<Reason, Reason> {
        let pinned = target.release.id.version.clone();
        note(target, found);
        match self.replaces(target, true) {
            Ok(_) => self.through(target, found, Reason::Pinned { runs: self.runs(), pinned }),
            Err(Reason::UpToDate { .. } | Reason::NotOlder { .. }) => Err(Reason::OnPin { pinned }),
            Err(other) => Err(other),
        }
    }

    /// The newest campaign that lets it in decides; of those that do not, the newest is the reason, unless the channel
    /// has something for it meanwhile.
    fn by_campaigns(&self, found: &mut Decision) -> Result<Reason, Reason> {
        let channel = self.view.device.and_then(|device| device.channel.as_ref());
        let catalogue = self.view.catalogue;
        let published = catalogue.target(&self.product.name, channel, self.chip, self.check_in.wanted());
        let mut kept: Option<Kept<'_>> = None;
        for campaign in catalogue.campaigns(&self.product.name) {
            if !self.is_member(campaign, channel) {
                continue;
            }
            match self.under(campaign, published, found) {
                Ok(Some(answer)) if kept.is_none() || answer.verdict() == crate::Verdict::Offer => {
                    return Ok(answer);
                }
                // It runs what an older campaign brought: what the newest one says stands.
                Ok(Some(_)) => break,
                Ok(None) => {}
                Err(reason) => kept = kept.or(Some((reason, campaign))),
            }
        }
        self.by_channel(published, kept, found)
    }

    fn by_channel(
        &self,
        published: Option<Target<'a>>,
        kept: Option<Kept<'_>>,
        found: &mut Decision,
    ) -> Result<Reason, Reason> {
        found.campaign = None;
        let Some((reason, campaign)) = kept else {
            let target = published
                .ok_or_else(|| Reason::NoRelease { product: self.product.name.clone(), chip: self.chip })?;
            note(target, found);
            let why = self.replaces(target, false)?;
            return self.through(target, found, why);
        };
        if let Some((target, why)) =
            published.and_then(|target| Some((target, self.replaces(target, false).ok()?)))
        {
            note(target, found);
            return self.through(target, found, why);
        }
        found.campaign = Some(campaign.id);
        found.release = Some(campaign.release.clone());
        found.artifact = self.brought_by(campaign).map(|target| target.artifact.id);
        Err(reason)
    }

    /// What a campaign says to one of its members: the final answer; `None` if it says nothing; `Err` is why it does not
    /// let the device in, though it means to replace what runs.
    fn under(
        &self,
        campaign: &'a Campaign,
        published: Option<Target<'a>>,
        found: &mut Decision,
    ) -> Result<Option<Reason>, Reason> {
        let target = self.brought_by(campaign);
        let Some(target) = target.filter(|target| target.release.withdrawn.is_none()) else {
            return self.gone(campaign);
        };
        if published.is_some_and(|published| is_superseded(campaign, target, published)) {
            return Ok(None);
        }
        let answer = match self.replaces(target, campaign.rules.allow_downgrade) {
            Ok(_) => {
                self.admits(campaign)?;
                found.campaign = Some(campaign.id);
                self.begin(campaign, target, found)?
            }
            Err(settled) => {
                found.campaign = Some(campaign.id);
                note(target, found);
                settled
            }
        };
        Ok(Some(answer))
    }

    /// A campaign under way without its release holds whom it would let in. One that has nothing for the chip, or is
    /// over, says nothing.
    fn gone(&self, campaign: &Campaign) -> Result<Option<Reason>, Reason> {
        let release = self.view.catalogue.release(&campaign.release);
        let is_gone = release.is_none_or(|release| release.withdrawn.is_some());
        if !is_gone || !campaign.is_under_way() {
            return Ok(None);
        }
        self.admits(campaign)?;
        Err(Reason::ReleaseGone { release: campaign.release.clone(), campaign: Some(campaign.id) })
    }

    /// Whether a campaign speaks of this device at all. One that a person ended, or that has finished with the whole
    /// channel to which its release was published, speaks of none.
    fn is_member(&self, campaign: &Campaign, channel: Option<&Channel>) -> bool {
        let is_over = match campaign.state {
            State::Aborted { .. } => true,
            State::Finished { .. } => campaign.group.is_none() && campaign.rolls_back.is_none(),
            _ => false,
        };
        let is_its_kind = self.check_in.wanted().kinds.contains(&campaign.kind);
        !is_over && is_its_kind && campaign.channel.is(channel) && self.is_in_group(campaign)
    }

    /// What a campaign brings to this device.
    fn brought_by(&self, campaign: &Campaign) -> Option<Target<'a>> {
        let release = self.view.catalogue.release(&campaign.release)?;
        self.view.catalogue.target_of(release, self.chip, self.check_in.wanted())
    }

    fn is_in_group(&self, campaign: &Campaign) -> bool {
        let Some(name) = &campaign.group else { return true };
        let Some(group) = self.view.catalogue.group(name) else { return false };
        if group.product.as_ref().is_some_and(|product| *product != self.product.name) {
            return false;
        }
        match self.view.device {
            Some(device) => {
                let facts = Facts { device, catalogue: self.view.catalogue, now: self.now };
                group.by.includes(&facts)
            }
            // Of one that is not on record nothing is known but its address.
            None => match &group.by {
                Membership::Hand(devices) => self.check_in.device.is_some_and(|mac| devices.contains(&mac)),
                Membership::Query(_) => false,
            },
        }
    }

    pub(super) const fn kind(&self) -> Kind {
        self.check_in.mode.kind()
    }
}

/// Whether something newer than the campaign's release was published to the channel after the campaign began.
fn is_superseded(campaign: &Campaign, target: Target<'_>, published: Target<'_>) -> bool {
    published.release.published > campaign.created
        && Catalogue::order(target.release, published.release) == Order::Older
}

/// Notes what is meant.
pub(super) fn note(target: Target<'_>, found: &mut Decision) {
    found.release = Some(target.release.id.clone());
    found.artifact = Some(target.artifact.id);
}
