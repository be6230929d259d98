//! Who asks, and whether they may: the owner of the data directory, or a token of sufficient scope.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use otary_fleet::{Grants, Scope, Time, Token};
use otary_store::StoreError;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::actor::{Actor, Kind};
use super::problem::Problem;
use super::rights;
use super::routes::On;
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

/// Tells a client what it may do, before it sends much.
pub(super) async fn access(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
) -> Result<Json<Access>, Problem> {
    let set_up = carry_out(operator, |operator| Ok(operator.is_set_up()?)).await?;
    let Actor { who, kind, grants, .. } = actor;
    Ok(Json(Access { who: Some(who), kind: Some(kind), grants, csrf: None, set_up }))
}

/// A door: who comes through has at least this scope.
#[derive(Clone)]
pub(super) struct Door {
    pub operator: Arc<Operator>,
    pub needs: Scope,
    pub on: On,
}

/// Lets a request in, with its [`Actor`], or answers it with 401, 403 or 429.
pub(super) async fn let_in(
    State(door): State<Door>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let shown = Shown::by(&request);
    let actor = shown.identify(&door.operator).await?;
    let (mut parts, body) = request.into_parts();
    rights::check(&door.operator, &actor, door.needs, door.on, &mut parts).await?;
    parts.extensions.insert(actor);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// What a request shows of who sent it.
struct Shown {
    local: bool,
    from: Option<IpAddr>,
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
        let from = extensions.get::<Peer>().map(|peer| peer.0.to_canonical());
        Self {
            local: extensions.get::<LocalOwner>().is_some(),
            from,
            peer: from.unwrap_or(Ipv4Addr::UNSPECIFIED.into()),
            secret: secret(request.headers()),
        }
    }

    async fn identify(self, operator: &Arc<Operator>) -> Result<Actor, Problem> {
        if self.local || self.secret.as_ref().is_ok_and(|secret| operator.is_owner(secret)) {
            return Ok(Actor::owner(self.from));
        }
        let now = operator.now();
        if let Some(wait) = operator.throttle.wait(self.peer, now) {
            return Err(throttled(wait));
        }
        let found = match self.secret {
            Ok(secret) => {
                let from = self.from;
                carry_out(Arc::clone(operator), move |operator| operator.redeem(&secret, from, now)).await
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
    /// Whether anybody can sign in.
    fn is_set_up(&self) -> Result<bool, StoreError> {
        Ok(self.store.accounts()?.iter().any(|account| !account.disabled))
    }

    fn is_owner(&self, secret: &Secret) -> bool {
        self.owner.is_some_and(|owner| owner.0.ct_eq(&secret.hash().0).into())
    }

    /// The actor of a secret. Every token is compared, in constant time, whether or not one was found before.
    fn redeem(&self, secret: &Secret, from: Option<IpAddr>, now: Time) -> Result<Actor, Problem> {
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
        let (who, behind) = (format!("token {}", token.name), token.made_by.clone());
        let actor = Actor { who, behind, grants: token.grants.clone(), from, kind: Kind::Token };
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
