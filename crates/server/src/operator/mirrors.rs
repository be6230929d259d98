//! Mirrors: added, looked at, removed; and followed while a server runs. What was found becomes a release by
//! `POST /releases` like every upload, or by itself where the operator said so beforehand.

mod look;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::{Artifact, Catalogue, Channel, ProductName, RiskName, Scope, Sha256};
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::campaigns::ByCampaign;
use super::problem::Problem;
use super::publish::{Part, Publication};
use super::refusal::Allowance;
use super::request::{Body, Place as InPath};
use super::site::{Operator, carry_out};
use crate::fetch::{FetchError, Permission, Place};
use crate::mirror::{Found, FoundFile, Mirror, Reaching, Trust, VerifyingKey};
use look::Look;

/// The store's setting with every mirror, as JSON.
const MIRRORS: &str = "mirrors";

/// How often is looked which mirrors are due.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// A mirror to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMirror {
    /// The product, which is there already.
    pub product: ProductName,
    /// A manifest, or the firmware files themselves.
    pub from: Vec<String>,
    /// Files with these SHA-256 are trusted.
    #[serde(default)]
    pub digests: BTreeSet<Sha256>,
    /// Files with a detached signature by this key are trusted: PEM.
    #[serde(default)]
    pub key: Option<String>,
    /// What is put behind a file's URL for its signature's; `.sig` without.
    #[serde(default)]
    pub suffix: Option<String>,
    /// Where it may reach.
    #[serde(default)]
    pub reach: Reaching,
    /// A file of the server's machine with a token for the first URL's host. For the owner of the data directory alone.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// How often is looked, in hours; 0: when told.
    pub every_hours: u32,
    /// Where trusted releases are published by themselves.
    #[serde(default)]
    pub publish_to: Option<Channel>,
    /// Accepted risks of such releases.
    #[serde(default)]
    pub risks: BTreeSet<RiskName>,
    /// What is let pass of such releases.
    #[serde(default)]
    pub allow: BTreeSet<Allowance>,
}

/// A mirror as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MirrorView {
    /// The mirror.
    #[serde(flatten)]
    pub mirror: Mirror,
    /// The version that what was found last is released as here.
    pub released: Option<String>,
}

pub(super) async fn list(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
) -> Result<Json<Vec<MirrorView>>, Problem> {
    let views = carry_out(operator, move |operator| {
        let catalogue = operator.store.catalogue();
        let seen = operator.mirrors()?.into_iter().filter(|mirror| actor.sees(&mirror.product));
        Ok(seen.map(|mirror| view(mirror, &catalogue)).collect())
    });
    views.await.map(Json)
}

pub(super) async fn show(
    State(operator): State<Arc<Operator>>,
    InPath(product): InPath<ProductName>,
) -> Result<Json<MirrorView>, Problem> {
    let shown = move |operator: &Operator| Ok(view(operator.mirror(&product)?, &operator.store.catalogue()));
    carry_out(operator, shown).await.map(Json)
}

pub(super) async fn add(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Body(new): Body<NewMirror>,
) -> Result<(StatusCode, Json<MirrorView>), Problem> {
    let added = carry_out(operator, move |operator| operator.add_mirror(new, &actor)).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

pub(super) async fn remove(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    InPath(product): InPath<ProductName>,
) -> Result<StatusCode, Problem> {
    carry_out(operator, move |operator| {
        let _changing = operator.changing();
        operator.mirror(&product)?;
        operator.change_mirrors(|mirrors| mirrors.retain(|mirror| mirror.product != product))?;
        operator.log(&actor, Some(&product), format!("removed the mirror of {product}"))
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn check(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    InPath(product): InPath<ProductName>,
) -> Result<Json<MirrorView>, Problem> {
    let of = product.clone();
    carry_out(Arc::clone(&operator), move |operator| {
        operator.mirror(&of)?;
        operator.log(&actor, Some(&of), format!("looked at the mirror of {of}"))
    })
    .await?;
    look(&operator, &product).await.map(Json)
}

/// Looks at every mirror when it is due, until dropped.
pub async fn follow_mirrors(operator: Arc<Operator>) {
    loop {
        let now = operator.now();
        let due = carry_out(Arc::clone(&operator), move |operator| {
            Ok(operator.mirrors()?.into_iter().filter(|mirror| mirror.is_due(now)).collect::<Vec<_>>())
        });
        for mirror in due.await.unwrap_or_default() {
            if let Err(problem) = look(&operator, &mirror.product).await {
                tracing::warn!(target: "mirror", product = mirror.product.as_str(), "{}", problem.detail());
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Fetches what a mirror has, keeps what was found or why nothing was, and publishes what may be published.
async fn look(operator: &Arc<Operator>, product: &ProductName) -> Result<MirrorView, Problem> {
    let name = product.clone();
    let mirror = carry_out(Arc::clone(operator), move |operator| operator.mirror(&name)).await?;
    let found = Look { operator, mirror: &mirror }.find().await;
    carry_out(Arc::clone(operator), move |operator| operator.note_found(&mirror, found)).await
}

impl Operator {
    fn mirrors(&self) -> Result<Vec<Mirror>, Problem> {
        let kept = self.store.setting(MIRRORS)?;
        let read = kept.map(|json| serde_json::from_str(&json)).transpose();
        Ok(read
            .map_err(|error| Problem::internal("store-failed", "the store failed", error))?
            .unwrap_or_default())
    }

    fn mirror(&self, product: &ProductName) -> Result<Mirror, Problem> {
        let mirror = self.mirrors()?.into_iter().find(|mirror| mirror.product == *product);
        mirror.ok_or_else(|| {
            Problem::not_found("no-mirror", format!("{product} has no mirror"))
                .help(format!("otary mirror add {product} --from URL"))
        })
    }

    fn change_mirrors(&self, change: impl FnOnce(&mut Vec<Mirror>)) -> Result<(), Problem> {
        let mut mirrors = self.mirrors()?;
        change(&mut mirrors);
        let json = serde_json::to_string(&mirrors);
        let json = json.map_err(|error| Problem::internal("store-failed", "the store failed", error))?;
        Ok(self.store.put_setting(MIRRORS, &json)?)
    }

    fn add_mirror(&self, new: NewMirror, actor: &Actor) -> Result<MirrorView, Problem> {
        actor.check(Scope::Operate, Some(&new.product))?;
        // What only this machine can reach is not for whoever looks after one product.
        if new.reach.plain_http || !new.reach.hosts.is_empty() {
            actor.check(Scope::Own, None)?;
        }
        if new.token_file.is_some() {
            actor.check_owner()?;
        }
        let mirror = mirror_of(new, self)?;
        let _changing = self.changing();
        let mirrors = self.mirrors()?;
        if mirrors.iter().any(|other| other.product == mirror.product) {
            let detail = format!("{} has a mirror already", mirror.product);
            return Err(Problem::conflict("mirror-exists", detail)
                .help(format!("otary mirror remove {}", mirror.product)));
        }
        if mirrors.len() >= Mirror::MAX {
            let detail =
                format!("there are {} mirrors already, which is as many as there may be", Mirror::MAX);
            return Err(Problem::conflict("too-many-mirrors", detail));
        }
        self.change_mirrors(|mirrors| mirrors.push(mirror.clone()))?;
        let from = mirror.from.join(", ");
        self.log(actor, Some(&mirror.product), format!("added a mirror of {from} for {}", mirror.product))?;
        Ok(view(mirror, &self.store.catalogue()))
    }

    /// Keeps what a look brought. What it found before stays when it failed.
    fn note_found(&self, mirror: &Mirror, found: Result<Found, Problem>) -> Result<MirrorView, Problem> {
        let now = self.now();
        let published = match &found {
            Ok(found) => self.publish_found(mirror, found),
            Err(_) => Ok(()),
        };
        let _changing = self.changing();
        let failed =
            found.as_ref().err().or(published.as_ref().err()).map(|problem| problem.detail().to_owned());
        let found_now = found.as_ref().ok().cloned();
        self.change_mirrors(|mirrors| {
            let kept = mirrors.iter_mut().find(|kept| kept.product == mirror.product);
            if let Some(kept) = kept {
                kept.looked = Some(now);
                kept.failed = failed;
                kept.found = found_now.or(kept.found.take());
            }
        })?;
        found?;
        published?;
        Ok(view(self.mirror(&mirror.product)?, &self.store.catalogue()))
    }

    /// Publishes what is trusted, if that was said to be done and it is not released yet.
    fn publish_found(&self, mirror: &Mirror, found: &Found) -> Result<(), Problem> {
        let Some(channel) = mirror.publish_to.clone().filter(|_| found.trusted) else { return Ok(()) };
        if released(mirror, found, &self.store.catalogue()).is_some() {
            return Ok(());
        }
        let version = found.version.clone().ok_or_else(|| {
            let detail = format!("{}: neither manifest nor image says a version", mirror.from.join(", "));
            Problem::new(StatusCode::BAD_GATEWAY, "mirror-version", detail)
                .help(format!("otary mirror publish {} --version VERSION", mirror.product))
        })?;
        let part = |file: &FoundFile| Part {
            id: file.artifact.id,
            file: file.artifact.file_name.clone(),
            raw: false,
        };
        let publication = Publication {
            product: mirror.product.clone(),
            version,
            channel: Some(channel),
            notes: format!("From {}", mirror.from.join(", ")),
            artifacts: found.files.iter().map(part).collect(),
            allow: mirror.allow.clone(),
            risks: mirror.risks.clone(),
            manifests: Vec::new(),
            sign: None,
            order: otary_fleet::Sequence::default(),
            via: None,
            campaign: ByCampaign::Usual,
            supersede: false,
            dry_run: false,
            keep_uploads: false,
        };
        self.publish(&publication, &Actor::mirror()).map(drop)
    }
}

/// A mirror as it is kept, if it makes sense.
fn mirror_of(new: NewMirror, operator: &Operator) -> Result<Mirror, Problem> {
    let NewMirror { product, from, digests, key, suffix, reach, token_file, .. } = new;
    if operator.store.catalogue().product(&product).is_none() {
        return Err(Problem::not_found("no-product", format!("there is no product {product}"))
            .help(format!("otary product add {product}")));
    }
    check_places(&from, &reach)?;
    if new.every_hours > Mirror::MAX_EVERY_HOURS {
        let detail = format!("a mirror is looked at every {} hours or more often", Mirror::MAX_EVERY_HOURS);
        return Err(Problem::bad_request("mirror-every", detail));
    }
    let trust = trust_of(digests, key, suffix)?;
    if new.publish_to.is_some() && trust == Trust::Person {
        let detail = "what nothing vouches for is published by a person, never by itself";
        return Err(Problem::bad_request("mirror-untrusted", detail)
            .help("say --sha256 DIGEST or --key FILE, or leave --publish-to out"));
    }
    Ok(Mirror {
        product,
        from,
        trust,
        reach,
        token_file,
        every_hours: new.every_hours,
        publish_to: new.publish_to,
        risks: new.risks,
        allow: new.allow,
        added: operator.now(),
        found: None,
        looked: None,
        failed: None,
    })
}

fn check_places(from: &[String], reach: &Reaching) -> Result<(), Problem> {
    if !(1..=Mirror::MAX_FILES).contains(&from.len()) {
        let detail = format!("a mirror has 1 to {} URLs, these are {}", Mirror::MAX_FILES, from.len());
        return Err(Problem::bad_request("mirror-from", detail));
    }
    let permission = Permission { plain_http: reach.plain_http, ..Permission::default() };
    for url in from {
        let checked = url.parse::<Place>().and_then(|place| place.check(&permission));
        checked.map_err(|error| {
            let problem = Problem::bad_request("mirror-from", format!("{url}: {}", with_cause(&error)));
            match error.help() {
                Some(help) => problem.help(help),
                None => problem,
            }
        })?;
    }
    Ok(())
}

fn trust_of(
    digests: BTreeSet<Sha256>,
    key: Option<String>,
    suffix: Option<String>,
) -> Result<Trust, Problem> {
    match (digests.is_empty(), key) {
        (true, None) => Ok(Trust::Person),
        (false, None) => Ok(Trust::Digests(digests)),
        (true, Some(pem)) => {
            let known = VerifyingKey::from_pem(&pem);
            known.map_err(|error| Problem::bad_request("mirror-key", error.to_string()))?;
            Ok(Trust::Key { pem, suffix: suffix.unwrap_or_else(|| Mirror::SUFFIX.to_owned()) })
        }
        (false, Some(_)) => {
            let detail = "a mirror goes by digests or by a key, not by both";
            Err(Problem::bad_request("mirror-trust", detail))
        }
    }
}

fn view(mirror: Mirror, catalogue: &Catalogue) -> MirrorView {
    let released = mirror.found.as_ref().and_then(|found| released(&mirror, found, catalogue));
    MirrorView { mirror, released }
}

/// The version of the release that has every file that was found.
fn released(mirror: &Mirror, found: &Found, catalogue: &Catalogue) -> Option<String> {
    let holds = |artifacts: &[Sha256], artifact: &Artifact| artifacts.contains(&artifact.id);
    let releases = catalogue.releases(&mirror.product).iter().rev();
    let mut all = releases.filter(|r| found.files.iter().all(|file| holds(&r.artifacts, &file.artifact)));
    all.next().map(|release| release.id.version.to_string())
}

fn with_cause(error: &FetchError) -> String {
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
