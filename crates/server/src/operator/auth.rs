//! Who asks, and whether they may: the owner of the data directory, a token, or somebody who signed in.
//!
//! A request that shows an `Authorization` is judged by that alone: no cookie is looked at beside it. A session's cookie counts for
//! a change only together with what [`forgery`](super::forgery) asks for.
//!
//! A body may take its time, and rights may be taken away meanwhile. So who asks is [asked again](Operator::again) once all of
//! it is here: nobody keeps a request open to act by it later.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use otary_fleet::{Grants, Scope, Sha256, Time, Token};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::actor::{Actor, Credential, Kind};
use super::forgery::{self, Forgeable};
use super::problem::Problem;
use super::request::receive_json;
use super::rights;
use super::routes::On;
use super::secret::Secret;
use super::session::{self, person, signed_out};
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

/// What a client may do here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Access {
    /// As the audit log says it: a person's name, `token` and its name, or `local`; none for whoever shows nothing.
    pub who: Option<String>,
    /// What lets it in.
    pub kind: Option<Kind>,
    /// What that allows.
    #[serde(default)]
    pub grants: Grants,
    /// What a request under a session that changes something has to carry in `X-Otary-Csrf`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csrf: Option<String>,
    /// Whether anybody can sign in; until then a setup code makes the first account.
    pub set_up: bool,
}

/// Tells a client what it may do, before it sends much. Whoever shows nothing, or the cookie of a session that has ended, is
/// nobody.
pub(super) async fn access(
    State(operator): State<Arc<Operator>>,
    asking: Asking,
) -> Result<Json<Access>, Problem> {
    let csrf = asking.session.as_ref().map(forgery::token);
    let actor = match asking.identify(&operator).await {
        Ok(actor) => Some(actor),
        Err(problem) if matches!(problem.code(), "no-token" | "signed-out") => None,
        Err(problem) => return Err(problem),
    };
    carry_out(operator, move |operator| operator.access_of(actor, csrf)).await.map(Json)
}

/// A door: who comes through has at least this scope.
#[derive(Clone)]
pub(super) struct Door {
    pub operator: Arc<Operator>,
    pub needs: Scope,
    pub on: On,
    /// Whether its handler takes the body as it comes, and asks again by itself.
    pub streams: bool,
}

/// Lets a request in, with its [`Actor`], or answers it with 401, 403 or 429.
pub(super) async fn let_in(
    State(door): State<Door>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (mut parts, mut body) = request.into_parts();
    let mut actor = Asking::of(&parts).identify(&door.operator).await?;
    rights::check(&door.operator, &actor, door.needs, door.on, &mut parts).await?;
    if !door.streams && !body.is_end_stream() {
        body = Body::from(receive_json(body).await?);
        actor = carry_out(Arc::clone(&door.operator), move |operator| operator.again(&actor)).await?;
        rights::check(&door.operator, &actor, door.needs, door.on, &mut parts).await?;
    }
    parts.extensions.insert(actor);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// What a request shows of who sent it.
pub(super) struct Asking {
    local: bool,
    /// The address that it came from, if it came over a network.
    pub from: Option<IpAddr>,
    secret: Result<Secret, Unusable>,
    /// The session's secret out of the cookie; none beside an `Authorization`.
    pub session: Option<Secret>,
    /// What this browser was told at an earlier sign-in.
    pub browser: Option<String>,
    forgeable: Forgeable,
}

/// Why there is no secret in a request.
enum Unusable {
    Absent,
    Wrong,
}

impl Asking {
    pub(super) fn of(parts: &Parts) -> Self {
        let secret = secret(&parts.headers);
        let cookie = |name| session::cookie(&parts.headers, name);
        let beside = !matches!(secret, Err(Unusable::Absent));
        Self {
            local: parts.extensions.get::<LocalOwner>().is_some(),
            from: parts.extensions.get::<Peer>().map(|peer| peer.0.to_canonical()),
            session: cookie(session::COOKIE).filter(|_| !beside).and_then(|text| text.parse().ok()),
            browser: cookie(session::BROWSER).map(str::to_owned),
            forgeable: Forgeable::of(parts),
            secret,
        }
    }

    /// The address that failures are counted by.
    pub(super) fn peer(&self) -> IpAddr {
        self.from.unwrap_or(Ipv4Addr::UNSPECIFIED.into())
    }

    /// Refuses what another site's page made the browser send.
    pub(super) fn check_same_site(&self) -> Result<(), Problem> {
        self.forgeable.check_site()
    }

    pub(super) async fn identify(self, operator: &Arc<Operator>) -> Result<Actor, Problem> {
        if self.local || self.secret.as_ref().is_ok_and(|secret| operator.is_owner(secret)) {
            return Ok(Actor::owner(self.from));
        }
        match (&self.secret, self.session) {
            (Err(Unusable::Absent), None) => Err(no_token()),
            (Err(Unusable::Absent), Some(session)) => {
                self.forgeable.check(&session)?;
                let from = self.from;
                carry_out(Arc::clone(operator), move |operator| operator.resume(session.hash(), from)).await
            }
            (Ok(_) | Err(Unusable::Wrong), _) => {
                let (from, peer) = (self.from, self.from.unwrap_or(Ipv4Addr::UNSPECIFIED.into()));
                by_token(self.secret.ok(), from, peer, operator).await
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Ok(Self::of(parts))
    }
}

/// Wrong ones are counted, and soon no longer answered one by one. A right one is let in from wherever it comes: nobody behind the
/// same address can keep it out, and 256 bits are not guessed.
async fn by_token(
    secret: Option<Secret>,
    from: Option<IpAddr>,
    peer: IpAddr,
    operator: &Arc<Operator>,
) -> Result<Actor, Problem> {
    let found = match secret {
        Some(secret) => {
            carry_out(Arc::clone(operator), move |operator| operator.redeem(secret.hash(), from)).await
        }
        None => Err(wrong_token()),
    };
    let is_wrong =
        found.as_ref().is_err_and(|problem| matches!(problem.code(), "wrong-token" | "expired-token"));
    if !is_wrong {
        return found;
    }
    let now = operator.now();
    if let Some(wait) = operator.throttle.wait(peer, now) {
        return Err(throttled("too many wrong tokens from this address", wait));
    }
    operator.throttle.failed(peer, now);
    tracing::warn!(%peer, "a wrong operator token was shown");
    found
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
        .help("otary token create NAME, and give it by --token-file or OTARY_TOKEN; or otary login")
}

fn wrong_token() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "wrong-token",
        "this token is none of this server's, or was revoked",
    )
    .help("otary token list, on the server, shows those that there are")
}

/// Too many failures: how long to wait.
pub(super) fn throttled(why: &str, wait: Duration) -> Problem {
    let detail = format!("{why}: wait {} s", seconds(wait));
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", detail).retry_after(wait)
}

impl Operator {
    /// What somebody may do, or nobody.
    pub(super) fn access_of(&self, actor: Option<Actor>, csrf: Option<String>) -> Result<Access, Problem> {
        let set_up = self.store.accounts()?.iter().any(|account| !account.disabled);
        let Some(Actor { who, kind, grants, .. }) = actor else {
            return Ok(Access { who: None, kind: None, grants: Grants::default(), csrf: None, set_up });
        };
        let csrf = csrf.filter(|_| kind == Kind::Session);
        Ok(Access { who: Some(who), kind: Some(kind), grants, csrf, set_up })
    }

    fn is_owner(&self, secret: &Secret) -> bool {
        self.owner.is_some_and(|owner| owner.0.ct_eq(&secret.hash().0).into())
    }

    /// Somebody who was let in, as they would be now; refused as at the door if they no longer would.
    pub(super) fn again(&self, actor: &Actor) -> Result<Actor, Problem> {
        match actor.credential {
            Credential::Lasting => Ok(actor.clone()),
            Credential::Token(hash) => self.redeem(hash, actor.from),
            Credential::Session(hash) => self.resume(hash, actor.from),
        }
    }

    /// The actor of a token's secret with this digest. Every token is compared, in constant time, whether or not one was found
    /// before.
    fn redeem(&self, hash: Sha256, from: Option<IpAddr>) -> Result<Actor, Problem> {
        let now = self.now();
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
        let (who, behind) = (format!("token {}", token.name), token.made_by.clone());
        let (grants, credential) = (self.grants_of(&token)?, Credential::Token(hash));
        self.note_use(token, now)?;
        Ok(Actor { who, behind, grants, from, kind: Kind::Token, credential })
    }

    /// What a token allows: never more than the person may who made it, today.
    fn grants_of(&self, token: &Token) -> Result<Grants, Problem> {
        if token.made_by == Actor::LOCAL {
            return Ok(token.grants.clone());
        }
        let accounts = self.store.accounts()?;
        let person = accounts.iter().find(|account| account.name == token.made_by && !account.disabled);
        let person = person.ok_or_else(|| {
            let detail = format!("the token {} is {}'s, who may not come in", token.name, token.made_by);
            Problem::new(StatusCode::UNAUTHORIZED, "disabled-token", detail)
        })?;
        Ok(token.grants.within(&person.grants))
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

    /// The actor of a session whose secret has this digest.
    fn resume(&self, hash: Sha256, from: Option<IpAddr>) -> Result<Actor, Problem> {
        let account = self.session_of(&hash, self.now())?.ok_or_else(signed_out)?;
        Ok(person(&account, from, Credential::Session(hash)))
    }
}
