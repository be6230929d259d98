//! Tokens: create, list, revoke. A secret is answered once, when it is made, and kept as its digest alone.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::{ProductName, Scope, Time, Token};
use serde::{Deserialize, Serialize};

use super::auth::Actor;
use super::problem::Problem;
use super::request::{Body, Place};
use super::secret::Secret;
use super::site::{Operator, carry_out};

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What people call it; named as products are.
    pub name: ProductName,
    /// What it allows.
    pub scope: Scope,
    /// Days until it ends: 1 to [`NewToken::MAX_DAYS`].
    #[serde(default = "NewToken::year")]
    pub days: u32,
}

impl NewToken {
    /// Days that a token lasts unless said.
    pub const DAYS: u32 = 365;
    /// Days that a token may last.
    pub const MAX_DAYS: u32 = 3650;

    const fn year() -> u32 {
        Self::DAYS
    }
}

/// A token as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenView {
    /// What people call it.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// When it was made.
    pub created: Time,
    /// When it ends.
    pub expires: Time,
    /// Whether it has ended.
    pub expired: bool,
    /// When it was last used, to the hour.
    pub last_used: Option<Time>,
}

/// A token that was just made, with its secret: the only time that it is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreatedToken {
    /// The token.
    #[serde(flatten)]
    pub token: TokenView,
    /// What a client shows.
    pub secret: Secret,
}

pub(super) async fn list(State(operator): State<Arc<Operator>>) -> Result<Json<Vec<TokenView>>, Problem> {
    let tokens = carry_out(operator, |operator| {
        let now = operator.now();
        Ok(operator.store.tokens()?.iter().map(|token| view(token, now)).collect())
    });
    tokens.await.map(Json)
}

pub(super) async fn create(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), Problem> {
    let created = carry_out(operator, move |operator| operator.create_token(&new, &actor)).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

pub(super) async fn revoke(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Place(name): Place<String>,
) -> Result<StatusCode, Problem> {
    carry_out(operator, move |operator| operator.revoke_token(&name, &actor)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Operator {
    fn create_token(&self, new: &NewToken, actor: &Actor) -> Result<CreatedToken, Problem> {
        if !(1..=NewToken::MAX_DAYS).contains(&new.days) {
            let detail = format!("a token lasts 1 to {} days", NewToken::MAX_DAYS);
            return Err(Problem::bad_request("token-days", detail));
        }
        let _changing = self.changing();
        let name = new.name.as_str();
        if self.store.tokens()?.iter().any(|token| token.name == name) {
            return Err(Problem::conflict("token-exists", format!("there is a token {name} already"))
                .help(format!("otary token revoke {name}, or another name")));
        }
        let secret =
            Secret::generate().map_err(|e| Problem::internal("no-randomness", "no token was made", e))?;
        let now = self.now();
        let token = Token {
            name: name.to_owned(),
            hash: secret.hash(),
            scope: new.scope,
            created: now,
            expires: now + Duration::from_hours(24 * u64::from(new.days)),
            last_used: None,
        };
        self.store.put_token(&token)?;
        self.log(actor, None, format!("made the token {name} with the scope {}", new.scope.name()))?;
        Ok(CreatedToken { token: view(&token, now), secret })
    }

    fn revoke_token(&self, name: &str, actor: &Actor) -> Result<(), Problem> {
        let _changing = self.changing();
        if !self.store.delete_token(name)? {
            return Err(Problem::not_found("no-token-of-that-name", format!("there is no token {name}"))
                .help("otary token list"));
        }
        self.log(actor, None, format!("revoked the token {name}"))
    }
}

fn view(token: &Token, now: Time) -> TokenView {
    TokenView {
        name: token.name.clone(),
        scope: token.scope,
        created: token.created,
        expires: token.expires,
        expired: token.expires <= now,
        last_used: token.last_used,
    }
}
