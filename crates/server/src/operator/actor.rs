//! Who was let in, and what they may do: every handler asks here, and nowhere else.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use otary_fleet::{Grants, ProductName, Scope, Sha256};
use otary_store::StoreError;
use serde::{Deserialize, Serialize};

use super::problem::Problem;

/// By what somebody was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "AskedBy")]
pub enum Kind {
    /// The owner of the data directory, on this machine.
    Owner,
    /// A token.
    Token,
    /// A sign-in with a name and a password.
    Session,
    /// Nobody: otary itself, which publishes what a mirror brought, or tells what is worth telling.
    Mirror,
}

/// What was shown at the door: by this somebody is the same one as before, whatever other token or person has the name later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Credential {
    /// Nothing that could be taken away: the owner of the data directory, and otary itself.
    Lasting,
    /// The token with this digest.
    Token(Sha256),
    /// The session whose secret has this digest.
    Session(Sha256),
}

/// Who was let in.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    /// As the audit log says it: a person's name, `token` and its name, `mirror`, or `local`.
    pub who: String,
    /// Whose word it is: the person who signed in or made the token; `local` is the owner of the data directory.
    pub behind: String,
    /// What they may do.
    pub grants: Grants,
    /// From which address; none on this machine without a network.
    pub from: Option<IpAddr>,
    /// By what they were let in.
    pub kind: Kind,
    /// What they showed.
    pub credential: Credential,
}

impl Actor {
    /// What the owner of the data directory is called.
    pub(super) const LOCAL: &str = "local";

    /// The owner of the data directory.
    pub(super) fn owner(from: Option<IpAddr>) -> Self {
        Self::lasting(Self::LOCAL, Grants::everywhere(Scope::Own), from, Kind::Owner)
    }

    /// otary itself, which publishes what a mirror brought.
    pub(super) fn mirror() -> Self {
        Self::lasting("mirror", Grants::everywhere(Scope::Push), None, Kind::Mirror)
    }

    /// otary itself, which tells what is worth telling.
    pub(super) fn notices() -> Self {
        Self::lasting("notices", Grants::everywhere(Scope::Read), None, Kind::Mirror)
    }

    fn lasting(who: &str, grants: Grants, from: Option<IpAddr>, kind: Kind) -> Self {
        Self { who: who.into(), behind: who.into(), grants, from, kind, credential: Credential::Lasting }
    }

    /// Who shares in what there is little of: a person with all tokens that he made; of those that the owner of the data
    /// directory made, each by itself.
    pub(super) fn share(&self) -> &str {
        if self.behind == Self::LOCAL { &self.who } else { &self.behind }
    }

    /// Whether they may know that there is such a product.
    pub(super) fn sees(&self, product: &ProductName) -> bool {
        self.grants.allows(Scope::Read, Some(product))
    }

    /// Whether they may do what takes this scope: on a product, or without one on the whole server.
    pub(super) fn may(&self, needs: Scope, product: Option<&ProductName>) -> bool {
        self.grants.allows(needs, product)
    }

    /// Refuses what they may not do. A product that they may not even see is answered as one that is not there.
    pub(super) fn check(&self, needs: Scope, product: Option<&ProductName>) -> Result<(), Problem> {
        if self.may(needs, product) {
            return Ok(());
        }
        match product {
            Some(unseen) if !self.sees(unseen) => Err(StoreError::NoProduct(unseen.clone()).into()),
            _ => Err(self.too_small(needs, product)),
        }
    }

    /// Refuses who has not that scope on anything at all.
    pub(super) fn check_somewhere(&self, needs: Scope) -> Result<(), Problem> {
        if self.grants.highest() >= Some(needs) { Ok(()) } else { Err(self.too_small(needs, None)) }
    }

    /// Refuses who may not make a product of that name, whether or not there is one.
    pub(super) fn check_making(&self, needs: Scope, product: &ProductName) -> Result<(), Problem> {
        if self.may(needs, Some(product)) { Ok(()) } else { Err(self.too_small(needs, Some(product))) }
    }

    /// Refuses to give what they do not have themselves.
    pub(super) fn check_giving(&self, grants: &Grants) -> Result<(), Problem> {
        if self.grants.covers(grants) {
            return Ok(());
        }
        let detail = format!("nobody gives more than he has: {} may {}, not {grants}", self.who, self.grants);
        Err(Problem::new(StatusCode::FORBIDDEN, "scope-too-small", detail))
    }

    /// Refuses everybody but the owner of the data directory: a token is not enough where a private key passes.
    pub(super) fn check_owner(&self) -> Result<(), Problem> {
        if self.kind == Kind::Owner {
            return Ok(());
        }
        let detail = "this is for the owner of the data directory, on the server's machine";
        Err(Problem::new(StatusCode::FORBIDDEN, "owner-only", detail).help("run it there, with --data"))
    }

    /// The refusal that says what they lack.
    pub(super) fn too_small(&self, needs: Scope, product: Option<&ProductName>) -> Problem {
        let place = match product {
            Some(product) => format!(" on {product}"),
            None if self.grants.products.is_empty() => String::new(),
            None => " on everything".to_owned(),
        };
        let detail = format!("this takes {needs}{place}, and {} may {}", self.who, self.grants);
        let problem = Problem::new(StatusCode::FORBIDDEN, "scope-too-small", detail);
        match self.kind {
            Kind::Session => {
                problem.help(format!("otary people set {} --role {}", self.who, needs.role_name()))
            }
            _ => problem.help(format!("otary token create NAME --scope {needs}")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let actor = parts.extensions.get::<Self>().cloned();
        actor.ok_or_else(|| {
            Problem::internal("crashed", "the request could not be carried out", "no door before this route")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_that_somebody_may_not_see_is_one_that_is_not_there() {
        let [lamp, plug] = ["lamp", "plug"].map(|name| name.parse::<ProductName>().unwrap());
        let actor = Actor {
            grants: Grants::on_products(Scope::Push, [lamp.clone()]),
            kind: Kind::Token,
            who: "token ci".into(),
            ..Actor::mirror()
        };
        assert!(actor.check(Scope::Push, Some(&lamp)).is_ok());
        let refused = actor.check(Scope::Operate, Some(&lamp)).unwrap_err();
        assert_eq!(refused.code(), "scope-too-small");
        assert_eq!(refused.detail(), "this takes operate on lamp, and token ci may push on lamp");
        let hidden = actor.check(Scope::Read, Some(&plug)).unwrap_err();
        let absent = Problem::from(StoreError::NoProduct(plug));
        assert_eq!((hidden.code(), hidden.detail()), (absent.code(), absent.detail()));
        let server = actor.check(Scope::Read, None).unwrap_err();
        assert_eq!(server.detail(), "this takes read on everything, and token ci may push on lamp");
    }
}
