//! Enrolment: a device is issued a credential of its own, by which it shows who it is.
//!
//! What comes here is the digest alone. The token or the key is made where the operator is, goes from there to the
//! device, and is never told to the server.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use otary_fleet::{Catalogue, Credential, CredentialKind, Device, Mac, ProductName};
use otary_store::Admit;
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::devices::{DeviceView, no_device};
use super::problem::Problem;
use super::products::product;
use super::request::{Body, Place};
use super::site::{Operator, carry_out};

/// What a device is issued, and what that opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// The credential, by its digest.
    pub credential: CredentialKind,
    /// The product that the device is assigned to, the one private product that its credential opens. None: it stays with
    /// the product that it was assigned to; one without any is assigned to the only private product, if it asks for no
    /// other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductName>,
}

/// Which of a device's credentials are taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disenrolment {
    /// The one whose digest begins with these hex digits, in lower case. None: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl Disenrolment {
    /// Whether it means `credential`.
    fn means(&self, credential: &Credential) -> bool {
        let begins = |digits: &String| credential.kind.digest().to_string().starts_with(digits.as_str());
        self.credential.as_ref().is_none_or(begins)
    }
}

pub(super) async fn enroll(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(mac): Place<Mac>,
    Body(enrolment): Body<Enrolment>,
) -> Result<Json<DeviceView>, Problem> {
    carry_out(operator, move |operator| operator.enroll(mac, &enrolment, &actor)).await.map(Json)
}

pub(super) async fn disenroll(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(mac): Place<Mac>,
    Body(which): Body<Disenrolment>,
) -> Result<Json<DeviceView>, Problem> {
    carry_out(operator, move |operator| operator.disenroll(mac, &which, &actor)).await.map(Json)
}

impl Operator {
    /// A device need not have asked yet.
    fn enroll(&self, mac: Mac, enrolment: &Enrolment, actor: &Actor) -> Result<DeviceView, Problem> {
        let _changing = self.changing();
        let device = self.store.device(mac)?;
        let product = assigned(enrolment, device.as_ref(), &self.store.catalogue())?;
        self.check_assigning(actor, mac, product.as_ref())?;
        check_room(mac, device.as_ref(), enrolment.credential)?;
        let to = product.as_ref().map(|product| format!(", assigned to {product}")).unwrap_or_default();
        let credential = Credential { kind: enrolment.credential, issued: self.now() };
        let action = format!("issued the {}{to}", called(credential.kind));
        self.change_device(mac, Admit::New, actor, action, |device| {
            device.credentials.push(credential.clone());
            device.product = product.clone().or_else(|| device.product.take());
        })
    }

    fn disenroll(&self, mac: Mac, which: &Disenrolment, actor: &Actor) -> Result<DeviceView, Problem> {
        let _changing = self.changing();
        let device = self.store.device(mac)?.ok_or_else(|| no_device(mac))?;
        let meant: Vec<&Credential> =
            device.credentials.iter().filter(|credential| which.means(credential)).collect();
        let action = match (meant.as_slice(), &which.credential) {
            ([], _) => return Err(no_credential(mac)),
            ([credential], _) => format!("took back the {}", called(credential.kind)),
            (several, None) => format!("took back all of its {} credentials", several.len()),
            (_, Some(digits)) => {
                let detail = format!("several credentials of {mac} begin with {digits}");
                return Err(Problem::conflict("ambiguous-credential", detail).help("give more digits"));
            }
        };
        self.change_device(mac, Admit::OnRecord, actor, action, |device| {
            device.credentials.retain(|credential| !which.means(credential));
        })
    }
}

/// Refuses a credential that the device has already, and one too many.
fn check_room(mac: Mac, device: Option<&Device>, kind: CredentialKind) -> Result<(), Problem> {
    let issued = device.map_or(&[][..], |device| &device.credentials);
    if issued.iter().any(|credential| credential.kind == kind) {
        let detail = format!("{mac} has this {} already", kind.name());
        return Err(Problem::conflict("already-issued", detail));
    }
    if issued.len() >= Device::MAX_CREDENTIALS {
        let detail = format!("{mac} has {} credentials, which is the most", Device::MAX_CREDENTIALS);
        return Err(Problem::conflict("too-many-credentials", detail).help(format!(
            "otary device show {mac} lists them, otary device disenroll {mac} CREDENTIAL takes one back"
        )));
    }
    Ok(())
}

/// The product that enrolling assigns a device to; none if it stays as it is. Nothing that a poll said chooses it, since
/// anybody can poll under any address.
fn assigned(
    enrolment: &Enrolment,
    device: Option<&Device>,
    catalogue: &Catalogue,
) -> Result<Option<ProductName>, Problem> {
    if let Some(name) = &enrolment.product {
        return product(catalogue, name).map(|product| Some(product.name.clone()));
    }
    let mut private = catalogue.products().filter(|product| product.private);
    let (Some(only), None) = (private.next(), private.next()) else { return Ok(None) };
    let elsewhere = |device: &Device| {
        device.product.is_some() || device.belongs_to().is_some_and(|known| *known != only.name)
    };
    Ok((!device.is_some_and(elsewhere)).then(|| only.name.clone()))
}

/// A credential as people tell it from others: what it is, and how its digest begins.
fn called(kind: CredentialKind) -> String {
    format!("{} {:.12}", kind.name(), kind.digest())
}

fn no_credential(mac: Mac) -> Problem {
    Problem::not_found("no-credential", format!("{mac} has no such credential"))
        .help(format!("otary device show {mac}"))
}
