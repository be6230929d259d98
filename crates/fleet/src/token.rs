//! Tokens: what a machine shows to act as an operator.

use serde::{Deserialize, Serialize};

use crate::{Sha256, Time};

/// What a token allows. Each scope allows what those before it allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// To look.
    Read,
    /// To push releases, for a build machine.
    Push,
    /// All that the operator can do.
    Operate,
}

impl Scope {
    /// The scope's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Push => "push",
            Self::Operate => "operate",
        }
    }
}

/// A token, without the secret itself: 256 random bits of which only the digest is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// What people call it; unique.
    pub name: String,
    /// SHA-256 of the secret's text. The secret has 256 random bits, so no slow hash is called for.
    pub hash: Sha256,
    /// What it allows.
    pub scope: Scope,
    /// When it was made.
    pub created: Time,
    /// When it ends.
    pub expires: Time,
    /// When it was last used, to the hour.
    pub last_used: Option<Time>,
}
