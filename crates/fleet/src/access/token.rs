//! Tokens: what a machine shows to act as an operator.

use serde::{Deserialize, Serialize};

use super::Grants;
use crate::{Sha256, Time};

/// A token, without the secret itself: 256 random bits of which only the digest is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Token {
    /// What people call it; unique.
    pub name: String,
    /// SHA-256 of the secret's text. The secret has 256 random bits, so no slow hash is called for.
    pub hash: Sha256,
    /// What it allows. Older records have one scope here, under another name.
    #[serde(alias = "scope")]
    pub grants: Grants,
    /// Who made it, as the audit log says it. Older records do not say.
    #[serde(default = "Token::owner")]
    pub made_by: String,
    /// When it was made.
    pub created: Time,
    /// When it ends.
    pub expires: Time,
    /// When it was last used, to the hour.
    pub last_used: Option<Time>,
}

impl Token {
    /// Whom a token of an older record was made by, as far as anybody knows.
    fn owner() -> String {
        "local".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    #[test]
    fn a_token_of_before_there_were_grants_is_read() {
        let text = format!(
            r#"{{"name":"ci","hash":"{}","scope":"push","created":1,"expires":2,"last_used":null}}"#,
            Sha256::of(b"secret")
        );
        let token: Token = serde_json::from_str(&text).unwrap();
        assert_eq!((token.grants, token.made_by.as_str()), (Grants::everywhere(Scope::Push), "local"));
    }
}
