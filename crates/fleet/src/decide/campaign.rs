//! What a campaign lets a device do now: its wave, its window, who it is, and what may be begun.

use std::time::Duration;

use super::Asked;
use crate::{
    Campaign, CampaignId, Catalogue, CheckIn, Decision, Device, Mac, Mode, Network, Proof, Reason, Rhythm,
    Sha256, State, Target, Time, Verdict,
};

/// For how long an address is contested after two last took turns under it.
const CONTESTED_FOR: Duration = Duration::from_hours(24);

/// The campaign of which a decision takes a slot: it offers the release of one that is under way, to whoever was not offered
/// it before.
pub fn begins(
    check_in: &CheckIn,
    device: Option<&Device>,
    decision: &Decision,
    catalogue: &Catalogue,
) -> Option<CampaignId> {
    let (campaign, artifact) = (decision.campaign?, decision.artifact?);
    if decision.verdict() != Verdict::Offer || check_in.mode == Mode::Version {
        return None;
    }
    let campaign = catalogue.campaign(campaign).filter(|campaign| campaign.is_under_way())?;
    (campaign.tries(check_in, decision.release.as_ref()) && !has_begun(campaign, &artifact, check_in, device))
        .then_some(campaign.id)
}

/// Whether this device was offered what a campaign brings before, where it asks from now.
fn has_begun(campaign: &Campaign, artifact: &Sha256, check_in: &CheckIn, device: Option<&Device>) -> bool {
    let network = Network::of(check_in.source);
    let mut attempts = device.into_iter().flat_map(|device| &device.attempts);
    attempts.any(|attempt| {
        attempt.artifact == *artifact && attempt.network == network && attempt.first_offer >= campaign.created
    })
}

impl<'a> Asked<'a> {
    /// Whether the campaign lets this device in, apart from how much may be begun at this moment.
    pub(super) fn admits(&self, campaign: &Campaign) -> Result<(), Reason> {
        let id = campaign.id;
        match &campaign.state {
            State::Paused { .. } => return Err(Reason::CampaignPaused { campaign: id }),
            State::Stopped(_) => {
                let offered = campaign.release.version.clone();
                return Err(Reason::CampaignStopped { campaign: id, offered });
            }
            State::Running | State::AwaitsApproval | State::Finished { .. } | State::Aborted { .. } => {}
        }
        if campaign.is_under_way() {
            self.proves_enough(campaign)?;
            self.has_its_turn(campaign)?;
        }
        let own = self.view.device.and_then(|device| device.zone.as_ref());
        match campaign.window.as_ref().and_then(|window| window.opens(self.now, own)) {
            Some(opens) => Err(Reason::OutsideWindow { campaign: id, opens, now: self.now }),
            None => Ok(()),
        }
    }

    /// Under a gate on proof only who proves it counts, so nobody else is offered anything.
    fn proves_enough(&self, campaign: &Campaign) -> Result<(), Reason> {
        if !campaign.rules.on_proof {
            return Ok(());
        }
        let is_contested = |device: &Device| is_contested(device, self.now);
        match self.check_in.proof {
            Proof::None => {
                Err(Reason::Unproven { campaign: campaign.id, product: self.product.name.clone() })
            }
            Proof::ProductSecret if self.view.device.is_some_and(is_contested) => {
                Err(Reason::Contested { campaign: campaign.id })
            }
            Proof::ProductSecret | Proof::DeviceCredential => Ok(()),
        }
    }

    /// Whether its wave is open, or the one that the campaign feels its way into.
    fn has_its_turn(&self, campaign: &Campaign) -> Result<(), Reason> {
        let of = campaign.waves.len();
        if of <= 1 {
            return Ok(());
        }
        let Some(mac) = self.check_in.device else {
            return Err(Reason::NoIdentity { campaign: campaign.id, of });
        };
        self.wave_is_open(campaign, mac)?;
        let rhythm = self.view.device.map_or(Rhythm::NEW, |device| device.rhythm);
        if !rhythm.is_known() && !campaign.is_all_open() {
            let (polls, needed) = (rhythm.polls(), Rhythm::NEEDED);
            return Err(Reason::RhythmUnknown { campaign: campaign.id, polls, needed });
        }
        Ok(())
    }

    fn wave_is_open(&self, campaign: &Campaign, mac: Mac) -> Result<(), Reason> {
        let (wave, open) = (campaign.wave_of(mac), campaign.wave);
        let is_next = wave == open.saturating_add(1);
        let probes = self.view.openings.of(campaign.id).is_some_and(|opening| opening.probing);
        if wave <= open || (is_next && probes) {
            return Ok(());
        }
        let (wave, open) = (wave.saturating_add(1), open.saturating_add(1));
        Err(match campaign.state {
            State::AwaitsApproval if is_next => Reason::AwaitsApproval { campaign: campaign.id, wave },
            _ => Reason::LaterWave { campaign: campaign.id, wave, open, of: campaign.waves.len() },
        })
    }

    /// Offers what the campaign brings, if as much may be begun now.
    pub(super) fn begin(
        &self,
        campaign: &Campaign,
        target: Target<'a>,
        found: &mut Decision,
    ) -> Result<Reason, Reason> {
        let wave = self.check_in.device.map_or(0, |mac| campaign.wave_of(mac)).saturating_add(1);
        let why = Reason::InWave {
            campaign: campaign.id,
            wave,
            of: campaign.waves.len(),
            runs: self.runs(),
            offered: target.release.id.version.clone(),
            back: campaign.rolls_back.is_some(),
        };
        let offer = self.through(target, found, why)?;
        if campaign.is_under_way() {
            self.may_begin(campaign, target)?;
        }
        Ok(offer)
    }

    /// Whoever was offered it before takes no further slot: it is among those of which nothing is known yet.
    fn may_begin(&self, campaign: &Campaign, target: Target<'_>) -> Result<(), Reason> {
        let id = campaign.id;
        let Some(opening) = self.view.openings.of(id) else {
            return Err(Reason::AtRiskReached { campaign: id, unresolved: 0, allowed: 0 });
        };
        if opening.paced_until.is_some_and(|until| self.now < until) {
            return Err(Reason::PaceReached { campaign: id });
        }
        let has_begun = || has_begun(campaign, &target.artifact.id, self.check_in, self.view.device);
        if opening.slots > 0 || has_begun() {
            return Ok(());
        }
        let (unresolved, allowed) = (opening.unresolved, opening.allowed);
        if unresolved < allowed {
            return Err(Reason::PaceReached { campaign: id });
        }
        Err(Reason::AtRiskReached { campaign: id, unresolved, allowed })
    }
}

/// Whether two that proved as much take turns under an address. What strangers say without proof contests nothing here, or
/// they could keep a device from its update.
fn is_contested(device: &Device, now: Time) -> bool {
    let recent = |at: Option<Time>| at.is_some_and(|at| now.since(at) < CONTESTED_FOR);
    recent(device.contested) && device.builds.iter().filter(|seen| recent(seen.proven)).nth(1).is_some()
}
