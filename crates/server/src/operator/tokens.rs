//! Tokens: create, list, revoke. A secret is answered once, when it is made, and kept as its digest alone. Whoever may not own
//! the server sees his own tokens alone, and nobody makes one that may more than he may.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::{Grants, ProductName, Scope, Time, Token};
use serde::{Deserialize, Serialize};

use super::actor::{Actor, Kind};
use super::problem::Problem;
use super::request::{Body, Place};
use super::secret::Secret;
use super::site::{Operator, carry_out};

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What people call it; named as products are.
    pub name: ProductName,
    /// What it allows; a scope's word alone is that scope on everything.
    #[serde(alias = "scope")]
    pub grants: Grants,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TokenView {
    /// What people call it.
    pub name: String,
    /// What it allows.
    pub grants: Grants,
    /// Whose it is: the person who made it, or `local`.
    pub made_by: String,
    /// When it was made.
    pub created: Time,
    /// When it ends.
    pub expires: Time,
    /// Whether it has ended.
    pub expired: bool,
    /// When it was last used, to the hour.
    pub last_used: Option<Time>,
}

/// Tokens that are kept: each request with one is held against all.
const MOST: usize = 1000;
/// Of them by one person, or by the owner of the data directory.
const MOST_EACH: usize = 250;
/// How long one that has ended is still listed.
const KEPT_AFTER_END: Duration = Duration::from_hours(24 * 30);

/// A token that was just made, with its secret: the only time that it is told.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CreatedToken {
    /// The token.
    #[serde(flatten)]
    pub token: TokenView,
    /// What a client shows.
    pub secret: Secret,
}

pub(super) async fn list(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
) -> Result<Json<Vec<TokenView>>, Problem> {
    let tokens = carry_out(operator, move |operator| {
        let now = operator.now();
        let tokens = operator.store.tokens()?;
        let seen = tokens.iter().filter(|token| is_in_reach(token, &actor));
        Ok(seen.map(|token| view(token, now)).collect())
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
        if new.grants.is_empty() {
            return Err(Problem::bad_request("token-grants", "a token that allows nothing is of no use"));
        }
        if is_small_token(actor) {
            let detail = format!("{} may {}, and makes no other token", actor.who, actor.grants);
            return Err(Problem::new(StatusCode::FORBIDDEN, "token-by-token", detail)
                .help("sign in, or use a token that may operate"));
        }
        actor.check_giving(&new.grants)?;
        let _changing = self.changing();
        self.make_room_for_token(actor)?;
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
            grants: new.grants.clone(),
            made_by: actor.behind.clone(),
            created: now,
            expires: now + Duration::from_hours(24 * u64::from(new.days)),
            last_used: None,
        };
        self.store.put_token(&token)?;
        self.log(actor, None, format!("made the token {name}, which may {}", new.grants))?;
        Ok(CreatedToken { token: view(&token, now), secret })
    }

    /// Lets go of tokens that ended long ago, and refuses whoever has too many.
    fn make_room_for_token(&self, actor: &Actor) -> Result<(), Problem> {
        let now = self.now();
        let (ended, kept): (Vec<Token>, Vec<Token>) =
            self.store.tokens()?.into_iter().partition(|token| now.since(token.expires) > KEPT_AFTER_END);
        for token in ended {
            self.store.delete_token(&token.name)?;
        }
        let own = kept.iter().filter(|token| token.made_by == actor.behind).count();
        if kept.len() < MOST && own < MOST_EACH {
            return Ok(());
        }
        let detail =
            format!("{} has {own} tokens of {MOST_EACH}, the server {} of {MOST}", actor.behind, kept.len());
        Err(Problem::conflict("too-many-tokens", detail)
            .help("otary token revoke NAME ends one that is not used"))
    }

    fn revoke_token(&self, name: &str, actor: &Actor) -> Result<(), Problem> {
        let _changing = self.changing();
        let tokens = self.store.tokens()?;
        let may =
            |token: &Token| is_in_reach(token, actor) && (!is_small_token(actor) || is_itself(token, actor));
        let found = tokens.iter().find(|token| token.name == name && may(token));
        if found.is_none() || !self.store.delete_token(name)? {
            return Err(Problem::not_found("no-token-of-that-name", format!("there is no token {name}"))
                .help("otary token list"));
        }
        self.log(actor, None, format!("revoked the token {name}"))
    }
}

/// Whether it is a token for one purpose: it makes no other one, by which it would outlive itself, and ends itself alone.
fn is_small_token(actor: &Actor) -> bool {
    actor.kind == Kind::Token && actor.grants.highest() < Some(Scope::Operate)
}

fn is_itself(token: &Token, actor: &Actor) -> bool {
    actor.who == format!("token {}", token.name)
}

/// Whether it is theirs and allows no more than they may themselves, or they look after the tokens of others as well. A token
/// that was made for one product is not the hand of its maker on the others.
fn is_in_reach(token: &Token, actor: &Actor) -> bool {
    let is_theirs = token.made_by == actor.behind && actor.grants.covers(&token.grants);
    actor.may(Scope::Own, None) || is_theirs
}

fn view(token: &Token, now: Time) -> TokenView {
    TokenView {
        name: token.name.clone(),
        grants: token.grants.clone(),
        made_by: token.made_by.clone(),
        created: token.created,
        expires: token.expires,
        expired: token.expires <= now,
        last_used: token.last_used,
    }
}
