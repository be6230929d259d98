//! Requests to other people's servers: what a mirror fetches and what webhooks are told goes through here.
//!
//! Whoever may name a URL must not thereby reach what only this machine can reach. So:
//!
//! - HTTPS, unless plain HTTP was allowed. Certificates are checked by the roots that the fetcher was given.
//! - A name is resolved once for each connection, and the connection goes to an address that was checked: a name that resolves
//!   to something else a moment later changes nothing. Only addresses of the public Internet are connected to
//!   ([`Reach`]), unless the operator named that very host.
//! - The same holds after every redirect, of which there are at most [`MAX_REDIRECTS`]. A redirect never leads from HTTPS
//!   to plain HTTP unless that was allowed.
//! - What authorizes goes to the host of the first URL alone; a URL with a password in it is refused.
//! - Bytes and time are bounded, over all redirects together.

mod address;
mod error;
mod exchange;
mod network;
mod place;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use rustls::RootCertStore;
use tokio::time::timeout;
use zeroize::Zeroizing;

pub use self::address::Reach;
pub use self::error::FetchError;
pub use self::network::{Connecting, Network, Resolving, System};
pub use self::place::Place;

use self::exchange::{Answer, Exchange};

/// Redirects that are followed: release pages take one or two.
pub const MAX_REDIRECTS: usize = 5;

/// What a fetch may do.
#[derive(Debug, Clone, Default)]
pub struct Permission {
    /// Plain HTTP, where anybody on the way can read and change the file.
    pub plain_http: bool,
    /// Hosts that may be anywhere, as they are written in URLs, in lower case: the operator named them.
    pub hosts: BTreeSet<String>,
    /// `Bearer` token for the host of the first URL.
    pub token: Option<Zeroizing<String>>,
}

/// How much is fetched at most, and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the file.
    pub bytes: u64,
    /// From the first lookup to the last byte.
    pub time: Duration,
}

/// A file that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Where it was at last, behind the redirects.
    pub from: Place,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What a server answered to a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// The beginning of what it said, at most a kilobyte or so.
    pub text: String,
}

/// Fetches files, and hands bodies over.
pub struct Fetcher {
    exchange: Exchange,
}

impl Fetcher {
    /// A fetcher that reaches servers over `network` and trusts `roots`.
    pub fn new(network: impl Network + 'static, roots: RootCertStore) -> Result<Self, FetchError> {
        Ok(Self { exchange: Exchange::new(Box::new(network), roots)? })
    }

    /// Fetches what is at `place`.
    pub async fn fetch(
        &self,
        place: &Place,
        permission: &Permission,
        bounds: Bounds,
    ) -> Result<Fetched, FetchError> {
        let whole = timeout(bounds.time, self.follow(place, permission, bounds.bytes)).await;
        whole.unwrap_or_else(|_| Err(FetchError::TooSlow { place: place.clone(), bound: bounds.time }))
    }

    /// Hands `body` over by `POST`, with these header fields, within `time`. No redirect is followed: where something is told
    /// is what the operator said.
    pub async fn post(
        &self,
        place: &Place,
        permission: &Permission,
        fields: HeaderMap,
        body: Bytes,
        time: Duration,
    ) -> Result<Reply, FetchError> {
        place.check(permission)?;
        let whole = timeout(time, self.exchange.post(place, permission, fields, body)).await;
        whole.unwrap_or_else(|_| Err(FetchError::TooSlow { place: place.clone(), bound: time }))
    }

    /// Goes on from redirect to redirect. Every step is a connection of its own and is checked like the first.
    async fn follow(
        &self,
        first: &Place,
        permission: &Permission,
        bytes: u64,
    ) -> Result<Fetched, FetchError> {
        let mut place = first.clone();
        for _ in 0..=MAX_REDIRECTS {
            place.check(permission)?;
            let token = permission.token.as_deref().filter(|_| place.is_at_the_host_of(first));
            match self.exchange.get(&place, permission, token.map(String::as_str), bytes).await? {
                Answer::File(bytes) => return Ok(Fetched { from: place, bytes }),
                Answer::Elsewhere(target) => place = place.join(&target)?,
            }
        }
        Err(FetchError::TooManyRedirects { place: first.clone() })
    }
}
