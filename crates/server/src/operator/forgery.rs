//! Requests that another site's page makes a browser send: what a change under a session has to show beside the cookie.
//!
//! - The header `X-Otary-Csrf` with the session's token. Another site can neither read it nor send such a header without asking
//!   first, which is never granted.
//! - An `Origin` that is this host, and a `Sec-Fetch-Site` that is this site, where the browser sends them. Signing in is held to
//!   this alone: nobody is signed in to an account that is not theirs.
//!
//! The cookie is `SameSite=Strict` besides. Reading takes none of this: what is read changes nothing, and no other site is shown it.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use subtle::ConstantTimeEq;

use super::problem::Problem;
use super::secret::Secret;

/// The header with a session's token.
pub const CSRF_HEADER: &str = "x-otary-csrf";

/// What the token is made of beside the session's secret.
const LABEL: &[u8] = b"otary csrf 1";

/// What a request shows of where it was made.
pub(super) struct Forgeable {
    changes: bool,
    token: Option<String>,
    site: Result<(), &'static str>,
}

/// The token of a session: it says nothing of the session's secret.
pub(super) fn token(session: &Secret) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, session.expose().as_bytes());
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, LABEL))
}

impl Forgeable {
    pub(super) fn of(parts: &Parts) -> Self {
        let safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let host = host(parts);
        Self {
            changes: !safe,
            token: text(&parts.headers, CSRF_HEADER).map(str::to_owned),
            site: check_headers(&parts.headers, host.as_deref()),
        }
    }

    /// Refuses a change that another site's page asked for.
    pub(super) fn check_site(&self) -> Result<(), Problem> {
        match self.site {
            Err(why) if self.changes => Err(forged(why)),
            _ => Ok(()),
        }
    }

    /// Refuses a change under a session that does not show the session's token as well.
    pub(super) fn check(&self, session: &Secret) -> Result<(), Problem> {
        self.check_site()?;
        let shown = self.token.as_deref().unwrap_or_default();
        let right = bool::from(shown.as_bytes().ct_eq(token(session).as_bytes()));
        if right || !self.changes { Ok(()) } else { Err(forged("it does not carry the session's token")) }
    }
}

fn check_headers(headers: &HeaderMap, host: Option<&str>) -> Result<(), &'static str> {
    if headers.contains_key(header::ORIGIN) {
        let origin = text(headers, header::ORIGIN.as_str()).unwrap_or_default();
        let of = origin.strip_prefix("https://");
        if !of.zip(host).is_some_and(|(of, host)| of.eq_ignore_ascii_case(host)) {
            return Err("it comes from a page of another origin");
        }
    }
    match text(headers, "sec-fetch-site") {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => Err("it comes from a page of another site"),
    }
}

/// The host that the request is for, as the browser wrote it.
pub(super) fn host(parts: &Parts) -> Option<String> {
    let in_target = parts.uri.authority().map(http::uri::Authority::as_str);
    // Of two nobody can say which one is meant (RFC 9112, section 3.2).
    if parts.headers.get_all(header::HOST).iter().nth(1).is_some() {
        return None;
    }
    in_target.or_else(|| text(&parts.headers, header::HOST.as_str())).map(str::to_owned)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn forged(why: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "forged", format!("this is refused, because {why}"))
        .help("send what `GET /api/v1/access` answers as `csrf` in X-Otary-Csrf, from this server's own page")
}
