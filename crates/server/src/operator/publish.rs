//! Publishing: uploads become a release, all of them or none, after it was said what that will do.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use otary_fleet::{
    Artifact, Campaign, Catalogue, Channel, Kind, Order, Preflight, Product, ProductName, Release, ReleaseId,
    Risk, RiskName, Scope, Sequence, Sha256, SignedManifest, Time, Version, ViaError, check_via, compare,
};
use otary_store::StoreError;
use otary_trust::signing::Manifest;
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::campaigns::{ByCampaign, Outgoing, Superseded, plan};
use super::effect::Effect;
use super::problem::Problem;
use super::refusal::{Allowance, Refusal, check, check_form};
use super::request::{Body, Made};
use super::review::Review;
use super::signing::ServerSigning;
use super::site::{Operator, carry_out};

/// A release to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// The product.
    pub product: ProductName,
    /// The version, as its owner writes it.
    pub version: String,
    /// The channel; `stable` without.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// For people.
    #[serde(default)]
    pub notes: String,
    /// The uploads that it is made of. Those that no release holds are gone afterwards if it is not published, unless they are
    /// to stay.
    pub artifacts: Vec<Part>,
    /// What is let pass that would be refused otherwise.
    #[serde(default)]
    pub allow: BTreeSet<Allowance>,
    /// The risks of the files that are accepted.
    #[serde(default)]
    pub risks: BTreeSet<RiskName>,
    /// What its owner signed of the uploads: one for each that devices are to verify.
    #[serde(default)]
    pub manifests: Vec<SignedManifest>,
    /// Has this server sign, with the release key that it holds.
    #[serde(default)]
    pub sign: Option<ServerSigning>,
    /// Which of the files go first, if there are a program and a file system.
    #[serde(default)]
    pub order: Sequence,
    /// The version that whoever runs something older gets first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Version>,
    /// How it goes out.
    #[serde(default)]
    pub campaign: ByCampaign,
    /// Whether campaigns under way for the same devices end. One that was stopped on evidence ends in any case.
    #[serde(default)]
    pub supersede: bool,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// Whether uploads stay that no release holds, also if nothing is published: for whoever looks first. They go with `gc`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_uploads: bool,
}

/// An upload that becomes part of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The artifact that the upload was found to be.
    pub id: Sha256,
    /// The name of the file.
    pub file: String,
    /// Whether it is taken as it is.
    #[serde(default)]
    pub raw: bool,
}

/// What was published, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Published {
    /// The release.
    pub release: Release,
    /// What it is made of.
    pub artifacts: Vec<Artifact>,
    /// What was found in each of them with regard to this server.
    #[serde(default)]
    pub reviews: Vec<Review>,
    /// Whether the product was made with it.
    pub new_product: bool,
    /// The campaign by which it goes out, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<Campaign>,
    /// Campaigns that end for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub superseded: Vec<Superseded>,
    /// What will happen to the devices that are known.
    pub effect: Option<Effect>,
    /// Which of them would not take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preflight: Option<Preflight>,
    /// What its manifests say, if it is signed; but for the image, they say the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Manifest>,
    /// What was worth telling, a sentence each.
    pub notes: Vec<String>,
}

pub(super) async fn publish(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Body(publication): Body<Publication>,
) -> Result<Made<Published>, Problem> {
    let is_made = !publication.dry_run;
    let published = carry_out(operator, move |operator| operator.publish(&publication, &actor)).await?;
    Ok(Made { is_made, of: published })
}

impl Operator {
    pub(super) fn publish(&self, publication: &Publication, actor: &Actor) -> Result<Published, Problem> {
        let _changing = self.changing();
        // Before all else: who may not publish there takes nobody's uploads away by trying.
        if self.store.catalogue().product(&publication.product).is_some() {
            actor.check(Scope::Push, Some(&publication.product))?;
        } else {
            actor.check_making(Scope::Push, &publication.product)?;
        }
        let moving = self.rollout.changing();
        let done = self.prepare(publication, actor).and_then(|(product, published, campaigns)| {
            if !publication.dry_run {
                self.put(&product, &published, &campaigns, actor)?;
            }
            Ok(published)
        });
        drop(moving);
        if done.as_ref().is_ok_and(|published| published.campaign.is_some()) && !publication.dry_run {
            self.rollout.campaigns_changed();
        }
        if !publication.keep_uploads && (done.is_err() || publication.dry_run) {
            self.drop_uploads(publication.artifacts.iter().map(|part| part.id));
        }
        done
    }

    /// Checks everything and changes nothing.
    fn prepare(
        &self,
        publication: &Publication,
        actor: &Actor,
    ) -> Result<(Product, Published, Vec<Campaign>), Problem> {
        let catalogue = self.store.catalogue();
        let now = self.now();
        let known = catalogue.product(&publication.product).cloned();
        check_form(&publication.version, &publication.notes, publication.artifacts.len())?;
        let new_product = known.is_none();
        let product = known.map_or_else(|| new_product_of(publication, &catalogue, actor, now), Ok)?;
        check_files(publication, &catalogue, actor)?;
        let artifacts =
            publication.artifacts.iter().map(|part| self.artifact(&part.id, &part.file, part.raw));
        let artifacts: Vec<Artifact> = artifacts.collect::<Result<_, _>>()?;
        let mut release = release_of(publication, &artifacts, &catalogue, now)?;
        check(&release, &artifacts, &product, &catalogue, &publication.allow)?;
        if let Some(signing) = &publication.sign {
            release.manifests = self.sign_here(&release, &artifacts, &catalogue, signing)?;
        }
        let signed = self.check_manifests(&release, &artifacts, &catalogue)?;
        let (reviews, of_files) = self.review(&release, &artifacts, &catalogue, &publication.risks)?;

        let alone = with(&catalogue, &product, &release, &artifacts, &[]);
        check_via(&release, &alone).map_err(|error| no_way_through(&error))?;
        let outgoing = Outgoing {
            release: &release.id,
            channel: &release.channel,
            kind: plan::kind(artifacts.iter().map(|artifact| artifact.kind)),
            supersede: publication.supersede,
            rolls_back: None,
            // With the release: that tells it from one that sends out what is published already.
            at: release.published,
        };
        let campaigns = self.campaigns_for(outgoing, &publication.campaign, &alone, actor)?;
        let after = with(&catalogue, &product, &release, &artifacts, &campaigns);
        let campaign = plan::made(&campaigns).cloned();
        let (effect, preflight) = self.effect(&release, &after, campaign.as_ref(), now)?;
        let (effect, preflight) = (Some(effect), Some(preflight));
        let unsigned = self.unsigned(&release, &artifacts);
        let notes = [of_files, notes(&release, &artifacts, &catalogue), unsigned].concat();
        let superseded = plan::superseded(&campaigns);
        let published = Published {
            release,
            artifacts,
            reviews,
            new_product,
            campaign,
            superseded,
            effect,
            preflight,
            signed,
            notes,
        };
        Ok((product, published, campaigns))
    }

    fn put(
        &self,
        product: &Product,
        published: &Published,
        campaigns: &[Campaign],
        actor: &Actor,
    ) -> Result<(), Problem> {
        if published.new_product {
            self.store.put_product(product)?;
        }
        self.store.publish_with(&published.release, &published.artifacts, campaigns)?;
        let release = &published.release;
        let number = release.manifests.first().map(|manifest| manifest.number);
        if let Some(number) = number {
            self.keep_number(&product.name, number)?;
        }
        let signed = number.map(|number| format!(", signed as number {number}")).unwrap_or_default();
        let accepted = accepted(&published.reviews);
        let by = plan::said(campaigns);
        let action = format!("published {} to {}{by}{signed}{accepted}", release.id, release.channel);
        self.log(actor, Some(&product.name), action)
    }
}

/// The risks that were accepted, for the record.
fn accepted(reviews: &[Review]) -> String {
    let names = reviews.iter().flat_map(|review| &review.accepted).map(Risk::name);
    let names: BTreeSet<&str> = names.map(RiskName::name).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(", accepting {}", names.into_iter().collect::<Vec<_>>().join(", "))
}

/// The first product of all is made without asking; a further one may be a slip of the pen.
fn new_product_of(
    publication: &Publication,
    catalogue: &Catalogue,
    actor: &Actor,
    now: Time,
) -> Result<Product, Refusal> {
    let is_first = catalogue.products().next().is_none();
    let others = catalogue.products().map(|product| &product.name).filter(|name| actor.sees(name));
    let others: Vec<ProductName> = others.cloned().collect();
    let product = publication.product.clone();
    if is_first || publication.allow.contains(&Allowance::NewProduct) {
        Ok(Product::new(product, now))
    } else {
        Err(Refusal::UnknownProduct { product, others })
    }
}

/// Refuses files that are known here as those of products alone that `actor` may not see: who knows the digest of another's
/// image would be given it as a release of his own. They are answered as what was never uploaded.
fn check_files(publication: &Publication, catalogue: &Catalogue, actor: &Actor) -> Result<(), Problem> {
    publication.artifacts.iter().try_for_each(|part| check_file(&part.id, catalogue, actor))
}

/// The same of one file.
pub(super) fn check_file(id: &Sha256, catalogue: &Catalogue, actor: &Actor) -> Result<(), Problem> {
    let holders = catalogue.all_releases().filter(|release| release.artifacts.contains(id));
    let holders: Vec<bool> = holders.map(|release| actor.sees(&release.id.product)).collect();
    if !holders.is_empty() && holders.iter().all(|is_seen| !is_seen) {
        return Err(Problem::from(StoreError::NoBlob(*id)).help("upload the file again"));
    }
    Ok(())
}

fn release_of(
    publication: &Publication,
    artifacts: &[Artifact],
    catalogue: &Catalogue,
    now: Time,
) -> Result<Release, Problem> {
    let stable =
        || Channel::STABLE.parse().map_err(|error| Problem::internal("crashed", "no channel", error));
    let channel = publication.channel.clone().map_or_else(stable, Ok)?;
    Ok(Release {
        id: ReleaseId { product: publication.product.clone(), version: publication.version.as_str().into() },
        channel,
        artifacts: artifacts.iter().map(|artifact| artifact.id).collect(),
        order: publication.order,
        via: publication.via.clone(),
        manifests: publication.manifests.clone(),
        notes: publication.notes.clone(),
        published: after_the_last(&publication.product, catalogue, now),
        withdrawn: None,
        pinned: false,
    })
}

/// Releases are offered newest first: a clock that was set back must not put this one behind an older one.
fn after_the_last(product: &ProductName, catalogue: &Catalogue, now: Time) -> Time {
    let last = catalogue.releases(product).last().map(|release| release.published);
    last.map_or(now, |last| now.max(Time(last.0.saturating_add(1))))
}

/// The problem that a version which must be passed through cannot be.
fn no_way_through(error: &ViaError) -> Problem {
    let code = match error {
        ViaError::Unknown { .. } | ViaError::Withdrawn { .. } => "via-not-there",
        ViaError::NotOlder { .. } | ViaError::Circle { .. } | ViaError::TooMany { .. } => "via-leads-nowhere",
    };
    Problem::bad_request(code, error.to_string()).help("otary release list says which versions there are")
}

fn with(
    catalogue: &Catalogue,
    product: &Product,
    release: &Release,
    artifacts: &[Artifact],
    campaigns: &[Campaign],
) -> Catalogue {
    let products = catalogue.products().filter(|other| other.name != product.name).chain([product]);
    let releases = catalogue.all_releases().chain([release]);
    let artifacts = catalogue.artifacts().chain(artifacts);
    Catalogue::new(products.cloned(), releases.cloned(), artifacts.cloned()).with_campaigns(
        catalogue
            .all_campaigns()
            .filter(|old| campaigns.iter().all(|new| new.id != old.id))
            .chain(campaigns)
            .cloned(),
        catalogue.groups().cloned(),
    )
}

/// What is no reason to refuse, and worth a look all the same.
fn notes(release: &Release, artifacts: &[Artifact], catalogue: &Catalogue) -> Vec<String> {
    let version = &release.id.version;
    let mut notes = Vec::new();
    for artifact in artifacts {
        let file = &artifact.file_name;
        if let Some(own) =
            artifact.proposed_version.as_ref().filter(|own| compare(own, version) != Order::Same)
        {
            notes.push(format!("{file} calls itself {own}; the release is {version}, as you said"));
        }
        if artifact.kind == Kind::Raw {
            let id = artifact.id;
            notes.push(format!(
                "{file} is opaque to otary: it is offered to the clients that can take such a file (ESP-IDF, esp32FOTA, \
                 hawkBit) and to nobody else; its path is /artifact/{id}"
            ));
        }
        if let Some(before) = catalogue.release_of(&release.id.product, &artifact.id) {
            let before = &before.id.version;
            notes.push(format!(
                "{file} is the same as in {before}: what runs it there will not be sent it again"
            ));
        }
    }
    notes.extend(order_note(release, artifacts));
    notes
}

/// What an order can do, and for whom it cannot.
fn order_note(release: &Release, artifacts: &[Artifact]) -> Option<String> {
    let has = |kind: Kind| artifacts.iter().any(|artifact| artifact.kind == kind);
    let first = match release.order {
        _ if !has(Kind::App) || !has(Kind::Filesystem) => return None,
        Sequence::FilesFirst => {
            "the file system goes first: a device that asks for both is sent the program after it"
        }
        Sequence::AppFirst => "the program goes first: a device is sent the file system once it runs that",
    };
    Some(first.to_owned())
}
