//! Who asks, and whether they may: the owner of the data directory, or a token of sufficient scope.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use otary_fleet::{Scope, Time, Token};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::problem::Problem;
use super::secret::Secret;
use super::site::{Operator, carry_out, seconds};

/// Marks a request as made in this process by the owner of the data directory. It is an extension of the request,
/// which nothing that arrives over a network can carry.
#[derive(Debug, Clone, Copy)]
pub struct LocalOwner;

/// The other end of the connection that a request came over: an extension that the listener puts into it.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// A token's use is noted once in this time.
const LAST_USED_EVERY: Duration = Duration::from_hours(1);

/// Who was let in.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    /// A token's name, or `local`.
    pub who: String,
    /// What they may do.
    pub scope: Scope,
    /// Whether it is the owner of the data directory, on this machine.
    owner: bool,
}

impl Actor {
    fn owner() -> Self {
        Self { who: "local".into(), scope: Scope::Operate, owner: true }
    }

    /// otary itself, which publishes what a mirror brought.
    pub(super) fn mirror() -> Self {
        Self { who: "mirror".into(), scope: Scope::Push, owner: false }
    }

    /// Refuses everybody but the owner of the data directory: a token is not enough where a private key passes.
    pub(super) fn check_owner(&self) -> Result<(), Problem> {
        if self.owner {
            return Ok(());
        }
        let detail = "this is for the owner of the data directory, on the server's machine";
        Err(Problem::new(StatusCode::FORBIDDEN, "owner-only", detail).help("run it there, with --data"))
    }
}

/// What a client may do here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The name of the token that it shows, or `local`.
    pub who: String,
    /// What that allows.
    pub scope: Scope,
}

/// Tells a client what it may do, before it sends much.
pub(super) async fn access(actor: Actor) -> Json<Access> {
    Json(Access { who: actor.who, scope: actor.scope })
}

/// A door: who comes through has at least this scope.
#[derive(Clone)]
pub(super) struct Door {
    pub operator: Arc<Operator>,
    pub needs: Scope,
}

/// Lets a request in, with its [`Actor`], or answers it with 401, 403 or 429.
pub(super) async fn let_in(
    State(door): State<Door>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let shown = Shown::by(&request);
    let actor = shown.identify(&door.operator).await?;
    if actor.scope < door.needs {
        let (has, needs) = (actor.scope.name(), door.needs.name());
        let detail = format!("the token {} has the scope {has}, this takes {needs}", actor.who);
        return Err(Problem::new(StatusCode::FORBIDDEN, "scope-too-small", detail)
            .help(format!("otary token create NAME --scope {needs}")));
    }
    request.extensions_mut().insert(actor);
    Ok(next.run(request).await)
}

/// What a request shows of who sent it.
struct Shown {
    local: bool,
    peer: IpAddr,
    secret: Result<Secret, Unusable>,
}

/// Why there is no secret in a request.
enum Unusable {
    Absent,
    Wrong,
}

impl Shown {
    fn by(request: &Request) -> Self {
        let extensions = request.extensions();
        Self {
            local: extensions.get::<LocalOwner>().is_some(),
            peer: extensions.get::<Peer>().map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0),
            secret: secret(request.headers()),
        }
    }

    async fn identify(self, operator: &Arc<Operator>) -> Result<Actor, Problem> {
        if self.local || self.secret.as_ref().is_ok_and(|secret| operator.is_owner(secret)) {
            return Ok(Actor::owner());
        }
        let now = operator.now();
        if let Some(wait) = operator.throttle.wait(self.peer, now) {
            return Err(throttled(wait));
        }
        let found = match self.secret {
            Ok(secret) => {
                carry_out(Arc::clone(operator), move |operator| operator.redeem(&secret, now)).await
            }
            Err(Unusable::Wrong) => Err(wrong_token()),
            Err(Unusable::Absent) => Err(no_token()),
        };
        if found.as_ref().is_err_and(|problem| matches!(problem.code(), "wrong-token" | "expired-token")) {
            operator.throttle.failed(self.peer, now);
            tracing::warn!(peer = %self.peer, "a wrong operator token was shown");
        }
        found
    }
}

/// The secret in an `Authorization` header, whose scheme is written in any case (RFC 9110, section 11.1).
fn secret(headers: &HeaderMap) -> Result<Secret, Unusable> {
    let value = headers.get(header::AUTHORIZATION).ok_or(Unusable::Absent)?;
    let (scheme, secret) =
        value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Unusable::Wrong)?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Unusable::Wrong);
    }
    secret.trim().parse().map_err(|_| Unusable::Wrong)
}

fn no_token() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "no-token", "this takes a token")
        .help("otary token create NAME, and give it by --token-file or OTARY_TOKEN")
}

fn wrong_token() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "wrong-token",
        "this token is none of this server's, or was revoked",
    )
    .help("otary token list, on the server, shows those that there are")
}

fn throttled(wait: Duration) -> Problem {
    let detail = format!("too many wrong tokens from this address: wait {} s", seconds(wait));
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", detail).retry_after(wait)
}

impl Operator {
    fn is_owner(&self, secret: &Secret) -> bool {
        self.owner.is_some_and(|owner| owner.0.ct_eq(&secret.hash().0).into())
    }

    /// The actor of a secret. Every token is compared, in constant time, whether or not one was found before.
    fn redeem(&self, secret: &Secret, now: Time) -> Result<Actor, Problem> {
        let hash = secret.hash();
        let mut found = None;
        for token in self.store.tokens()? {
            if token.hash.0.ct_eq(&hash.0).into() {
                found = Some(token);
            }
        }
        let token = found.ok_or_else(wrong_token)?;
        if token.expires <= now {
            let detail = format!("the token {} has expired", token.name);
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "expired-token", detail)
                .help("otary token create NAME makes another"));
        }
        let actor = Actor { who: token.name.clone(), scope: token.scope, owner: false };
        self.note_use(token, now)?;
        Ok(actor)
    }

    fn note_use(&self, token: Token, now: Time) -> Result<(), Problem> {
        if token.last_used.is_some_and(|last| now.since(last) < LAST_USED_EVERY) {
            return Ok(());
        }
        let _changing = self.changing();
        // It may have been revoked since it was read.
        if self.store.tokens()?.iter().any(|kept| kept.hash == token.hash) {
            self.store.put_token(&Token { last_used: Some(now), ..token })?;
        }
        Ok(())
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
