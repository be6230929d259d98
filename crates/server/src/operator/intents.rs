//! What an operator wants of one device, whatever is meant for the others: held, pinned to a release, given one once, in a
//! time zone of its own.
//!
//! A release is named by its version, of the product that the device belongs to. It has to be there and not withdrawn;
//! while a device is pinned or forced to it, it is not deleted.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use otary_fleet::{Device, Held, Mac, Release, ReleaseId, Version, Zone};
use otary_store::Admit;
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::devices::{DeviceView, no_device};
use super::problem::Problem;
use super::releases::release;
use super::request::{Body, Place};
use super::site::{Operator, carry_out, count};

/// The release that a device is to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedVersion {
    /// Its version, of the device's product.
    pub version: Version,
}

/// Where a device is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceZone {
    /// The time zone of its site, such as `Europe/Berlin`; none: that of whatever window there is.
    pub zone: Option<String>,
}

/// What an operator says of one device without further words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    Hold,
    Unhold,
    Unpin,
    Unforce,
}

pub(super) async fn say(
    operator: Arc<Operator>,
    actor: Actor,
    mac: Mac,
    intent: Intent,
) -> Result<Json<DeviceView>, Problem> {
    carry_out(operator, move |operator| operator.intend(mac, intent, &actor)).await.map(Json)
}

pub(super) async fn pin(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(mac): Place<Mac>,
    Body(wanted): Body<WantedVersion>,
) -> Result<Json<DeviceView>, Problem> {
    carry_out(operator, move |operator| operator.pin(mac, &wanted.version, &actor)).await.map(Json)
}

pub(super) async fn force(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(mac): Place<Mac>,
    Body(wanted): Body<WantedVersion>,
) -> Result<Json<DeviceView>, Problem> {
    carry_out(operator, move |operator| operator.force(mac, &wanted.version, &actor)).await.map(Json)
}

pub(super) async fn zone(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(mac): Place<Mac>,
    Body(place): Body<DeviceZone>,
) -> Result<Json<DeviceView>, Problem> {
    carry_out(operator, move |operator| operator.set_zone(mac, place.zone.as_deref(), &actor)).await.map(Json)
}

impl Operator {
    fn intend(&self, mac: Mac, intent: Intent, actor: &Actor) -> Result<DeviceView, Problem> {
        let held = Held { at: self.now(), by: actor.who.clone() };
        self.change_device(mac, Admit::OnRecord, actor, intent.done().into(), |device| match intent {
            Intent::Hold => device.hold = device.hold.take().or_else(|| Some(held.clone())),
            Intent::Unhold => device.hold = None,
            Intent::Unpin => device.pin = None,
            Intent::Unforce => device.forced = None,
        })
    }

    fn pin(&self, mac: Mac, version: &Version, actor: &Actor) -> Result<DeviceView, Problem> {
        let _changing = self.changing();
        let id = self.meant_for(mac, version)?.id;
        self.change_device(mac, Admit::OnRecord, actor, format!("pinned to {id}"), |device| {
            device.pin = Some(id.clone());
        })
    }

    fn force(&self, mac: Mac, version: &Version, actor: &Actor) -> Result<DeviceView, Problem> {
        let _changing = self.changing();
        let (release, now) = (self.meant_for(mac, version)?, self.now());
        let action = format!("to be given {} once", release.id);
        self.change_device(mac, Admit::OnRecord, actor, action, |device| {
            device.force(&release, actor.who.as_str(), now);
        })
    }

    fn set_zone(&self, mac: Mac, zone: Option<&str>, actor: &Actor) -> Result<DeviceView, Problem> {
        let zone: Option<Zone> =
            zone.map(str::parse).transpose().map_err(|unknown: otary_fleet::UnknownZone| {
                Problem::bad_request("unknown-zone", unknown.to_string())
            })?;
        let action = match &zone {
            Some(zone) => format!("put in the time zone {zone}"),
            None => "put in no time zone of its own".to_owned(),
        };
        self.change_device(mac, Admit::OnRecord, actor, action, |device| device.zone.clone_from(&zone))
    }

    /// The release of this version that can be meant for a device.
    fn meant_for(&self, mac: Mac, version: &Version) -> Result<Release, Problem> {
        let device = self.store.device(mac)?.ok_or_else(|| no_device(mac))?;
        let Some(product) = device.belongs_to() else {
            let detail = format!("of which product {mac} is, is not known");
            return Err(Problem::conflict("product-not-known", detail)
                .help(format!("otary device assign {mac} PRODUCT")));
        };
        let id = ReleaseId { product: product.clone(), version: version.clone() };
        let catalogue = self.store.catalogue();
        let release = release(&catalogue, &id)?;
        if release.withdrawn.is_some() {
            return Err(Problem::conflict("release-withdrawn", format!("{id} is withdrawn"))
                .help(format!("otary release restore {id}")));
        }
        Ok(release.clone())
    }

    /// Refuses what takes a release away from devices that are pinned or forced to it.
    pub(super) fn is_meant_for_nobody(&self, id: &ReleaseId) -> Result<(), Problem> {
        let (mut first, mut devices) = (None, 0);
        self.each_device(|device| {
            let Some(wish) = Wish::of(device, id) else { return };
            first.get_or_insert((device.mac, wish));
            devices += 1;
        })?;
        let Some((mac, wish)) = first else { return Ok(()) };
        let others = match devices - 1 {
            0 => String::new(),
            others => format!(", and {} are likewise", count(others, "other device")),
        };
        let (done, undone) = wish.words();
        Err(Problem::conflict("release-wanted", format!("{mac} is {done} {id}{others}"))
            .help(format!("otary device {undone} {mac}")))
    }
}

/// How a release is meant for one device.
#[derive(Clone, Copy)]
enum Wish {
    Pinned,
    Forced,
}

impl Wish {
    fn of(device: &Device, id: &ReleaseId) -> Option<Self> {
        let forced = device.forced.as_ref().filter(|forced| forced.release == *id);
        let pinned = device.pin.as_ref().filter(|pin| *pin == id);
        pinned.map(|_| Self::Pinned).or(forced.map(|_| Self::Forced))
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Pinned => ("pinned to", "unpin"),
            Self::Forced => ("to be given", "unforce"),
        }
    }
}

impl Intent {
    const fn done(self) -> &'static str {
        match self {
            Self::Hold => "held",
            Self::Unhold => "no longer held",
            Self::Unpin => "no longer pinned",
            Self::Unforce => "no longer to be given a release once",
        }
    }
}
