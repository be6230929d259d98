//! The URL that a device asks, taken apart once. What no device could ask is refused here, with the reason.

use std::fmt;
use std::net::IpAddr;

use anyhow::{Context, Result, anyhow, bail};
use http::Uri;

use crate::advice::{Advise, advised};

/// A URL in the parts that an examination uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// Whether it is `https`.
    pub secure: bool,
    /// The host as written: what is looked up, sent as server name and compared with the certificate.
    pub host: String,
    /// The port: 443 or 80 unless written.
    pub port: u16,
    /// Path and query as written; at least `/`.
    pub target: String,
}

/// What a URL looks like.
const FORM: &str = "give what the device asks: https://HOST:PORT/update";

impl Url {
    /// Reads `https://HOST[:PORT][/PATH]`, or the same with `http`.
    pub fn parse(text: &str) -> Result<Self> {
        let uri: Uri = text.parse().with_context(|| format!("{text:?} is no URL")).help(FORM)?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(anyhow!("{text:?} is no URL of a server")).help(FORM),
        };
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            let error =
                anyhow!("the URL has a user and a password in it, which other users of this machine see");
            return Err(advised(error, "leave them out"));
        }
        let host = uri.host().unwrap_or_default();
        if host.starts_with('[') {
            let error = anyhow!("no sketch can use {host}: its HTTP client ends the host at the first colon");
            return Err(advised(error, "give the server a name, or an IPv4 address"));
        }
        if host.is_empty() {
            bail!("{text:?} names no host");
        }
        let target = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        Ok(Self {
            secure,
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            target: target.to_owned(),
        })
    }

    /// The host, if it is written as an address.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether the name is one that machines of a network tell each other (RFC 6762, section 3).
    pub fn is_local(&self) -> bool {
        let host = self.host.trim_end_matches('.').to_ascii_lowercase();
        host.rsplit_once('.').is_some_and(|(_, last)| last == "local")
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}{}", self.host, self.port, self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_kept_as_they_are_written() {
        let url = Url::parse("https://ServerOTA.local:3443/update/lamp?chip=esp32").unwrap();
        assert_eq!((url.secure, &*url.host, url.port), (true, "ServerOTA.local", 3443));
        assert_eq!((&*url.target, url.is_local(), url.address()), ("/update/lamp?chip=esp32", true, None));
        let url = Url::parse("http://192.168.1.70").unwrap();
        assert_eq!((url.secure, url.port, &*url.target), (false, 80, "/"));
        assert_eq!(url.address(), Some([192, 168, 1, 70].into()));
    }

    #[test]
    fn what_no_device_could_ask_is_refused_with_the_reason() {
        for (text, reason) in [
            ("ota.lan/update", "is no URL"),
            ("ftp://ota.lan/", "is no URL of a server"),
            ("https://me:secret@ota.lan/", "a user and a password"),
            ("https://[fd00::5]:3443/", "ends the host at the first colon"),
            ("https://a b/", "is no URL"),
        ] {
            let error = format!("{:#}", Url::parse(text).unwrap_err());
            assert!(error.contains(reason) && !error.contains("secret"), "{text}: {error}");
        }
    }
}
