//! Accounts: people who sign in.

use serde::{Deserialize, Serialize};

use super::Grants;
use crate::Time;

/// A person who signs in with a name and a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Account {
    /// The name; unique.
    pub name: String,
    /// The password's slow, salted hash with its parameters, in the PHC form (`$argon2id$...`).
    pub password: String,
    /// What the person may do.
    pub grants: Grants,
    /// When it was made.
    pub created: Time,
    /// When the person last signed in.
    pub last_signed_in: Option<Time>,
    /// Whether nobody can sign in with it for now.
    pub disabled: bool,
}
