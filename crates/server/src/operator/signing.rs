//! Signed releases for operators: the chain of root records, what the next record takes from this server, and the release
//! key that it may hold.
//!
//! Private root keys never come here. A record is made and signed on the operator's computer, and kept here only if it
//! follows from the chain by the rules that devices go by. A release key passes for the owner of the data directory alone.

mod check;
mod refusal;
mod view;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::{Catalogue, ProductName, SignedManifest};
use otary_trust::signing::{Record, SigningKey};

use super::actor::Actor;
use super::problem::Problem;
use super::request::{Body, Place};
use super::site::{Operator, carry_out};
use crate::Held;
use refusal::{not_a_record, not_held, unreadable_key};

pub use refusal::Unsigned;
pub use view::{
    Anchor, FileSignature, HeldKey, Material, NewRecord, Numbers, OrderProblem, RecordLine, ServerSigning,
    SigningView,
};

pub(super) async fn show(State(operator): State<Arc<Operator>>) -> Result<Json<SigningView>, Problem> {
    carry_out(operator, Operator::signing_view).await.map(Json)
}

pub(super) async fn numbers(
    State(operator): State<Arc<Operator>>,
    Place(product): Place<ProductName>,
) -> Result<Json<Numbers>, Problem> {
    carry_out(operator, move |operator| operator.numbers(&product)).await.map(Json)
}

/// Gives what a record takes from this server; makes the order key if there is none.
pub(super) async fn material(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
) -> Result<Json<Material>, Problem> {
    carry_out(operator, move |operator| operator.material(&actor)).await.map(Json)
}

pub(super) async fn add(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Body(record): Body<NewRecord>,
) -> Result<(StatusCode, Json<SigningView>), Problem> {
    let view = carry_out(operator, move |operator| operator.add_record(&record, &actor)).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) async fn hold(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Body(held): Body<HeldKey>,
) -> Result<(StatusCode, Json<SigningView>), Problem> {
    let view = carry_out(operator, move |operator| operator.hold(&held, &actor)).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) async fn let_go(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
) -> Result<StatusCode, Problem> {
    carry_out(operator, move |operator| operator.let_go(&actor)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Operator {
    fn signing_view(&self) -> Result<SigningView, Problem> {
        let highest_number = self.highest_number_of_all(&self.store.catalogue())?;
        Ok(self.custody()?.look(|held| {
            let holding = held.authority.holding();
            SigningView {
                records: holding.chain().signed().map(RecordLine::of).collect(),
                highest_number,
                holds_release_key: holding.holds_release_key(),
                order_fault: holding.order_fault().map(Into::into),
                held_key: holding.release_key().map(|key| key.public().id().to_string()),
            }
        }))
    }

    fn numbers(&self, product: &ProductName) -> Result<Numbers, Problem> {
        let known = self.highest_number(product, &self.store.catalogue())?;
        let record = self.newest_record();
        let next = record.as_ref().and_then(|record| record.number_after(known));
        Ok(Numbers { known, next, record })
    }

    /// The newest root record, if releases are signed here.
    pub(super) fn newest_record(&self) -> Option<Record> {
        let of = |held: &Held| held.authority.holding().chain().newest().map(|signed| signed.record.clone());
        self.custody.as_ref()?.look(of)
    }

    /// What a manifest of a release is worth today.
    pub(super) fn signature(&self, manifest: &SignedManifest) -> FileSignature {
        let unknown = FileSignature { number: manifest.number, manifest: None, refused: None };
        let Some(custody) = &self.custody else { return unknown };
        custody.look(|held| {
            let chain = held.authority.holding().chain();
            let Some(newest) = chain.newest() else { return unknown };
            let (bytes, number) = (manifest.bytes.as_slice(), manifest.number);
            let minimum = newest.record.minimum;
            let refused = match newest.open_manifest(bytes) {
                Err(fault) => Some(fault.to_string()),
                Ok(_) if number < minimum => Some(format!("nothing below number {minimum} is installed")),
                Ok(_) => None,
            };
            let opened = chain.open_manifest(bytes).ok();
            FileSignature { number, manifest: opened.map(|(_, manifest)| manifest), refused }
        })
    }

    fn material(&self, actor: &Actor) -> Result<Material, Problem> {
        let is_new = self.custody()?.look(|held| held.authority.holding().order_key().is_none());
        let order_key = self.change_trust(|held, _| held.authority.make_order_key())?;
        if is_new {
            self.log(actor, None, format!("signing: made the order key {}", order_key.id()))?;
        }
        let trust_set = self.custody()?.look(Anchor::all)?;
        Ok(Material { order_key, trust_set })
    }

    fn add_record(&self, new: &NewRecord, actor: &Actor) -> Result<SigningView, Problem> {
        let bytes = new.bytes().ok_or_else(not_a_record)?;
        let _changing = self.changing();
        let before = self.newest_record().map(|record| record.version);
        self.change_trust(|held, _| held.authority.add_root_record(&bytes))?;
        if let Some(record) = self.newest_record().filter(|record| Some(record.version) != before) {
            self.log(actor, None, format!("signing: root record {}{}", record.version, in_words(&record)))?;
        }
        self.signing_view()
    }

    fn hold(&self, held: &HeldKey, actor: &Actor) -> Result<SigningView, Problem> {
        actor.check_owner()?;
        let key = SigningKey::unlock(held.key.as_bytes(), None).map_err(|defect| unreadable_key(&defect))?;
        let id = key.public().id();
        let record = self.newest_record();
        let named =
            record.iter().flat_map(|record| &record.release_keys).any(|release| release.key == key.public());
        if !named {
            return Err(not_held(id, record.as_ref()));
        }
        self.change_trust(|held, _| held.authority.hold_release_key(Some(key)))?;
        self.log(actor, None, format!("signing: this server holds the release key {id}"))?;
        self.signing_view()
    }

    fn let_go(&self, actor: &Actor) -> Result<(), Problem> {
        actor.check_owner()?;
        self.change_trust(|held, _| held.authority.hold_release_key(None))?;
        self.log(actor, None, "signing: this server holds no release key any more".to_owned())
    }

    /// The highest release number that this product had, as far as is known: also of releases that are gone.
    pub(super) fn highest_number(
        &self,
        product: &ProductName,
        catalogue: &Catalogue,
    ) -> Result<u32, Problem> {
        let kept = self.store.setting(&number_setting(product))?.and_then(|text| text.parse().ok());
        let releases = catalogue.releases(product).iter().flat_map(|release| &release.manifests);
        Ok(releases.map(|manifest| manifest.number).chain(kept).max().unwrap_or(0))
    }

    fn highest_number_of_all(&self, catalogue: &Catalogue) -> Result<u32, Problem> {
        let mut highest = 0;
        for product in catalogue.products() {
            highest = highest.max(self.highest_number(&product.name, catalogue)?);
        }
        Ok(highest)
    }

    /// Remembers that a product had this release number, whatever becomes of the release.
    pub(super) fn keep_number(&self, product: &ProductName, number: u32) -> Result<(), Problem> {
        let highest = self.highest_number(product, &self.store.catalogue())?.max(number);
        Ok(self.store.put_setting(&number_setting(product), &highest.to_string())?)
    }
}

/// The store's setting with a product's highest release number.
fn number_setting(product: &ProductName) -> String {
    format!("release-number.{product}")
}

fn in_words(record: &Record) -> String {
    let in_use = record.release_key_in_use();
    let key = in_use.map(|release| format!(", release key {} from {}", release.key.id(), release.first));
    let minimum = (record.minimum > 0).then(|| format!(", nothing below {} is installed", record.minimum));
    format!("{}{}", key.unwrap_or_else(|| ", no release key in use".to_owned()), minimum.unwrap_or_default())
}
