//! Whether who asks may do that, there: each route says what it is [about](On), and this finds the product that it comes down
//! to.
//!
//! - What somebody may not even see is answered as what is not there, by the same code.
//! - A device belongs to the product that it was assigned to. Of one that nobody assigned only claims are known, and anybody can
//!   claim: it is shown to those who see the product that it last claimed to be, and changed by those alone who may change
//!   every product that its record tells of.
//! - What belongs to no product belongs to the whole server.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use otary_fleet::{CampaignId, Catalogue, Device, GroupName, Mac, ProductName, Scope};

use super::actor::Actor;
use super::campaigns::no_campaign;
use super::devices::no_device;
use super::groups::no_group;
use super::problem::Problem;
use super::routes::On;
use super::site::{Operator, carry_out};

/// What a request is about, read from its path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Matter {
    Server,
    Keys,
    Anything,
    Product(ProductName),
    Device(Mac),
    Group(GroupName),
    Campaign(CampaignId),
}

/// Refuses what `actor` may not do there.
pub(super) async fn check(
    operator: &Arc<Operator>,
    actor: &Actor,
    needs: Scope,
    on: On,
    parts: &mut Parts,
) -> Result<(), Problem> {
    let params = RawPathParams::from_request_parts(parts, &()).await;
    let params =
        params.map_err(|rejection| Problem::bad_request("unreadable-path", rejection.body_text()))?;
    let params: Vec<(String, String)> =
        params.iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    let matter = Matter::of(on, &params)?;
    match matter {
        Matter::Server => actor.check(needs, None),
        Matter::Keys => actor.check_owner(),
        Matter::Anything => actor.check_somewhere(needs),
        Matter::Product(product) => actor.check(needs, Some(&product)),
        // Nothing has to be looked up for who may do it everywhere.
        _ if actor.may(needs, None) => Ok(()),
        matter => {
            let actor = actor.clone();
            carry_out(Arc::clone(operator), move |operator| operator.check_matter(&actor, needs, matter))
                .await
        }
    }
}

impl Matter {
    fn of(on: On, params: &[(String, String)]) -> Result<Self, Problem> {
        Ok(match on {
            On::Server => Self::Server,
            On::Keys => Self::Keys,
            On::Anyone | On::Each => Self::Anything,
            On::Product => Self::Product(part(params, "product")?),
            On::Device => Self::Device(part(params, "mac")?),
            On::Group => Self::Group(part(params, "name")?),
            On::Campaign => Self::Campaign(part(params, "number")?),
        })
    }
}

/// A part of the path, as the handler will read it.
pub(super) fn part<T: std::str::FromStr>(params: &[(String, String)], name: &str) -> Result<T, Problem>
where
    T::Err: std::fmt::Display,
{
    let text = params.iter().find(|(key, _)| key == name).map(|(_, text)| text.as_str()).unwrap_or_default();
    text.parse().map_err(|error: T::Err| Problem::bad_request("unreadable-path", format!("{text}: {error}")))
}

impl Operator {
    fn check_matter(&self, actor: &Actor, needs: Scope, matter: Matter) -> Result<(), Problem> {
        let catalogue = self.store.catalogue();
        match matter {
            Matter::Device(mac) => match self.store.device(mac)? {
                Some(device) => check_device(actor, needs, &device, &catalogue),
                None => check_or(actor, needs, None, || no_device(mac)),
            },
            Matter::Group(name) => {
                let product = catalogue.group(&name).and_then(|group| group.product.as_ref());
                check_or(actor, needs, product, || no_group(&name))
            }
            Matter::Campaign(id) => {
                let product = catalogue.campaign(id).map(|campaign| &campaign.product);
                check_or(actor, needs, product, || no_campaign(id))
            }
            Matter::Server | Matter::Keys | Matter::Anything | Matter::Product(_) => Ok(()),
        }
    }

    /// Whether `actor` may say that a device is of `product`: a device that is on record has to be theirs already, or to belong
    /// to nobody's product.
    pub(super) fn check_assigning(
        &self,
        actor: &Actor,
        mac: Mac,
        product: Option<&ProductName>,
    ) -> Result<(), Problem> {
        let catalogue = self.store.catalogue();
        if let Some(product) = product {
            actor.check(Scope::Operate, Some(product))?;
        }
        match self.store.device(mac)? {
            Some(device) => check_device(actor, Scope::Operate, &device, &catalogue),
            None if product.is_some() => Ok(()),
            None => actor.check(Scope::Operate, None),
        }
    }
}

impl Actor {
    /// Whether they may see a device, by what is known of it.
    pub(super) fn sees_device(&self, device: &Device) -> bool {
        self.may(Scope::Read, device.belongs_to())
    }
}

fn check_device(actor: &Actor, needs: Scope, device: &Device, catalogue: &Catalogue) -> Result<(), Problem> {
    if actor.may(needs, None) {
        return Ok(());
    }
    if !actor.sees_device(device) {
        return Err(no_device(device.mac));
    }
    if needs == Scope::Read {
        return Ok(());
    }
    let products = products_of(device, catalogue);
    let refused = products.iter().find(|product| !actor.may(needs, Some(product)));
    match refused {
        // A product that they may not see is not named.
        Some(product) if actor.sees(product) => Err(actor.too_small(needs, Some(product))),
        None if !products.is_empty() => Ok(()),
        _ => Err(actor.too_small(needs, None)),
    }
}

/// The product that a device was assigned to; of another one, every product that its record tells of.
fn products_of(device: &Device, catalogue: &Catalogue) -> BTreeSet<ProductName> {
    if let Some(product) = &device.product {
        return BTreeSet::from([product.clone()]);
    }
    let builds =
        device.builds.iter().map(|seen| &seen.build).chain(device.last.as_ref().map(|last| &last.build));
    let run = builds.filter_map(|build| catalogue.product_of(&catalogue.running(build)?.id));
    let run = run.map(|product| &product.name);
    let attempts = device.attempts.iter().map(|attempt| &attempt.release.product);
    let installed = device.installed.iter().chain(&device.installed_elsewhere);
    let installed = installed.map(|installed| &installed.release.product);
    device.belongs_to().into_iter().chain(run).chain(attempts).chain(installed).cloned().collect()
}

/// Refuses as `hidden` says what they may not even see.
fn check_or(
    actor: &Actor,
    needs: Scope,
    product: Option<&ProductName>,
    hidden: impl FnOnce() -> Problem,
) -> Result<(), Problem> {
    if actor.may(needs, product) {
        return Ok(());
    }
    let is_seen = actor.may(Scope::Read, product);
    Err(if is_seen { actor.too_small(needs, product) } else { hidden() })
}
