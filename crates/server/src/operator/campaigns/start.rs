//! New campaigns for releases that are published: to more devices, to another group or channel, or back to a former release.

use otary_fleet::{
    Campaign, CampaignId, Catalogue, Channel, Kind, Order, Plan, ProductName, Release, ReleaseId, Rules,
    Scope, Time, Version,
};
use serde::{Deserialize, Serialize};

use super::plan::{kind, made, said};
use super::{ByCampaign, CampaignSettings, CampaignView, Outgoing, RollBack, campaign};
use crate::operator::actor::Actor;
use crate::operator::problem::Problem;
use crate::operator::releases::release;
use crate::operator::site::Operator;

/// A campaign that is to be started for a release that is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCampaign {
    /// The product.
    pub product: ProductName,
    /// The version.
    pub version: Version,
    /// To devices that follow this channel; without, the one that the release was published to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// How it goes.
    #[serde(default)]
    pub settings: CampaignSettings,
    /// Whether campaigns under way for the same devices end.
    #[serde(default)]
    pub supersede: bool,
}

impl Operator {
    pub(super) fn start_campaign(&self, new: &NewCampaign, actor: &Actor) -> Result<CampaignView, Problem> {
        actor.check(Scope::Operate, Some(&new.product))?;
        let id = ReleaseId { product: new.product.clone(), version: new.version.clone() };
        let how = ByCampaign::Like(new.settings.clone());
        self.put_new(actor, |operator, catalogue| {
            let release = live(catalogue, &id)?;
            let outgoing = Outgoing {
                release: &release.id,
                channel: new.channel.as_ref().unwrap_or(&release.channel),
                kind: kind_of(release, catalogue),
                supersede: new.supersede,
                rolls_back: None,
                // After the release, also by a clock that was set back: it was published by none of this.
                at: operator.now().max(Time(release.published.0.saturating_add(1))),
            };
            operator.campaigns_for(outgoing, &how, catalogue, actor)
        })
    }

    /// Takes back what a campaign brought: it ends, and a former release goes to the same devices.
    pub(super) fn roll_back(
        &self,
        id: CampaignId,
        back: &RollBack,
        actor: &Actor,
    ) -> Result<CampaignView, Problem> {
        let settings = back.settings.clone().unwrap_or_default();
        if settings.group.is_some() {
            let detail = "a campaign is rolled back for all whom it was for";
            return Err(Problem::bad_request("roll-back-of-a-group", detail)
                .help("otary campaign start sends a release to a group"));
        }
        self.put_new(actor, |operator, catalogue| {
            let undone = campaign(catalogue, id)?;
            let release = former(undone, back.to.as_ref(), catalogue)?;
            let rules = Rules { allow_downgrade: true, ..settings.rules };
            let waves = Some(settings.waves.clone().unwrap_or_else(Plan::at_once));
            let group = undone.group.clone();
            let how = ByCampaign::Like(CampaignSettings { waves, group, rules, ..settings.clone() });
            let outgoing = Outgoing {
                release: &release.id,
                channel: &undone.channel,
                kind: undone.kind,
                supersede: back.supersede,
                rolls_back: Some(id),
                at: operator.now(),
            };
            operator.campaigns_for(outgoing, &how, catalogue, actor)
        })
    }

    fn put_new(
        &self,
        actor: &Actor,
        plan: impl FnOnce(&Self, &Catalogue) -> Result<Vec<Campaign>, Problem>,
    ) -> Result<CampaignView, Problem> {
        let id = {
            let (_changing, _moving) = (self.changing(), self.rollout.changing());
            let campaigns = plan(self, &self.store.catalogue())?;
            self.store.put_campaigns(&campaigns)?;
            let new = made(&campaigns).ok_or_else(no_campaign)?;
            let action = match new.rolls_back {
                Some(undone) => {
                    format!("rolled campaign {undone} back to {}{}", new.release, said(&campaigns))
                }
                None => format!("sent {} out{}", new.release, said(&campaigns)),
            };
            self.log(actor, Some(&new.product), action)?;
            new.id
        };
        self.rollout.campaigns_changed();
        self.show_campaign(id)
    }
}

fn no_campaign() -> Problem {
    Problem::bad_request("no-campaign-meant", "nothing says that it goes out by a campaign")
}

/// A release that is on record and not withdrawn.
fn live<'a>(catalogue: &'a Catalogue, id: &ReleaseId) -> Result<&'a Release, Problem> {
    let release = release(catalogue, id)?;
    if release.withdrawn.is_some() {
        return Err(Problem::conflict("release-withdrawn", format!("{id} is withdrawn"))
            .help(format!("otary release restore {} {}", id.product, id.version)));
    }
    Ok(release)
}

/// The release that a roll back leads to: the one that is named, or the newest of the channel before what the campaign brought.
fn former<'a>(
    undone: &Campaign,
    to: Option<&Version>,
    catalogue: &'a Catalogue,
) -> Result<&'a Release, Problem> {
    let brought = &undone.release;
    if let Some(version) = to {
        let id = ReleaseId { product: undone.product.clone(), version: version.clone() };
        if id == *brought {
            return Err(Problem::bad_request("no-way-back", format!("campaign {} brings {id}", undone.id)));
        }
        return live(catalogue, &id);
    }
    let is_older = |release: &&Release| {
        let order = catalogue.release(brought).map_or_else(
            || otary_fleet::compare(&release.id.version, &brought.version),
            |brought| Catalogue::order(release, brought),
        );
        let is_live = release.withdrawn.is_none() && !catalogue.is_kept_back(&release.id);
        order == Order::Older && is_live && release.channel == undone.channel
    };
    let releases = catalogue.releases(&undone.product).iter().rev();
    releases.filter(is_older).max_by(|a, b| a.published.cmp(&b.published)).ok_or_else(|| {
        let detail = format!("there is no release before {brought} that it could go back to");
        Problem::conflict("no-way-back", detail).help("--to VERSION names one")
    })
}

fn kind_of(release: &Release, catalogue: &Catalogue) -> Kind {
    kind(release.artifacts.iter().filter_map(|id| catalogue.artifact(id)).map(|artifact| artifact.kind))
}
