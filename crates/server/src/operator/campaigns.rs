//! Campaigns: list, show, start, pause, resume, approve, abort, roll back.

pub(super) mod plan;
mod progress;
mod start;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::{Campaign, CampaignId, Catalogue, State as Stand, StopNotice, Time, Version};
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::pages::{self, Which};
use super::problem::Problem;
use super::request::{Body, Options, Place};
use super::site::{Operator, carry_out};

pub use plan::{ByCampaign, CampaignSettings, Superseded};
pub use progress::{Progress, TestView};
pub use start::NewCampaign;

pub(super) use plan::Outgoing;

/// A campaign, and what it has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CampaignView {
    /// The record.
    #[serde(flatten)]
    pub campaign: Campaign,
    /// What it has shown; in a list, of those under way alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// What happens next, or has to, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<String>,
    /// Of one that was stopped: which devices, what they have in common, what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// What the devices that it speaks of have in common and the others have not, a piece each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub common: Vec<String>,
}

/// A page of the campaigns, the latest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CampaignPage {
    /// The campaigns.
    pub campaigns: Vec<CampaignView>,
    /// Where the next page begins: `?after=`. None on the last one.
    pub next: Option<String>,
}

/// How a campaign is resumed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resumption {
    /// The share of devices that may fail or fall silent from now on, in parts per million.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerated_ppm: Option<u32>,
}

/// Where a campaign that rolls back leads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RollBack {
    /// The version; without, the newest one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Version>,
    /// Whether other campaigns under way for the same devices end, too.
    #[serde(default)]
    pub supersede: bool,
    /// How it goes out; unless its waves are said, in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<CampaignSettings>,
}

/// What a person does to a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Pause,
    Approve,
    Abort,
}

pub(super) async fn list(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Options(which): Options<Which>,
) -> Result<Json<CampaignPage>, Problem> {
    carry_out(operator, move |operator| operator.list_campaigns(&which, &actor)).await.map(Json)
}

pub(super) async fn show(
    State(operator): State<Arc<Operator>>,
    Place(id): Place<CampaignId>,
) -> Result<Json<CampaignView>, Problem> {
    carry_out(operator, move |operator| operator.show_campaign(id)).await.map(Json)
}

pub(super) async fn start(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Body(new): Body<NewCampaign>,
) -> Result<(StatusCode, Json<CampaignView>), Problem> {
    let view = carry_out(operator, move |operator| operator.start_campaign(&new, &actor)).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) async fn resume(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(id): Place<CampaignId>,
    Body(resumption): Body<Resumption>,
) -> Result<Json<CampaignView>, Problem> {
    carry_out(operator, move |operator| operator.resume_campaign(id, resumption, &actor)).await.map(Json)
}

pub(super) async fn roll_back(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(id): Place<CampaignId>,
    Body(back): Body<RollBack>,
) -> Result<(StatusCode, Json<CampaignView>), Problem> {
    let view = carry_out(operator, move |operator| operator.roll_back(id, &back, &actor)).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) async fn turn(
    operator: Arc<Operator>,
    actor: Actor,
    id: CampaignId,
    turn: Turn,
) -> Result<Json<CampaignView>, Problem> {
    carry_out(operator, move |operator| operator.turn_campaign(id, turn, &actor)).await.map(Json)
}

impl Operator {
    fn list_campaigns(&self, which: &Which, actor: &Actor) -> Result<CampaignPage, Problem> {
        let before: Option<u32> = pages::read(which.after.as_deref())?;
        let catalogue = self.store.catalogue();
        let wanted = |campaign: &&Campaign| {
            which.has(&campaign.product, actor) && before.is_none_or(|before| campaign.id.0 < before)
        };
        let mut following: Vec<&Campaign> = catalogue.all_campaigns().filter(wanted).collect();
        following.sort_by_key(|campaign| std::cmp::Reverse(campaign.id));
        let (page, more) = pages::cut(following.into_iter(), pages::limit(which.limit));
        let next = page.last().filter(|_| more).map(|campaign| campaign.id.to_string());
        let campaigns = page.into_iter().map(|campaign| self.listed(campaign)).collect::<Result<_, _>>()?;
        Ok(CampaignPage { campaigns, next })
    }

    /// A campaign as it stands in a list.
    fn listed(&self, campaign: &Campaign) -> Result<CampaignView, Problem> {
        let tally = campaign.is_under_way().then(|| self.rollout.tally(campaign)).transpose()?;
        Ok(CampaignView {
            progress: tally.as_ref().map(Progress::of),
            next: tally.map(|tally| progress::next(campaign, &tally, self.now())).unwrap_or_default(),
            campaign: campaign.clone(),
            notice: None,
            common: Vec::new(),
        })
    }

    pub(super) fn show_campaign(&self, id: CampaignId) -> Result<CampaignView, Problem> {
        let catalogue = self.store.catalogue();
        let campaign = campaign(&catalogue, id)?;
        let tally = self.rollout.tally(campaign)?;
        let notice = self.rollout.notice(campaign)?;
        let common = notice.iter().flat_map(StopNotice::common);
        Ok(CampaignView {
            campaign: campaign.clone(),
            progress: Some(Progress::of(&tally)),
            next: progress::next(campaign, &tally, self.now()),
            common: common.map(ToString::to_string).collect(),
            notice: notice.as_ref().map(ToString::to_string),
        })
    }

    fn turn_campaign(&self, id: CampaignId, turn: Turn, actor: &Actor) -> Result<CampaignView, Problem> {
        let (now, who) = (self.now(), actor.who.clone());
        self.change_campaign(id, actor, |campaign| match (turn, &campaign.state) {
            (Turn::Pause, Stand::Running | Stand::AwaitsApproval) => {
                campaign.state = Stand::Paused { paused_by: who, paused_at: now };
                Ok("paused".into())
            }
            (Turn::Approve, Stand::AwaitsApproval) => {
                campaign.open_next(now);
                Ok(format!("approved wave {} of", campaign.wave + 1))
            }
            (Turn::Abort, _) if campaign.is_under_way() => {
                campaign.state = aborted(&who, now);
                Ok("aborted".into())
            }
            _ => Err(cannot(turn.word(), campaign)),
        })
    }

    fn resume_campaign(
        &self,
        id: CampaignId,
        resumption: Resumption,
        actor: &Actor,
    ) -> Result<CampaignView, Problem> {
        if let Some(tolerated) = resumption.tolerated_ppm {
            plan::check_tolerated(tolerated)?;
        }
        let tally = self.rollout.tally(campaign(&self.store.catalogue(), id)?)?;
        self.change_campaign(id, actor, |campaign| {
            if !matches!(campaign.state, Stand::Paused { .. } | Stand::Stopped(_)) {
                return Err(cannot("resumed", campaign));
            }
            campaign.rules.tolerated_ppm = resumption.tolerated_ppm.unwrap_or(campaign.rules.tolerated_ppm);
            campaign.state = Stand::Running;
            if matches!(otary_fleet::advance(campaign, &tally, self.now()).state, Stand::Stopped(_)) {
                let detail = format!("what campaign {id} has shown would stop it again at once: {tally}");
                return Err(Problem::conflict("campaign-would-stop", detail).help(format!(
                    "otary campaign resume {id} --tolerate PERCENT says how many may fail; now it is {}",
                    progress::percent(campaign.rules.tolerated_ppm)
                )));
            }
            let tolerates = progress::percent(campaign.rules.tolerated_ppm);
            Ok(match resumption.tolerated_ppm {
                Some(_) => format!("resumed, with {tolerates} tolerated,"),
                None => "resumed".into(),
            })
        })
    }

    /// Changes one campaign as `change` does, which says in words what that was: what stands before `campaign 3`.
    fn change_campaign(
        &self,
        id: CampaignId,
        actor: &Actor,
        change: impl FnOnce(&mut Campaign) -> Result<String, Problem>,
    ) -> Result<CampaignView, Problem> {
        {
            let (_changing, _moving) = (self.changing(), self.rollout.changing());
            let mut changed = campaign(&self.store.catalogue(), id)?.clone();
            let done = change(&mut changed)?;
            self.store.put_campaign(&changed)?;
            let action = format!("{done} campaign {id} ({})", changed.release);
            self.log(actor, Some(&changed.product), action)?;
        }
        self.rollout.campaigns_changed();
        self.show_campaign(id)
    }
}

impl Turn {
    const fn word(self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Approve => "approved",
            Self::Abort => "aborted",
        }
    }
}

/// The state of a campaign that a person ends.
pub(super) fn aborted(who: &str, now: Time) -> Stand {
    Stand::Aborted { aborted_at: now, aborted_by: who.to_owned() }
}

/// Why a campaign cannot be turned as asked: where it stands.
fn cannot(word: &str, campaign: &Campaign) -> Problem {
    let id = campaign.id;
    let (stands, help) = match &campaign.state {
        Stand::Running => ("is running", format!("otary campaign show {id} says what it waits for")),
        Stand::Paused { .. } => ("is paused", format!("otary campaign resume {id}")),
        Stand::Stopped(_) => ("was stopped on evidence", format!("otary campaign show {id} says on which")),
        Stand::AwaitsApproval => ("waits for approval", format!("otary campaign approve {id}")),
        Stand::Finished { .. } => ("has finished", format!("otary campaign roll-back {id} takes it back")),
        Stand::Aborted { .. } => ("was aborted", "otary campaign start begins another one".into()),
    };
    let detail = format!("campaign {id} cannot be {word}: it {stands}");
    Problem::conflict("campaign-stands-otherwise", detail).help(help)
}

pub(super) fn campaign(catalogue: &Catalogue, id: CampaignId) -> Result<&Campaign, Problem> {
    catalogue.campaign(id).ok_or_else(|| no_campaign(id))
}

pub(super) fn no_campaign(id: CampaignId) -> Problem {
    Problem::not_found("no-campaign", format!("there is no campaign {id}")).help("otary campaign list")
}
