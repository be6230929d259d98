//! What operators are told of signed releases, and what they send.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use otary_fleet::{Sha256, Time};
use otary_trust::Certificate;
use otary_trust::signing::{Manifest, OrderFault, PublicKey, Record, Signed};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::custody::Held;
use crate::operator::problem::Problem;
use crate::operator::trust::unreadable;

/// What there is for signed releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SigningView {
    /// The root records, in their order.
    pub records: Vec<RecordLine>,
    /// The highest release number of all products, also of releases that are gone.
    pub highest_number: u32,
    /// Whether this server holds a release key.
    pub holds_release_key: bool,
    /// The id of that key, unless it is under a passphrase that was not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_key: Option<String>,
    /// Why devices take no orders of this server, if they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_fault: Option<OrderProblem>,
}

/// Why devices take no orders of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OrderProblem {
    /// In one sentence.
    pub detail: String,
    /// What to do about it.
    pub help: String,
}

/// A root record of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordLine {
    /// What it says.
    #[serde(flatten)]
    pub record: Record,
    /// The signed object (`COSE_Sign`) in base64.
    pub signed: String,
}

/// Release numbers of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Numbers {
    /// The highest that it had; 0 if it had none.
    pub known: u32,
    /// The one that the next release is proposed to have; none if no key may sign one.
    pub next: Option<u32>,
    /// The newest root record; none if releases are not signed here.
    pub record: Option<Record>,
}

/// What a root record takes from this server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Material {
    /// The public half of the key that signs orders.
    pub order_key: PublicKey,
    /// The certificates that devices are to trust.
    pub trust_set: Vec<Anchor>,
}

/// A certificate that devices are to trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "TrustAnchor")]
pub struct Anchor {
    /// Its name.
    pub name: String,
    /// SHA-256 of its DER form.
    pub sha256: Sha256,
    /// The last moment of its life.
    pub not_after: Time,
}

/// The signature of a released file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FileSignature {
    /// The release number that was signed.
    pub number: u32,
    /// What the manifest says, by the newest root record that knows its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Manifest>,
    /// Why devices install it no longer, by the newest root record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// The next root record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecord {
    /// The signed object in base64.
    pub signed: String,
}

/// A release key that this server is to hold.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldKey {
    /// As PEM, in the clear.
    #[schemars(with = "String")]
    pub key: Zeroizing<String>,
}

/// What a manifest is to say that this server signs with the key that it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerSigning {
    /// The release number; the next one without.
    #[serde(default)]
    pub number: Option<u32>,
    /// The lowest release number to which a device that runs this one may go back.
    #[serde(default)]
    pub floor: u32,
    /// When it is no longer installed.
    #[serde(default)]
    pub not_after: Option<Time>,
    /// The hardware that it is for; the chip's name without.
    #[serde(default)]
    pub hardware: Vec<String>,
    /// Whether it may follow a release with a higher number.
    #[serde(default)]
    pub downgrade: bool,
}

impl From<OrderFault> for OrderProblem {
    fn from(fault: OrderFault) -> Self {
        Self { detail: fault.to_string(), help: fault.help().to_owned() }
    }
}

impl RecordLine {
    pub(super) fn of(signed: &Signed) -> Self {
        Self { record: signed.record.clone(), signed: STANDARD.encode(&signed.bytes) }
    }
}

impl NewRecord {
    /// One of these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Self { signed: STANDARD.encode(bytes) }
    }

    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.signed).ok()
    }
}

impl Anchor {
    /// Everything by which devices can be led to this server: what it shows first, then the roots that come after, as far as
    /// a record has room.
    pub(super) fn all(held: &Held) -> Result<Vec<Self>, Problem> {
        let mut all = Vec::new();
        if let Some(elsewhere) = &held.elsewhere {
            let chain = Certificate::chain_from_pem(elsewhere.anchors_pem.as_bytes());
            let chain = chain.map_err(|defect| unreadable("what devices trust", &defect))?;
            all.extend(chain.iter().map(Self::of));
        }
        for anchor in held.authority.anchors().into_iter().map(Self::of) {
            if !all.contains(&anchor) {
                all.push(anchor);
            }
        }
        all.truncate(Record::MAX_TRUST_SET);
        Ok(all)
    }

    fn of(certificate: &Certificate) -> Self {
        Self {
            name: certificate.common_name().to_owned(),
            sha256: Sha256::of(certificate.der()),
            not_after: certificate.not_after(),
        }
    }
}
