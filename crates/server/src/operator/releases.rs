//! Releases that were published: list, show, withdraw, restore, pin, delete.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::{Artifact, Campaign, Catalogue, ProductName, Release, ReleaseId, Sha256, Time, Version};
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::campaigns::aborted;
use super::pages::{self, Which};
use super::problem::Problem;
use super::request::{Options, Place};
use super::signing::FileSignature;
use super::site::{Operator, carry_out, count};

/// A release with what is known around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReleaseView {
    /// The release.
    #[serde(flatten)]
    pub release: Release,
    /// What it is made of.
    pub files: Vec<ReleasedFile>,
    /// Devices that run it, by their own word.
    pub running: u64,
}

/// An artifact of a release, and how often it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReleasedFile {
    /// The artifact.
    #[serde(flatten)]
    pub artifact: Artifact,
    /// Downloads of which every byte was handed over.
    pub downloads: u64,
    /// Downloads that ended before.
    pub cut_off: u64,
    /// By which key it is signed, if it is, and whether devices still install it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<FileSignature>,
}

/// A page of the releases, by product and then by age.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReleasePage {
    /// The releases.
    pub releases: Vec<ReleaseView>,
    /// Where the next page begins: `?after=`. None on the last one.
    pub next: Option<String>,
}

/// The place of a release in the list: releases of one product are in the order in which they were published.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Ranked {
    product: ProductName,
    published: Time,
    version: Version,
}

/// What is changed about a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Withdraw,
    Restore,
    Pin,
    Unpin,
}

pub(super) async fn list(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Options(which): Options<Which>,
) -> Result<Json<ReleasePage>, Problem> {
    carry_out(operator, move |operator| operator.list_releases(&which, &actor)).await.map(Json)
}

pub(super) async fn show(
    State(operator): State<Arc<Operator>>,
    Place((product, version)): Place<(ProductName, Version)>,
) -> Result<Json<ReleaseView>, Problem> {
    carry_out(operator, move |operator| operator.show_release(&ReleaseId { product, version }))
        .await
        .map(Json)
}

pub(super) async fn change(
    operator: Arc<Operator>,
    actor: Actor,
    id: ReleaseId,
    change: Change,
) -> Result<Json<ReleaseView>, Problem> {
    carry_out(operator, move |operator| operator.change_release(&id, change, &actor)).await.map(Json)
}

pub(super) async fn delete(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place((product, version)): Place<(ProductName, Version)>,
) -> Result<StatusCode, Problem> {
    let id = ReleaseId { product, version };
    carry_out(operator, move |operator| operator.delete_release(&id, &actor)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Operator {
    fn list_releases(&self, which: &Which, actor: &Actor) -> Result<ReleasePage, Problem> {
        let after: Option<Ranked> = pages::read(which.after.as_deref())?;
        let catalogue = self.store.catalogue();
        let running = self.running(&catalogue)?;
        let wanted = |release: &&Release| {
            let product = &release.id.product;
            which.has(product, actor)
        };
        let releases = catalogue.all_releases().filter(wanted).map(|release| (Ranked::of(release), release));
        let mut following: Vec<_> =
            releases.filter(|(place, _)| after.as_ref().is_none_or(|after| place > after)).collect();
        following.sort_by(|(one, _), (other, _)| one.cmp(other));
        let (page, more) = pages::cut(following.into_iter(), pages::limit(which.limit));
        let next = page.last().filter(|_| more).map(|(place, _)| place.to_string());
        let views = page.into_iter().map(|(_, release)| self.view(release, &catalogue, &running));
        Ok(ReleasePage { releases: views.collect::<Result<_, _>>()?, next })
    }

    pub(super) fn show_release(&self, id: &ReleaseId) -> Result<ReleaseView, Problem> {
        let catalogue = self.store.catalogue();
        self.view(release(&catalogue, id)?, &catalogue, &self.running(&catalogue)?)
    }

    fn change_release(&self, id: &ReleaseId, change: Change, actor: &Actor) -> Result<ReleaseView, Problem> {
        let (_changing, _moving) = (self.changing(), self.rollout.changing());
        let catalogue = self.store.catalogue();
        let mut changed = release(&catalogue, id)?.clone();
        match change {
            Change::Withdraw => changed.withdrawn = changed.withdrawn.or_else(|| Some(self.now())),
            Change::Restore => changed.withdrawn = None,
            Change::Pin => changed.pinned = true,
            Change::Unpin => changed.pinned = false,
        }
        self.store.put_release(&changed)?;
        self.log(actor, Some(&id.product), format!("{} {id}", change.done()))?;
        if change == Change::Withdraw {
            self.abort_campaigns_of(id, &catalogue, actor)?;
        }
        self.show_release(id)
    }

    /// What is withdrawn goes to nobody: its campaigns have nothing left to do, and would keep others from their devices.
    fn abort_campaigns_of(
        &self,
        id: &ReleaseId,
        catalogue: &Catalogue,
        actor: &Actor,
    ) -> Result<(), Problem> {
        let brings = |campaign: &&Campaign| campaign.release == *id && campaign.is_under_way();
        for campaign in catalogue.campaigns(&id.product).iter().filter(brings) {
            let state = aborted(&actor.who, self.now());
            self.store.put_campaign(&Campaign { state, ..campaign.clone() })?;
            let action = format!("aborted campaign {} ({id}), since its release is withdrawn", campaign.id);
            self.log(actor, Some(&id.product), action)?;
        }
        Ok(())
    }

    fn delete_release(&self, id: &ReleaseId, actor: &Actor) -> Result<(), Problem> {
        let _changing = self.changing();
        let catalogue = self.store.catalogue();
        let found = release(&catalogue, id)?;
        if found.pinned {
            return Err(Problem::conflict("release-pinned", format!("{id} is pinned"))
                .help(format!("otary release unpin {id}")));
        }
        let running = run(found, &self.running(&catalogue)?);
        if running > 0 {
            let detail = format!("{id} is what {} seen to run", are(running));
            return Err(Problem::conflict("release-running", detail)
                .help(format!("to offer it no longer, otary release withdraw {id}")));
        }
        self.is_meant_for_nobody(id)?;
        self.store.delete_release(id)?;
        self.log(actor, Some(&id.product), format!("deleted {id}"))
    }

    /// How many devices run each artifact, by their own word.
    pub(super) fn running(&self, catalogue: &Catalogue) -> Result<HashMap<Sha256, u64>, Problem> {
        Ok(self.engine.census.running(catalogue)?)
    }

    fn view(
        &self,
        release: &Release,
        catalogue: &Catalogue,
        running: &HashMap<Sha256, u64>,
    ) -> Result<ReleaseView, Problem> {
        let artifacts = release.artifacts.iter().filter_map(|id| catalogue.artifact(id));
        let files = artifacts.map(|artifact| {
            let sent = self.store.downloads(&artifact.id)?;
            let signature = release.manifest_of(&artifact.id).map(|manifest| self.signature(manifest));
            let (downloads, cut_off) = (sent.whole, sent.cut_off);
            Ok(ReleasedFile { artifact: artifact.clone(), downloads, cut_off, signature })
        });
        let files = files.collect::<Result<_, Problem>>()?;
        Ok(ReleaseView { release: release.clone(), files, running: run(release, running) })
    }
}

impl Ranked {
    fn of(release: &Release) -> Self {
        let ReleaseId { product, version } = release.id.clone();
        Self { product, published: release.published, version }
    }
}

impl fmt::Display for Ranked {
    /// No name of a product has a `/`; a version may.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.product, self.published.0, &*self.version)
    }
}

impl FromStr for Ranked {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let mut parts = text.splitn(3, '/');
        let [product, published, version] = [(); 3].map(|()| parts.next().ok_or_else(pages::bad_cursor));
        let product = product?.parse().map_err(|_| pages::bad_cursor())?;
        let published = published?.parse().map(Time).map_err(|_| pages::bad_cursor())?;
        Ok(Self { product, published, version: version?.into() })
    }
}

impl Change {
    const fn done(self) -> &'static str {
        match self {
            Self::Withdraw => "withdrew",
            Self::Restore => "restored",
            Self::Pin => "pinned",
            Self::Unpin => "unpinned",
        }
    }
}

/// A release of the catalogue, or the problem that there is none.
pub(super) fn release<'a>(catalogue: &'a Catalogue, id: &ReleaseId) -> Result<&'a Release, Problem> {
    catalogue.release(id).ok_or_else(|| {
        Problem::not_found("no-release", format!("there is no release {id}")).help("otary release list")
    })
}

fn run(release: &Release, running: &HashMap<Sha256, u64>) -> u64 {
    release.artifacts.iter().filter_map(|id| running.get(id)).sum()
}

fn are(devices: u64) -> String {
    format!("{} {}", count(devices, "device"), if devices == 1 { "was" } else { "were" })
}
