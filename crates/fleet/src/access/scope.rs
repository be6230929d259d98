//! How much somebody may do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much somebody may do. Each scope allows what those before it allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// To look.
    Read,
    /// To push releases, for a build machine.
    Push,
    /// All that is done to devices and releases, and to the trust in them.
    Operate,
    /// Besides: people, the tokens of others, settings.
    Own,
}

impl Scope {
    /// Every scope, the smallest first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Push, Self::Operate, Self::Own];

    /// The scope's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Push => "push",
            Self::Operate => "operate",
            Self::Own => "own",
        }
    }

    /// What a person is called who has it.
    pub const fn role_name(self) -> &'static str {
        match self {
            Self::Read => "viewer",
            Self::Push => "publisher",
            Self::Operate => "operator",
            Self::Own => "owner",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
