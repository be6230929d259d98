//! What operators are told of the authority and of a rollover, and what they send to change them.

use std::collections::BTreeSet;

use otary_fleet::{Due, GenerationId, Generations, GivenUp, Time};
use otary_trust::{Certificate, PageAuthority};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::custody::Elsewhere;
use crate::operator::ledger::Losses;

/// The authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TrustView {
    /// The generations, and the root after them.
    pub generations: Generations,
    /// The server's certificates.
    pub leaves: Vec<LeafView>,
    /// What devices are shown instead of these, if it is a certificate from elsewhere.
    #[serde(default)]
    pub elsewhere: Option<ElsewhereView>,
    /// The authority of the operator's page, if it has one of its own.
    #[serde(default)]
    pub page: Option<PageAuthorityView>,
    /// Whether the next root's key lies on this machine.
    pub next_key_is_here: bool,
    /// The file with a root's key that should lie on this machine and does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_key: Option<String>,
    /// What a person has to do, the most urgent first.
    pub due: Vec<Due>,
    /// When the authority was last backed up.
    pub backed_up: Option<Time>,
}

/// A certificate that the server presents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LeafView {
    /// Whose it is.
    pub generation: GenerationId,
    /// Its kind of key: `P-256`, `RSA-2048`.
    pub key: String,
    /// SHA-256 of its DER form, as people compare it.
    pub sha256: String,
    /// The first moment of its life.
    pub not_before: Time,
    /// The last moment of its life.
    pub not_after: Time,
    /// The names and addresses that it is for.
    pub names: Vec<String>,
}

/// The authority of the operator's page: what people import into a browser. Devices have nothing to do with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PageAuthorityView {
    /// What it is called where people look at it.
    pub name: String,
    /// SHA-256 of its certificate's DER form, as people compare it.
    pub sha256: String,
    /// The first moment of its life.
    pub not_before: Time,
    /// The last moment of its life.
    pub not_after: Time,
    /// The names and addresses that it is constrained to: for others, nothing that it signs is believed.
    pub names: Vec<String>,
    /// The last moment of the certificate that the operator listener shows; it is renewed before.
    pub leaf_not_after: Time,
}

/// A certificate from elsewhere that devices are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ElsewhereView {
    /// The names and addresses that it is for.
    pub names: Vec<String>,
    /// The last moment of its life.
    pub not_after: Time,
    /// What devices trust that accept it, as PEM.
    pub anchors: String,
}

/// A rollover, and whom each step that could come next would cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RolloverView {
    /// The authority.
    pub trust: TrustView,
    /// The steps that can be taken, and `finish` from the beginning.
    pub steps: Vec<Losses>,
}

/// What a rollover is to begin with.
#[derive(Clone, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// Host names of the new generation's own.
    #[serde(default)]
    pub hosts: BTreeSet<String>,
    /// The next root's key as PEM, if it was taken off this machine.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub next_key: Option<Zeroizing<String>>,
    /// Whether the old root is not to sign the new one: its key was stolen, or is lost.
    #[serde(default)]
    pub without_bridge: bool,
    /// Who is given up that would be cut off at once.
    #[serde(default)]
    pub give_up: GivenUp,
}

/// A certificate that devices pin, and its key.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adoption {
    /// The certificate and what it was signed by, as PEM.
    pub certificate: String,
    /// Its key as PEM.
    #[schemars(with = "String")]
    pub key: Zeroizing<String>,
    /// Who is given up that would be cut off at once.
    #[serde(default)]
    pub give_up: GivenUp,
}

/// The next root's key.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NextKey {
    /// As PEM.
    #[schemars(with = "String")]
    pub key: Zeroizing<String>,
}

impl ElsewhereView {
    pub(super) fn of(shown: &Elsewhere) -> Self {
        Self {
            names: shown.names.iter().map(ToString::to_string).collect(),
            not_after: shown.not_after,
            anchors: shown.anchors_pem.clone(),
        }
    }
}

impl PageAuthorityView {
    pub(super) fn of(page: &PageAuthority) -> Self {
        let root = page.root();
        Self {
            name: root.common_name().to_owned(),
            sha256: root.fingerprint().to_string(),
            not_before: root.not_before(),
            not_after: root.not_after(),
            names: page.names().iter().map(ToString::to_string).collect(),
            leaf_not_after: page.leaf().not_after(),
        }
    }
}

impl LeafView {
    pub(super) fn of((generation, leaf): (GenerationId, &Certificate)) -> Self {
        Self {
            generation,
            key: leaf.key_kind().map_or_else(|| "of another kind".to_owned(), |kind| kind.to_string()),
            sha256: leaf.fingerprint().to_string(),
            not_before: leaf.not_before(),
            not_after: leaf.not_after(),
            names: leaf.names().iter().map(ToString::to_string).collect(),
        }
    }
}
