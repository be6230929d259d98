//! Products: list, add, set.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::{Catalogue, Chip, Product, ProductName, Scope, Sha256, Version};
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::problem::Problem;
use super::request::{Body, Place};
use super::site::{Operator, carry_out};

/// A product with what is known around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProductView {
    /// The product. Its secret's digest is left out: who may look may not try words against it at leisure.
    #[serde(flatten)]
    pub product: Product,
    /// Whether its devices share a secret.
    #[serde(default)]
    pub has_secret: bool,
    /// How many releases it has, withdrawn ones too.
    pub releases: u64,
    /// The version that each channel offers.
    pub newest: BTreeMap<String, Version>,
    /// Devices that were assigned to it, or to none and were taken for it when they last asked.
    pub devices: u64,
}

/// A product to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NewProduct {
    /// Its name.
    pub name: ProductName,
    /// How it is from the start.
    #[serde(flatten)]
    pub settings: ProductChange,
}

/// What is set about a product; what is not named stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductChange {
    /// The chips that it is made with. Empty: whatever its releases are for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<BTreeSet<otary_fleet::ChipSchema>>")]
    pub chips: Option<BTreeSet<Chip>>,
    /// Whether devices may be updated over plain HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_plain_http: Option<bool>,
    /// Whether opaque files may be released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_raw: Option<bool>,
    /// Whether its images are for those alone who show a proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
    /// Whether hawkBit's clients are asked to agree before they are given anything to install.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks_first: Option<bool>,
    /// The secret that its devices share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretChange>,
}

/// What becomes of a product's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SecretChange {
    /// It is the text with this SHA-256. The text itself stays with the operator and the devices.
    Sha256(Sha256),
    /// There is none.
    None,
}

pub(super) async fn list(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
) -> Result<Json<Vec<ProductView>>, Problem> {
    carry_out(operator, move |operator| operator.list_products(&actor)).await.map(Json)
}

pub(super) async fn show(
    State(operator): State<Arc<Operator>>,
    Place(name): Place<ProductName>,
) -> Result<Json<ProductView>, Problem> {
    carry_out(operator, move |operator| operator.show_product(&name)).await.map(Json)
}

pub(super) async fn add(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Body(new): Body<NewProduct>,
) -> Result<(StatusCode, Json<ProductView>), Problem> {
    let added = carry_out(operator, move |operator| operator.add_product(new, &actor)).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

pub(super) async fn set(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(name): Place<ProductName>,
    Body(change): Body<ProductChange>,
) -> Result<Json<ProductView>, Problem> {
    carry_out(operator, move |operator| operator.set_product(&name, &change, &actor)).await.map(Json)
}

impl Operator {
    fn list_products(&self, actor: &Actor) -> Result<Vec<ProductView>, Problem> {
        let catalogue = self.store.catalogue();
        let devices = self.devices_by_product()?;
        let seen = catalogue.products().filter(|product| actor.sees(&product.name));
        Ok(seen.map(|product| view(product, &catalogue, &devices)).collect())
    }

    pub(super) fn show_product(&self, name: &ProductName) -> Result<ProductView, Problem> {
        let catalogue = self.store.catalogue();
        Ok(view(product(&catalogue, name)?, &catalogue, &self.devices_by_product()?))
    }

    fn add_product(&self, new: NewProduct, actor: &Actor) -> Result<ProductView, Problem> {
        actor.check_making(Scope::Operate, &new.name)?;
        let _changing = self.changing();
        if self.store.catalogue().product(&new.name).is_some() {
            let name = &new.name;
            return Err(Problem::conflict("product-exists", format!("there is a product {name} already"))
                .help(format!("otary product set {name}")));
        }
        let mut product = Product::new(new.name, self.now());
        new.settings.apply(&mut product);
        check_possible(&product)?;
        self.store.put_product(&product)?;
        self.log(actor, Some(&product.name), format!("added the product {}", product.name))?;
        self.show_product(&product.name)
    }

    fn set_product(
        &self,
        name: &ProductName,
        change: &ProductChange,
        actor: &Actor,
    ) -> Result<ProductView, Problem> {
        let _changing = self.changing();
        let mut changed = product(&self.store.catalogue(), name)?.clone();
        change.apply(&mut changed);
        check_possible(&changed)?;
        self.store.put_product(&changed)?;
        self.log(actor, Some(name), format!("set {}", change.words()))?;
        self.show_product(name)
    }

    fn devices_by_product(&self) -> Result<HashMap<ProductName, u64>, Problem> {
        let products = self.engine.census.products()?;
        Ok(products.into_iter().filter_map(|of| Some((of.product?, of.devices))).collect())
    }
}

impl ProductChange {
    fn apply(&self, product: &mut Product) {
        if let Some(chips) = &self.chips {
            product.chips.clone_from(chips);
        }
        product.allow_plain_http = self.allow_plain_http.unwrap_or(product.allow_plain_http);
        product.allow_raw = self.allow_raw.unwrap_or(product.allow_raw);
        product.private = self.private.unwrap_or(product.private);
        product.asks_first = self.asks_first.unwrap_or(product.asks_first);
        match self.secret {
            Some(SecretChange::Sha256(digest)) => product.secret = Some(digest),
            Some(SecretChange::None) => product.secret = None,
            None => {}
        }
    }

    fn words(&self) -> String {
        let chips = self.chips.as_ref().map(|chips| {
            let names: Vec<&str> = chips.iter().map(|chip| chip.name()).collect();
            format!("chips = {}", if names.is_empty() { "any".into() } else { names.join(",") })
        });
        let plain = self.allow_plain_http.map(|allow| format!("allow-plain-http = {allow}"));
        let raw = self.allow_raw.map(|allow| format!("allow-raw = {allow}"));
        let private = self.private.map(|private| format!("private = {private}"));
        let asks = self.asks_first.map(|asks| format!("asks-first = {asks}"));
        let secret = self.secret.map(|secret| match secret {
            SecretChange::Sha256(_) => "a new secret".to_owned(),
            SecretChange::None => "no secret".to_owned(),
        });
        let words: Vec<String> = [chips, plain, raw, private, asks, secret].into_iter().flatten().collect();
        if words.is_empty() { "nothing".into() } else { words.join(", ") }
    }
}

/// A product of the catalogue, or the problem that there is none.
pub(super) fn product<'a>(catalogue: &'a Catalogue, name: &ProductName) -> Result<&'a Product, Problem> {
    catalogue.product(name).ok_or_else(|| {
        Problem::not_found("no-product", format!("there is no product {name}"))
            .help(format!("otary product add {name}"))
    })
}

/// What is private is never sent over plain HTTP, so nothing may say that it were.
fn check_possible(product: &Product) -> Result<(), Problem> {
    if product.private && product.allow_plain_http {
        let name = &product.name;
        let detail = format!("{name} cannot be private and go over plain HTTP, where everybody can read it");
        return Err(Problem::conflict("private-over-plain-http", detail)
            .help(format!("otary product set {name} --private --allow-plain-http false")));
    }
    Ok(())
}

fn view(product: &Product, catalogue: &Catalogue, devices: &HashMap<ProductName, u64>) -> ProductView {
    let releases = catalogue.releases(&product.name);
    let live = releases.iter().filter(|release| release.withdrawn.is_none());
    ProductView {
        product: Product { secret: None, ..product.clone() },
        has_secret: product.secret.is_some(),
        releases: releases.len() as u64,
        // Oldest first: the newest of a channel is the one that stays.
        newest: live.map(|release| (release.channel.to_string(), release.id.version.clone())).collect(),
        devices: devices.get(&product.name).copied().unwrap_or_default(),
    }
}
