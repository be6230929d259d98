//! Devices: show, assign, let go, resume, forget.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::{
    Build, Catalogue, Channel, Chip, Decision, Device, Event, Mac, Mode, ProductName, Query, ReleaseId, Time,
    Verdict, Version, peek,
};
use otary_store::{Admit, EventQuery};
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::ledger::Held;
use super::problem::Problem;
use super::products::product;
use super::record;
use super::request::{Body, Place};
use super::site::{Operator, carry_out};

/// Events that are shown of a device.
const EVENTS: usize = 50;

/// A device on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeviceLine {
    /// Its address.
    pub mac: Mac,
    /// The product that it was assigned to, else the one that it was taken for when it last asked.
    pub product: Option<ProductName>,
    /// The chip that it was taken for when it last asked, else the one that it was said to have.
    #[schemars(with = "Option<otary_fleet::ChipSchema>")]
    pub chip: Option<Chip>,
    /// Its channel, if not `stable`.
    pub channel: Option<Channel>,
    /// What it runs; none if it never asked.
    pub runs: Option<Runs>,
    /// When it last asked; when it was assigned, if it never did.
    pub last_seen: Time,
    /// How often it asked.
    pub polls: u64,
    /// What it was answered last, and why.
    pub answer: Option<Answer>,
    /// When two builds or networks were last seen taking turns under its address.
    pub contested: Option<Time>,
    /// Whether an operator holds it.
    #[serde(default)]
    pub held: bool,
    /// The release that an operator pinned it to.
    #[serde(default)]
    pub pin: Option<ReleaseId>,
    /// The release that an operator wants it to get once.
    #[serde(default)]
    pub forced: Option<ReleaseId>,
}

/// What a device runs, by its own word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Runs {
    /// The release that its digests belong to; none for an unknown build.
    pub release: Option<ReleaseId>,
    /// The version text that it sent.
    pub says: Option<Version>,
    /// Its digests.
    pub build: Build,
}

/// What a device is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Answer {
    /// Offer, wait or hold.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub because: String,
    /// What to do about it, if anything.
    pub advice: Option<String>,
    /// The decision with its figures.
    pub decision: Decision,
}

/// All that is known of one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeviceView {
    /// The record.
    #[serde(with = "record")]
    #[schemars(with = "Device")]
    pub device: Device,
    /// The same on one line.
    pub line: DeviceLine,
    /// What it would be answered now, if it said again what it said last.
    pub now: Option<Answer>,
    /// The anchors that it holds, by each of the builds that it may run.
    pub held: Vec<Held>,
    /// The latest events, newest first.
    pub events: Vec<Event>,
}

/// What an operator says of a device; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The product whose releases it gets.
    pub product: ProductName,
    /// The chip that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<otary_fleet::ChipSchema>")]
    pub chip: Option<Chip>,
    /// The channel that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
}

/// What is done to the brakes on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brakes {
    /// Every brake is let go.
    Release,
    /// It is updated although it was reflashed by hand.
    Resume,
}

pub(super) async fn show(
    State(operator): State<Arc<Operator>>,
    Place(mac): Place<Mac>,
) -> Result<Json<DeviceView>, Problem> {
    carry_out(operator, move |operator| operator.show_device(mac)).await.map(Json)
}

pub(super) async fn assign(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(mac): Place<Mac>,
    Body(assignment): Body<Assignment>,
) -> Result<Json<DeviceView>, Problem> {
    carry_out(operator, move |operator| operator.assign(mac, &assignment, &actor)).await.map(Json)
}

pub(super) async fn brake(
    operator: Arc<Operator>,
    actor: Actor,
    mac: Mac,
    brakes: Brakes,
) -> Result<Json<DeviceView>, Problem> {
    carry_out(operator, move |operator| operator.brake(mac, brakes, &actor)).await.map(Json)
}

pub(super) async fn forget(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(mac): Place<Mac>,
) -> Result<StatusCode, Problem> {
    carry_out(operator, move |operator| operator.forget(mac, &actor)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Operator {
    pub(super) fn show_device(&self, mac: Mac) -> Result<DeviceView, Problem> {
        let device = self.store.device(mac)?.ok_or_else(|| no_device(mac))?;
        let catalogue = self.store.catalogue();
        let openings = self.rollout.openings()?;
        let now = peek(&device, Mode::Sketch, &catalogue, &openings, self.now());
        let now = now.map(|decision| answer(&device, decision));
        let query = EventQuery { device: Some(mac), limit: EVENTS, ..EventQuery::default() };
        let events = self.store.events(&query)?;
        let held = self.held(&device);
        Ok(DeviceView { line: line(&device, &catalogue), device, now, held, events })
    }

    fn assign(&self, mac: Mac, to: &Assignment, actor: &Actor) -> Result<DeviceView, Problem> {
        self.check_assigning(actor, mac, Some(&to.product))?;
        product(&self.store.catalogue(), &to.product)?;
        let said =
            |name: &str, value: Option<String>| value.map(|v| format!(", {name} {v}")).unwrap_or_default();
        let (chip, channel) = (to.chip.map(|c| c.to_string()), to.channel.as_ref().map(ToString::to_string));
        let action = format!("assigned to {}{}{}", to.product, said("chip", chip), said("channel", channel));
        self.change_device(mac, Admit::New, actor, action, |device| {
            device.product = Some(to.product.clone());
            device.chip = to.chip.or(device.chip);
            device.channel = to.channel.clone().or_else(|| device.channel.take());
        })
    }

    fn brake(&self, mac: Mac, brakes: Brakes, actor: &Actor) -> Result<DeviceView, Problem> {
        let action = match brakes {
            Brakes::Release => "let go of every brake",
            Brakes::Resume => "resumed updates of the build that was flashed by hand",
        };
        self.change_device(mac, Admit::OnRecord, actor, action.into(), |device| match brakes {
            Brakes::Release => device.release_brakes(),
            Brakes::Resume => device.resume(),
        })
    }

    pub(super) fn change_device(
        &self,
        mac: Mac,
        admit: Admit,
        actor: &Actor,
        action: String,
        mut change: impl FnMut(&mut Device),
    ) -> Result<DeviceView, Problem> {
        let from = actor.from.map(tracing::field::display);
        tracing::info!(who = actor.who, from, device = %mac, "{action}");
        let event = self.event(actor, Some(mac), None, action);
        let (mut found, catalogue) = (false, self.store.catalogue());
        self.store.with_device(mac, self.now(), admit, &mut |device| {
            let Some(device) = device else { return Vec::new() };
            found = true;
            change(device);
            // It may be of another product now.
            self.rollout.forget(device.mac);
            self.rollout.note(device, &catalogue);
            self.engine.census.note(device);
            vec![Event { product: device.product.clone(), ..event.clone() }]
        })?;
        if !found {
            return Err(no_device(mac));
        }
        self.store.flush()?;
        self.show_device(mac)
    }

    /// The event is no longer the device's: those go with it.
    fn forget(&self, mac: Mac, actor: &Actor) -> Result<(), Problem> {
        if self.store.forget(mac)? {
            self.rollout.forget(mac);
            self.engine.census.forget(mac);
            self.log(actor, None, format!("forgot {mac}"))
        } else {
            Err(no_device(mac))
        }
    }
}

/// A query, or the problem that it is none: where, and what is expected there.
pub(super) fn query(text: &str) -> Result<Query, Problem> {
    Query::parse(text).map_err(|error| {
        Problem::bad_request("bad-query", format!("the query cannot be read: {error}"))
            .help("docs/QUERY.md says what a query may ask for")
    })
}

pub(super) fn no_device(mac: Mac) -> Problem {
    Problem::not_found("no-device", format!("no device {mac} is on record")).help("otary device list")
}

pub(super) fn line(device: &Device, catalogue: &Catalogue) -> DeviceLine {
    let decided = device.standing.as_ref().map(|standing| &standing.decision);
    DeviceLine {
        mac: device.mac,
        product: device.belongs_to().cloned(),
        chip: decided.and_then(|decision| decision.chip).or(device.chip),
        channel: device.channel.clone(),
        runs: runs(device, catalogue),
        last_seen: device.last_seen,
        polls: device.polls,
        answer: decided.map(|decision| answer(device, decision.clone())),
        contested: device.contested,
        held: device.hold.is_some(),
        pin: device.pin.clone(),
        forced: device.forced.as_ref().map(|forced| forced.release.clone()),
    }
}

fn runs(device: &Device, catalogue: &Catalogue) -> Option<Runs> {
    let last = device.last.as_ref()?;
    let artifact = catalogue.running(&last.build);
    let product = device.belongs_to();
    let release = artifact.and_then(|artifact| {
        let product = product.or_else(|| Some(&catalogue.product_of(&artifact.id)?.name));
        catalogue.release_of(product?, &artifact.id)
    });
    Some(Runs { release: release.map(|r| r.id.clone()), says: last.version.clone(), build: last.build })
}

fn answer(device: &Device, decision: Decision) -> Answer {
    let advice = decision.reason.advice_of(device);
    Answer { verdict: decision.verdict(), because: decision.reason.to_string(), advice, decision }
}
