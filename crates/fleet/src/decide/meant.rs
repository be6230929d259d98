//! What is meant for a device: as the operator said of this one, else by the campaigns of its product, else what is
//! published on its channel.

use super::Asked;
use crate::catalogue::{Members, Speaking};
use crate::query::{AtHand, Known};
use crate::{Campaign, Catalogue, Decision, Facts, Kind, Order, Reason, ReleaseId, Target, Verdict};

/// What a device of an open wave may be given, or why it may not be yet.
type Kept<'a> = (Reason, Speaking<'a>);

/// How many campaigns that speak of a device are looked at. More than one is under way for a device only where groups
/// overlap; else the one before the newest has finished, and has brought what runs.
const LOOKED_AT: usize = 2;

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

    /// The release that the operator wants it to get once, until it was given in the network that this comes from.
    fn forced(&self) -> Result<Option<Target<'a>>, Reason> {
        let found = self.view.device.and_then(|device| Some((device, device.forced.as_ref()?)));
        let Some((device, forced)) = found.filter(|(_, forced)| !forced.has_lapsed(self.now)) else {
            return Ok(None);
        };
        let target = self.wanted(&forced.release)?;
        Ok(target.filter(|target| !device.was_given(forced, &target.artifact.id, self.check_in)))
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

    /// The newest campaign that lets it in decides; of those that do not, the newest is the reason, unless the one before or
    /// the channel has something for it meanwhile.
    fn by_campaigns(&self, found: &mut Decision) -> Result<Reason, Reason> {
        let channel = self.view.device.and_then(|device| device.channel.as_ref());
        let catalogue = self.view.catalogue;
        let published = catalogue.target(&self.product.name, channel, self.chip, self.check_in.wanted());
        let named = self.check_in.device.map_or(&[][..], |mac| catalogue.named_groups(mac));
        let known = self.known().map(|known| (known.chips(), known));
        let is_member = move |members| match members {
            Members::Everybody => true,
            Members::Named(group) => named.iter().any(|(_, number)| *number == group),
            Members::Described(query) => {
                known.as_ref().is_some_and(|(chips, known)| catalogue.describes(query, *chips, known))
            }
            Members::Nobody => false,
        };
        let kinds = self.check_in.wanted().kinds;
        let of_it = catalogue.speaking(&self.product.name, channel, kinds, is_member);
        let mut kept: Option<Kept<'_>> = None;
        for speaking in of_it.take(LOOKED_AT) {
            // An older one counts only if it lets the device in, and that is soon asked.
            if kept.is_some() && self.admits(speaking.campaign).is_err() {
                continue;
            }
            match self.under(speaking, published, found) {
                Ok(Some(answer)) if kept.is_none() || answer.verdict() == Verdict::Offer => {
                    return Ok(answer);
                }
                // It runs what an older campaign brought: what the newest one says stands.
                Ok(Some(_)) => break,
                Ok(None) => {}
                Err(reason) => kept = kept.or(Some((reason, speaking))),
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
        let Some((reason, speaking)) = kept else {
            let target = published
                .ok_or_else(|| Reason::NoRelease { product: self.product.name.clone(), chip: self.chip })?;
            note(target, found);
            let why = self.replaces(target, false)?;
            return self.through(target, found, why);
        };
        // What the campaign brings comes by the campaign alone.
        let other = published.filter(|published| published.release.id != speaking.campaign.release);
        if let Some((target, why)) =
            other.and_then(|target| Some((target, self.replaces(target, false).ok()?)))
        {
            note(target, found);
            return self.through(target, found, why);
        }
        found.campaign = Some(speaking.campaign.id);
        found.release = Some(speaking.campaign.release.clone());
        found.artifact = self.brought(speaking).map(|target| target.artifact.id);
        Err(reason)
    }

    /// What a campaign says to one of its members: the final answer; `None` if it says nothing; `Err` is why it does not
    /// let the device in, though it means to replace what runs.
    fn under(
        &self,
        speaking: Speaking<'a>,
        published: Option<Target<'a>>,
        found: &mut Decision,
    ) -> Result<Option<Reason>, Reason> {
        let campaign = speaking.campaign;
        let target = self.brought(speaking).filter(|target| target.release.withdrawn.is_none());
        let Some(target) = target else { return self.gone(speaking) };
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

    /// What a campaign brings to this device.
    fn brought(&self, speaking: Speaking<'a>) -> Option<Target<'a>> {
        self.view.catalogue.target_of(speaking.release?, self.chip, self.check_in.wanted())
    }

    /// A campaign under way without its release holds whom it would let in. One that has nothing for the chip, or is
    /// over, says nothing.
    fn gone(&self, Speaking { campaign, release, .. }: Speaking<'_>) -> Result<Option<Reason>, Reason> {
        let is_gone = release.is_none_or(|release| release.withdrawn.is_some());
        if !is_gone || !campaign.is_under_way() {
            return Ok(None);
        }
        self.admits(campaign)?;
        Err(Reason::ReleaseGone { release: campaign.release.clone(), campaign: Some(campaign.id) })
    }

    /// By what it says now, and not by what was last said under its address. Of a device that is not on record nothing is
    /// known, so no query finds it.
    fn known(&self) -> Option<Known<'a>> {
        let (device, catalogue) = (self.view.device?, self.view.catalogue);
        let facts = Facts { device, catalogue, now: self.now };
        let at_hand = AtHand::new(self.check_in, &self.product.name, self.chip, catalogue);
        Some(Known::at_hand(facts, at_hand))
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
