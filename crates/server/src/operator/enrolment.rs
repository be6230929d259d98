//! Enrolment: a device is issued a credential of its own, by which it shows who it is.
//!
//! What comes here is the digest alone. The token or the key is made where the operator is, goes from there to the
//! device, and is never told to the server.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use otary_fleet::{Credential, CredentialKind, Device, Mac};
use otary_store::Admit;
use serde::{Deserialize, Serialize};

use super::auth::Actor;
use super::devices::{DeviceView, no_device};
use super::problem::Problem;
use super::request::{Body, Place};
use super::site::{Operator, carry_out};

/// Which of a device's credentials are taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    Body(kind): Body<CredentialKind>,
) -> Result<Json<DeviceView>, Problem> {
    carry_out(operator, move |operator| operator.enroll(mac, kind, &actor)).await.map(Json)
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
    fn enroll(&self, mac: Mac, kind: CredentialKind, actor: &Actor) -> Result<DeviceView, Problem> {
        let _changing = self.changing();
        let issued = self.store.device(mac)?.map(|device| device.credentials).unwrap_or_default();
        if issued.iter().any(|credential| credential.kind == kind) {
            return Err(Problem::conflict(
                "already-issued",
                format!("{mac} has this {} already", kind.name()),
            ));
        }
        if issued.len() >= Device::MAX_CREDENTIALS {
            let detail = format!("{mac} has {} credentials, which is the most", Device::MAX_CREDENTIALS);
            return Err(Problem::conflict("too-many-credentials", detail).help(format!(
                "otary device show {mac} lists them, otary device disenroll {mac} CREDENTIAL takes one back"
            )));
        }
        let (credential, action) = (Credential { kind, issued: self.now() }, enrolled(kind));
        self.change_device(mac, Admit::New, actor, action, |device| {
            device.credentials.push(credential.clone());
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

fn enrolled(kind: CredentialKind) -> String {
    format!("issued the {}", called(kind))
}

/// A credential as people tell it from others: what it is, and how its digest begins.
fn called(kind: CredentialKind) -> String {
    format!("{} {:.12}", kind.name(), kind.digest())
}

fn no_credential(mac: Mac) -> Problem {
    Problem::not_found("no-credential", format!("{mac} has no such credential"))
        .help(format!("otary device show {mac}"))
}
