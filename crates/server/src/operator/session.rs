//! Signing in and out. A session is a secret of 256 bits in a cookie, of which only the digest is kept.
//!
//! - It is made anew at every sign-in, and what the browser showed before ends: nobody can have a person sign in to a session that he
//!   knows.
//! - It ends unused after [`Session::IDLE`], and after [`Session::LONGEST`] at all; a change of the password ends all others.
//! - A name that nobody has is answered as a wrong password is, after the same time.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use otary_fleet::{Account, Session, Sha256, Time};
use serde::{Deserialize, Serialize};

use super::actor::{Actor, Credential, Kind};
use super::attempts::Visitor;
use super::auth::{Access, Asking, throttled};
use super::browser::KnownBrowser;
use super::forgery;
use super::password::Password;
use super::problem::Problem;
use super::request::Body;
use super::secret::Secret;
use super::site::{Operator, carry_out};

/// The cookie with a session's secret. Its prefix has browsers take it from this host alone, over TLS alone.
pub const COOKIE: &str = "__Host-otary";
/// The cookie by which a browser that signed in before is known.
pub(super) const BROWSER: &str = "__Host-otary-browser";

/// How long a browser is known.
const BROWSER_KNOWN: Duration = Duration::from_hours(365 * 24);
/// When a session was last used is noted once in this time.
const SEEN_EVERY: Duration = Duration::from_mins(5);
/// The most sessions of one person; beyond, the one that was used longest ago ends.
const MOST: usize = 20;

/// What a person types to sign in.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The account's name.
    pub name: String,
    /// Its password.
    pub password: Password,
}

/// What a person types to change the password.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password so far.
    pub old: Password,
    /// From now on.
    pub new: Password,
}

/// A session that was just made, with its secret.
pub(super) struct SignedIn {
    pub access: Access,
    pub secret: Secret,
    pub browser: String,
}

/// A session that has ended, with what makes the browser forget it.
pub(super) struct SignedOut(HeaderValue);

impl IntoResponse for SignedOut {
    fn into_response(self) -> Response {
        (StatusCode::NO_CONTENT, [(header::SET_COOKIE, self.0)]).into_response()
    }
}

/// Signs in.
pub(super) async fn sign_in(
    State(operator): State<Arc<Operator>>,
    asking: Asking,
    Body(form): Body<SignIn>,
) -> Result<SignedIn, Problem> {
    asking.check_same_site()?;
    let (visitor, turn) = begin(&operator, &asking, &form.name).await?;
    carry_out(operator, move |operator| {
        let _turn = turn;
        operator.sign_in(&form, &asking, visitor)
    })
    .await
}

/// Signs out: the session ends, here and for whoever else has its secret.
pub(super) async fn sign_out(
    State(operator): State<Arc<Operator>>,
    asking: Asking,
    actor: Actor,
) -> Result<SignedOut, Problem> {
    let session = asking.session.filter(|_| actor.kind == Kind::Session).ok_or_else(no_session)?;
    carry_out(operator, move |operator| {
        operator.store.delete_session(&session.hash())?;
        operator.log(&actor, None, "signed out".to_owned())
    })
    .await?;
    let gone = set_cookie(COOKIE, "", Duration::ZERO)?;
    Ok(SignedOut(gone))
}

/// Changes the password of whoever signed in.
pub(super) async fn change_password(
    State(operator): State<Arc<Operator>>,
    asking: Asking,
    actor: Actor,
    Body(change): Body<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let session = asking.session.clone().filter(|_| actor.kind == Kind::Session).ok_or_else(no_session)?;
    change.new.check_new()?;
    let (visitor, turn) = begin(&operator, &asking, &actor.who).await?;
    carry_out(operator, move |operator| {
        let _turn = turn;
        operator.change_password(&change, &session, &actor, visitor)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Counts an attempt and waits for a turn at hashing.
async fn begin(
    operator: &Arc<Operator>,
    asking: &Asking,
    name: &str,
) -> Result<(Visitor, tokio::sync::OwnedSemaphorePermit), Problem> {
    let account = Sha256::of(name.as_bytes());
    let (browser, wanted) = (asking.browser.clone(), name.to_owned());
    let known = carry_out(Arc::clone(operator), move |operator| {
        let Some(browser) = browser else { return Ok(None) };
        Ok(operator.browsers()?.recognise(&browser, &wanted))
    });
    let visitor = known.await?.map_or(Visitor::Stranger(asking.peer(), account), Visitor::Known);
    operator.attempts.begin(visitor, operator.now()).map_err(|wait| throttled("too many attempts", wait))?;
    let turn = operator.hashing.take(matches!(visitor, Visitor::Known(_))).await?;
    Ok((visitor, turn))
}

impl Operator {
    fn sign_in(&self, form: &SignIn, asking: &Asking, visitor: Visitor) -> Result<SignedIn, Problem> {
        let account = self.store.accounts()?.into_iter().find(|account| account.name == form.name);
        let may = account.as_ref().filter(|account| !account.disabled);
        if !form.password.is_of(may.map(|account| account.password.as_str())) {
            let name = account.as_ref().map(|account| account.name.as_str());
            tracing::warn!(peer = %asking.peer(), name, "a sign-in failed");
            return Err(wrong_password());
        }
        self.attempts.succeeded(visitor);
        let account = account.ok_or_else(wrong_password)?;
        self.open_session(&account, asking)
    }

    /// Makes a session of somebody who showed who he is, and ends the one that the browser showed before.
    pub(super) fn open_session(&self, account: &Account, asking: &Asking) -> Result<SignedIn, Problem> {
        let secret = Secret::generate()
            .map_err(|error| Problem::internal("no-randomness", "no session was made", error))?;
        let browser = self.browsers()?.introduce(&account.name)?;
        let now = self.now();
        let _changing = self.changing();
        if let Some(before) = &asking.session {
            self.store.delete_session(&before.hash())?;
        }
        self.make_room(&account.name)?;
        // It may have been changed or taken away while its password was looked at.
        let kept = self.store.accounts()?.into_iter().find(|kept| kept.name == account.name);
        let kept = kept.filter(|kept| kept.password == account.password && !kept.disabled);
        let account = Account { last_signed_in: Some(now), ..kept.ok_or_else(wrong_password)? };
        self.store.put_account(&account)?;
        self.store.put_session(&Session {
            hash: secret.hash(),
            account: account.name.clone(),
            created: now,
            last_seen: now,
            ends: now + Session::LONGEST,
            from: asking.peer(),
        })?;
        let actor = person(&account, asking.from, Credential::Session(secret.hash()));
        self.log(&actor, None, "signed in".to_owned())?;
        let access = self.access_of(Some(actor), Some(forgery::token(&secret)))?;
        Ok(SignedIn { access, secret, browser })
    }

    fn make_room(&self, account: &str) -> Result<(), Problem> {
        let sessions = self.store.sessions()?;
        let mut own: Vec<&Session> = sessions.iter().filter(|session| session.account == account).collect();
        own.sort_by_key(|session| session.last_seen);
        let surplus = (own.len() + 1).saturating_sub(MOST);
        for session in own.into_iter().take(surplus) {
            self.store.delete_session(&session.hash)?;
        }
        Ok(())
    }

    fn change_password(
        &self,
        change: &PasswordChange,
        session: &Secret,
        actor: &Actor,
        visitor: Visitor,
    ) -> Result<(), Problem> {
        let find =
            || Ok::<_, Problem>(self.store.accounts()?.into_iter().find(|kept| kept.name == actor.who));
        let account = find()?.ok_or_else(signed_out)?;
        if !change.old.is_of(Some(&account.password)) {
            return Err(wrong_password());
        }
        self.attempts.succeeded(visitor);
        let password = change.new.hash()?;
        let _changing = self.changing();
        let unchanged = |now: &Account| now.password == account.password;
        let account = find()?.filter(unchanged).ok_or_else(signed_out)?;
        self.store.put_account(&Account { password, ..account })?;
        self.end_sessions(&actor.who, Some(session))?;
        self.log(actor, None, "changed the password".to_owned())
    }

    /// Ends the sessions of a person, but for one.
    pub(super) fn end_sessions(&self, account: &str, but: Option<&Secret>) -> Result<(), Problem> {
        let but = but.map(Secret::hash);
        let ending = |session: &Session| session.account == account && Some(session.hash) != but;
        for session in self.store.sessions()?.into_iter().filter(ending) {
            self.store.delete_session(&session.hash)?;
        }
        Ok(())
    }

    /// Whose session it is whose secret has this digest, if it goes on; that it was used is noted.
    pub(super) fn session_of(&self, hash: &Sha256, now: Time) -> Result<Option<Account>, Problem> {
        let session = self.store.session(hash)?.filter(|session| !session.has_ended(now));
        let Some(session) = session else { return Ok(None) };
        let account = self.store.accounts()?.into_iter().find(|account| account.name == session.account);
        let Some(account) = account.filter(|account| !account.disabled) else { return Ok(None) };
        if now.since(session.last_seen) >= SEEN_EVERY {
            let _changing = self.changing();
            // It may have ended since it was read.
            if self.store.session(&session.hash)?.is_some() {
                self.store.put_session(&Session { last_seen: now, ..session })?;
            }
        }
        Ok(Some(account))
    }

    pub(super) fn browsers(&self) -> Result<KnownBrowser, Problem> {
        // Of two keys made at once one would be lost.
        let _changing = self.changing();
        KnownBrowser::of(&*self.store)
    }
}

/// A person as an actor.
pub(super) fn person(account: &Account, from: Option<IpAddr>, credential: Credential) -> Actor {
    let (who, behind) = (account.name.clone(), account.name.clone());
    Actor { who, behind, grants: account.grants.clone(), from, kind: Kind::Session, credential }
}

impl IntoResponse for SignedIn {
    fn into_response(self) -> Response {
        let session = set_cookie(COOKIE, self.secret.expose(), Session::LONGEST);
        let browser = set_cookie(BROWSER, &self.browser, BROWSER_KNOWN);
        let mut response = (StatusCode::CREATED, Json(self.access)).into_response();
        for cookie in [session, browser] {
            match cookie {
                Ok(cookie) => response.headers_mut().append(header::SET_COOKIE, cookie),
                Err(problem) => return problem.into_response(),
            };
        }
        response
    }
}

/// The value of a cookie that a request shows.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(found, _)| *found == name).map(|(_, value)| value).next()
}

fn set_cookie(name: &str, value: &str, age: Duration) -> Result<HeaderValue, Problem> {
    let text =
        format!("{name}={value}; Max-Age={}; Path=/; Secure; HttpOnly; SameSite=Strict", age.as_secs());
    let made = HeaderValue::from_str(&text).map(|mut cookie| {
        cookie.set_sensitive(true);
        cookie
    });
    made.map_err(|error| Problem::internal("no-cookie", "no session was made", error))
}

/// The same for a name that nobody has.
fn wrong_password() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "wrong-password", "nobody has this name and password")
        .help("otary setup-code, run by the owner of the data directory, is always a way in")
}

pub(super) fn signed_out() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "signed-out", "this session has ended").help("sign in again")
}

fn no_session() -> Problem {
    Problem::bad_request("no-session", "this is for whoever signed in with a name and a password")
}
