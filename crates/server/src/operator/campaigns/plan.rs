//! How a release goes out: by a campaign, unless to few devices or as the operator says.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_lc_rs::rand;
use otary_fleet::{
    Campaign, CampaignId, Catalogue, Channel, Device, Gate, GroupName, Kind, Mac, Pace, Plan, ProductName,
    ReleaseId, Rules, Scope, State, Time, Window,
};
use serde::{Deserialize, Serialize};

use super::aborted;
use crate::operator::actor::Actor;
use crate::operator::groups::{group, no_group};
use crate::operator::problem::Problem;
use crate::operator::site::{Operator, count};

/// Up to so many devices, a release goes to all of them at once unless the operator says otherwise.
const FEW: usize = 10;
/// Who did not ask for so long counts for no wave's size.
const LIVE: Duration = Duration::from_hours(30 * 24);
/// The longest soak, and the longest that a device is watched.
const LONGEST: Duration = Duration::from_hours(365 * 24);

/// How a release goes out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ByCampaign {
    /// By a campaign of the default plan, if it is for more than ten devices; else to all at once.
    #[default]
    Usual,
    /// To all at once.
    AtOnce,
    /// By a campaign like this.
    Like(CampaignSettings),
}

/// How a campaign goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CampaignSettings {
    /// The waves; without, 1 % (at least 3), 5 %, 25 %, 100 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waves: Option<Plan>,
    /// Only the devices of this group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupName>,
    /// What has to be so before the next wave opens.
    pub gate: Gate,
    /// When something may be offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// How fast.
    pub pace: Pace,
    /// What is tolerated, and of whom.
    pub rules: Rules,
}

/// A campaign that another one takes the place of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Superseded {
    /// Which.
    pub campaign: CampaignId,
    /// What it brought.
    pub release: ReleaseId,
}

/// What a campaign is to bring, and to whom.
#[derive(Debug, Clone, Copy)]
pub(in crate::operator) struct Outgoing<'a> {
    pub release: &'a ReleaseId,
    pub channel: &'a Channel,
    pub kind: Kind,
    /// Whether campaigns that are under way for the same devices make way.
    pub supersede: bool,
    pub rolls_back: Option<CampaignId>,
    /// When it is made.
    pub at: Time,
}

impl Operator {
    /// The campaign by which a release goes out, if one does, and before it the campaigns that make way for it, as they
    /// will be on record. Changes nothing.
    pub(in crate::operator) fn campaigns_for(
        &self,
        outgoing: Outgoing<'_>,
        how: &ByCampaign,
        catalogue: &Catalogue,
        actor: &Actor,
    ) -> Result<Vec<Campaign>, Problem> {
        let settings = match how {
            ByCampaign::Usual | ByCampaign::AtOnce => CampaignSettings::default(),
            ByCampaign::Like(settings) => settings.clone(),
        };
        check(&settings, catalogue, &outgoing.release.product, actor)?;
        let mut campaign = without_waves(outgoing, settings, catalogue, actor)?;
        let members = self.live_members(&campaign, catalogue)?;
        let is_by_campaign = match how {
            ByCampaign::Usual => members.len() > FEW,
            ByCampaign::AtOnce => false,
            ByCampaign::Like(_) => true,
        };
        let mut campaigns = self.make_way(&campaign, outgoing, catalogue, actor)?;
        if is_by_campaign {
            let plan = campaign_plan(how);
            campaign.waves = plan.waves(campaign.seed, members);
            campaigns.push(campaign);
        }
        Ok(campaigns)
    }

    /// The members that asked lately.
    fn live_members(&self, campaign: &Campaign, catalogue: &Catalogue) -> Result<BTreeSet<Mac>, Problem> {
        let now = self.now();
        let is_live = |device: &Device| {
            device.belongs_to() == Some(&campaign.product)
                && device.last.is_some()
                && now.since(device.last_seen) <= LIVE
                && campaign.means(device, catalogue, now)
        };
        let mut members = BTreeSet::new();
        self.each_device(|device| {
            if is_live(device) {
                members.insert(device.mac);
            }
        })?;
        Ok(members)
    }

    /// The campaigns under way for the same devices, aborted: those that were stopped on evidence, the one that is rolled back,
    /// and all if they are to make way.
    fn make_way(
        &self,
        campaign: &Campaign,
        outgoing: Outgoing<'_>,
        catalogue: &Catalogue,
        actor: &Actor,
    ) -> Result<Vec<Campaign>, Problem> {
        let under_way = catalogue.campaigns(&campaign.product).iter().filter(|other| other.is_under_way());
        let rivals = under_way.filter(|other| other.has_target_of(campaign));
        rivals
            .map(|rival| {
                let is_undone = outgoing.rolls_back == Some(rival.id);
                let makes_way = outgoing.supersede || is_undone || matches!(rival.state, State::Stopped(_));
                if !makes_way {
                    return Err(taken(rival));
                }
                Ok(Campaign { state: aborted(&actor.who, self.now()), ..rival.clone() })
            })
            .collect()
    }
}

/// A campaign without its waves.
fn without_waves(
    outgoing: Outgoing<'_>,
    settings: CampaignSettings,
    catalogue: &Catalogue,
    actor: &Actor,
) -> Result<Campaign, Problem> {
    let CampaignSettings { group, gate, window, pace, rules, .. } = settings;
    let now = outgoing.at;
    let last = catalogue.all_campaigns().map(|campaign| campaign.id.0).max().unwrap_or(0);
    Ok(Campaign {
        id: CampaignId(last.saturating_add(1)),
        product: outgoing.release.product.clone(),
        kind: outgoing.kind,
        release: outgoing.release.clone(),
        channel: outgoing.channel.clone(),
        group,
        waves: Vec::new(),
        gate,
        window,
        pace,
        rules,
        rolls_back: outgoing.rolls_back,
        state: State::Running,
        wave: 0,
        wave_since: now,
        created: now,
        by: actor.who.clone(),
        seed: seed()?,
    })
}

/// The waves that are asked for.
fn campaign_plan(how: &ByCampaign) -> Plan {
    match how {
        ByCampaign::Like(CampaignSettings { waves: Some(plan), .. }) => plan.clone(),
        _ => Plan::default(),
    }
}

/// The problem that a campaign is under way for the same devices.
fn taken(rival: &Campaign) -> Problem {
    let Campaign { id, release, .. } = rival;
    let detail = format!("campaign {id} ({release}) is under way for the same devices");
    Problem::conflict("target-taken", detail)
        .help(format!("--supersede ends it; otary campaign show {id} says where it stands"))
}

fn check(
    settings: &CampaignSettings,
    catalogue: &Catalogue,
    product: &ProductName,
    actor: &Actor,
) -> Result<(), Problem> {
    check_tolerated(settings.rules.tolerated_ppm)?;
    if settings.rules.at_a_time == 0 {
        let detail = "with 0 devices at a time nobody would ever be offered it";
        return Err(Problem::bad_request("nobody-at-a-time", detail));
    }
    if settings.rules.watch > LONGEST || settings.gate.soak > LONGEST {
        let detail = "devices are watched, and waves soak, for a year at most";
        return Err(Problem::bad_request("longer-than-a-year", detail));
    }
    let Some(name) = &settings.group else { return Ok(()) };
    match &group(catalogue, name)?.product {
        // A group that they may not see is none.
        of if !actor.may(Scope::Read, of.as_ref()) => Err(no_group(name)),
        Some(other) if other != product => {
            let detail = format!("the group {name} is of {other}, and the release of {product}");
            Err(Problem::bad_request("group-of-other-product", detail))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_tolerated(ppm: u32) -> Result<(), Problem> {
    if ppm <= 1_000_000 {
        return Ok(());
    }
    let detail = format!("{ppm} parts per million are more than all devices");
    Err(Problem::bad_request("tolerated-more-than-all", detail))
}

fn seed() -> Result<u64, Problem> {
    let mut bits = [0; 8];
    rand::fill(&mut bits)
        .map_err(|error| Problem::internal("no-randomness", "the system gives no random numbers", error))?;
    Ok(u64::from_le_bytes(bits))
}

/// What campaigns that will be put on record mean, for the log: `, by campaign 4 in 4 waves, in the place of campaign 3`.
pub(in crate::operator) fn said(campaigns: &[Campaign]) -> String {
    let of = |campaign: &Campaign| match &campaign.state {
        State::Aborted { .. } => format!(", in the place of campaign {}", campaign.id),
        _ => format!(", by campaign {} in {}", campaign.id, count(campaign.waves.len() as u64, "wave")),
    };
    campaigns.iter().rev().map(of).collect()
}

/// Those that were made way for.
pub(in crate::operator) fn superseded(campaigns: &[Campaign]) -> Vec<Superseded> {
    let aborted = campaigns.iter().filter(|campaign| !campaign.is_under_way());
    aborted.map(|c| Superseded { campaign: c.id, release: c.release.clone() }).collect()
}

/// The one that goes out, if one does.
pub(in crate::operator) fn made(campaigns: &[Campaign]) -> Option<&Campaign> {
    campaigns.iter().find(|campaign| campaign.is_under_way())
}

/// What a release is to its campaign: a program, if it has one.
pub(in crate::operator) fn kind(kinds: impl IntoIterator<Item = Kind>) -> Kind {
    let weight = |kind: &Kind| match kind {
        Kind::App => 2,
        Kind::Raw => 1,
        Kind::Filesystem => 0,
    };
    kinds.into_iter().max_by_key(weight).unwrap_or(Kind::App)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_with_a_program_is_brought_as_one() {
        assert_eq!(kind([Kind::Filesystem, Kind::App]), Kind::App);
        assert_eq!(kind([Kind::Filesystem]), Kind::Filesystem);
        assert_eq!(kind([Kind::Raw]), Kind::Raw);
    }
}
