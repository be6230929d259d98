//! Where a file is: a URL that was looked at before anything is connected.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use super::{FetchError, Permission};

/// The longest URL, in bytes: signed links of release pages have some 800.
const MAX_URL: usize = 4096;

/// A URL that can be fetched: `https` or `http`, with a host, without a user or password in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(Url);

impl Place {
    /// The place whose path is this one's with `suffix` behind it: a signature beside its file.
    pub fn followed_by(&self, suffix: &str) -> Result<Self, FetchError> {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{suffix}", self.0.path()));
        url.try_into()
    }

    /// Whether the rules allow to go there, as far as the text tells.
    pub(crate) fn check(&self, permission: &Permission) -> Result<(), FetchError> {
        if self.is_plain() && !permission.plain_http {
            return Err(FetchError::PlainHttp { place: self.clone() });
        }
        Ok(())
    }

    /// Whether the operator named its host, so that it may be anywhere.
    pub(super) fn is_named_by(&self, permission: &Permission) -> bool {
        permission.hosts.contains(self.host())
    }

    /// Where a `Location` leads from here (RFC 9110, section 10.2.2).
    pub(super) fn join(&self, location: &str) -> Result<Self, FetchError> {
        let joined = self.0.join(location).ok().map(Self::try_from);
        joined.and_then(Result::ok).ok_or_else(|| FetchError::RedirectsNowhere { place: self.clone() })
    }

    /// A file that a manifest at this place names, relative to it or absolute.
    pub fn beside(&self, path: &str) -> Result<Self, FetchError> {
        if path.len() > MAX_URL {
            return Err(FetchError::UrlTooLong { length: path.len() });
        }
        self.0.join(path).map_err(FetchError::Url)?.try_into()
    }

    /// Whether both are the same server: same scheme, host and port.
    pub(crate) fn is_at_the_host_of(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }

    /// Scheme, host and port: the URL without what may be a secret of whoever gave it.
    pub fn server_url(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    pub(super) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The host as it stands in the URL, in lower case; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The host as a resolver or a certificate names it: an IPv6 address without brackets.
    pub(super) fn server(&self) -> String {
        match self.0.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => String::new(),
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// Host and port as the `Host` field has them (RFC 9110, section 7.2).
    pub(super) fn authority(&self) -> String {
        match self.0.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// Path and query, as the request line has them.
    pub(super) fn target(&self) -> String {
        let query = self.0.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", self.0.path())
    }

    /// The last part of the path, which is the file's name.
    pub fn file_name(&self) -> Option<&str> {
        self.0.path_segments()?.next_back().filter(|name| !name.is_empty())
    }
}

impl TryFrom<Url> for Place {
    type Error = FetchError;

    fn try_from(mut url: Url) -> Result<Self, FetchError> {
        if !matches!(url.scheme(), "https" | "http") {
            return Err(FetchError::Scheme { scheme: url.scheme().to_owned() });
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(FetchError::NoHost);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::PasswordInUrl);
        }
        url.set_fragment(None);
        if url.as_str().len() > MAX_URL {
            return Err(FetchError::UrlTooLong { length: url.as_str().len() });
        }
        Ok(Self(url))
    }
}

impl FromStr for Place {
    type Err = FetchError;

    fn from_str(text: &str) -> Result<Self, FetchError> {
        if text.len() > MAX_URL {
            return Err(FetchError::UrlTooLong { length: text.len() });
        }
        Url::parse(text).map_err(FetchError::Url)?.try_into()
    }
}

impl fmt::Display for Place {
    /// The URL without its query, which may be a signature that lets whoever has it in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        shown.set_query(None);
        f.write_str(shown.as_str())
    }
}
