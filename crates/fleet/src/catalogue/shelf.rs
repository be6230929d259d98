//! A product's shelf: its releases and campaigns, in the order in which they are looked through.

use std::cmp::Reverse;

use otary_image::Chip;

use super::by_digest::ByDigest;
use super::standing::{Members, Speaking, Standing};
use crate::{Artifact, Campaign, Channel, Kind, Release, Sha256, State, Version};

/// What one product has.
#[derive(Debug, Clone, Default)]
pub(super) struct Shelf {
    /// Oldest first.
    releases: Vec<Release>,
    /// Whether each of them is kept back by its campaigns.
    kept_back: Vec<bool>,
    /// Newest first.
    campaigns: Vec<Campaign>,
    /// Of those, the ones that may speak of a device.
    standing: Vec<Standing>,
    /// The channels that those go to, by number.
    channels: Vec<Channel>,
    only_chip: Option<Chip>,
}

impl Shelf {
    pub(super) fn releases(&self) -> &[Release] {
        &self.releases
    }

    pub(super) fn campaigns(&self) -> &[Campaign] {
        &self.campaigns
    }

    /// The only chip that its releases are for.
    pub(super) const fn only_chip(&self) -> Option<Chip> {
        self.only_chip
    }

    /// Puts a release there; [`Self::arrange`] has to follow.
    pub(super) fn add(&mut self, release: Release) {
        self.releases.push(release);
    }

    /// Puts its releases in order.
    pub(super) fn arrange(&mut self, artifacts: &ByDigest<Sha256, Artifact>) {
        self.releases.sort_by_key(|release| release.published);
        self.kept_back = vec![false; self.releases.len()];
        let held = self.releases.iter().flat_map(|release| &release.artifacts);
        let mut chips = held.filter_map(|id| artifacts.get(id)?.chip);
        let first = chips.next();
        self.only_chip = first.filter(|first| chips.all(|chip| chip == *first));
    }

    /// Puts a campaign there; [`Self::arrange_campaigns`] has to follow.
    pub(super) fn start(&mut self, campaign: Campaign) {
        self.campaigns.push(campaign);
    }

    /// Puts its campaigns in order. `members` tells which devices one speaks of.
    pub(super) fn arrange_campaigns(&mut self, mut members: impl FnMut(&Campaign) -> Members) {
        self.campaigns.sort_by_key(|campaign| Reverse(campaign.id));
        self.kept_back = self.releases.iter().map(|release| is_kept_back(release, &self.campaigns)).collect();
        (self.standing, self.channels) = (Vec::new(), Vec::new());
        for (place, campaign) in self.campaigns.iter().enumerate() {
            if !Standing::speaks(campaign) || is_followed(&self.campaigns, place) {
                continue;
            }
            let known = self.channels.iter().position(|channel| *channel == campaign.channel);
            let channel = known.unwrap_or(self.channels.len());
            if known.is_none() {
                self.channels.push(campaign.channel.clone());
            }
            self.standing.push(Standing {
                campaign: place,
                release: self.releases.iter().position(|release| release.id == campaign.release),
                members: members(campaign),
                kind: campaign.kind,
                channel,
            });
        }
    }

    /// The campaigns that speak of a device of this channel that asks for one of these kinds, the newest first.
    pub(super) fn speaking(
        &self,
        channel: Option<&Channel>,
        kinds: &[Kind],
        is_member: impl Fn(Members) -> bool,
    ) -> impl Iterator<Item = Speaking<'_>> {
        let channel = self.channels.iter().position(|known| known.is(channel));
        let of_it = self.standing.iter().filter(move |standing| {
            // The file system of a release goes where its program goes.
            let goes_along = standing.kind == Kind::App && kinds.contains(&Kind::Filesystem);
            let is_its_kind = kinds.contains(&standing.kind) || goes_along;
            Some(standing.channel) == channel && is_its_kind && is_member(standing.members)
        });
        of_it.filter_map(|standing| {
            let campaign = self.campaigns.get(standing.campaign)?;
            let release = standing.release.and_then(|place| self.releases.get(place));
            Some(Speaking { campaign, release })
        })
    }

    /// The releases that are not kept back, the newest first.
    pub(super) fn at_large(&self) -> impl Iterator<Item = &Release> {
        let releases = self.releases.iter().zip(&self.kept_back).rev();
        releases.filter(|(_, kept_back)| !**kept_back).map(|(release, _)| release)
    }

    pub(super) fn is_kept_back(&self, version: &Version) -> bool {
        let mut releases = self.releases.iter().zip(&self.kept_back);
        releases.any(|(release, kept_back)| *kept_back && release.id.version == *version)
    }
}

/// Whether the campaign at `place` has finished, and a newer one for the same devices has, too: what that one brought stands.
fn is_followed(campaigns: &[Campaign], place: usize) -> bool {
    let is_finished = |campaign: &&Campaign| matches!(campaign.state, State::Finished { .. });
    let Some(campaign) = campaigns.get(place).filter(is_finished) else { return false };
    campaigns.iter().take(place).filter(is_finished).any(|newer| newer.has_target_of(campaign))
}

/// A release that was published by a campaign, or is sent to its whole channel by one, is kept back until the newest of these
/// has finished with the whole channel. A campaign that goes back to a former release, brings it to another channel, or brings
/// what was published before to a group, keeps nothing back. `campaigns` are the newest first.
fn is_kept_back(release: &Release, campaigns: &[Campaign]) -> bool {
    let governs = |campaign: &&Campaign| {
        campaign.release == release.id
            && campaign.channel == release.channel
            && campaign.rolls_back.is_none()
            && (campaign.group.is_none() || campaign.created <= release.published)
    };
    let is_through =
        |campaign: &Campaign| campaign.group.is_none() && matches!(campaign.state, State::Finished { .. });
    campaigns.iter().find(governs).is_some_and(|newest| !is_through(newest))
}
