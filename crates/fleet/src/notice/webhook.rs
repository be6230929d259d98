//! Webhooks: who is told by an HTTP request, and what it is signed with.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Subject;
use crate::Time;

/// Somebody who is told by an HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Webhook {
    /// What people call it; unique.
    pub name: String,
    /// Where to. It may hold a secret of the receiver's, so only its server is ever shown.
    pub url: HiddenText,
    /// What requests are signed with: `whsec_` and base64 (Standard Webhooks).
    pub secret: HiddenText,
    /// The kinds of notices that it is for ([`Subject::name`]); all, if there are none.
    #[serde(default)]
    pub about: BTreeSet<String>,
    /// Plain HTTP too.
    #[serde(default)]
    pub plain_http: bool,
    /// Hosts that may be in this machine's own networks, in lower case.
    #[serde(default)]
    pub hosts: BTreeSet<String>,
    /// When it was made.
    pub created: Time,
    /// By whom.
    pub by: String,
    /// When the receiver said that it is gone (410). Nothing is sent there any more.
    #[serde(default)]
    pub gone: Option<Time>,
}

/// A text that is kept and never shown: not in a log, nor by its debug text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "String", into = "String")]
pub struct HiddenText(Zeroizing<String>);

impl Webhook {
    /// Webhooks that there may be.
    pub const MAX: usize = 32;

    /// Whether it is for notices about this.
    pub fn takes(&self, subject: &Subject) -> bool {
        self.gone.is_none() && (self.about.is_empty() || self.about.contains(subject.name()))
    }
}

impl HiddenText {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for HiddenText {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<HiddenText> for String {
    fn from(text: HiddenText) -> Self {
        text.expose().to_owned()
    }
}

impl fmt::Debug for HiddenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HiddenText(..)")
    }
}
