//! Why a file was not fetched.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use http::StatusCode;
use thiserror::Error;

use super::{MAX_REDIRECTS, Place, Reach};

/// Why a file was not fetched. Nothing of it is kept then.
#[derive(Debug, Error)]
pub enum FetchError {
    /// The text is no URL.
    #[error("this is no URL")]
    Url(#[source] url::ParseError),
    /// The URL is not one of HTTP.
    #[error("a URL begins with https://, this one with {scheme}:")]
    Scheme {
        /// How it begins.
        scheme: String,
    },
    /// The URL names no host.
    #[error("the URL names no host")]
    NoHost,
    /// The URL has a user or password in it, which would be in logs and process lists.
    #[error("the URL has a user or password in it")]
    PasswordInUrl,
    /// The URL is longer than any that is meant.
    #[error("the URL has {length} bytes, 4096 are allowed")]
    UrlTooLong {
        /// Its length.
        length: usize,
    },
    /// Plain HTTP was not allowed.
    #[error("{place} is plain HTTP, where anybody on the way can change the file")]
    PlainHttp {
        /// Where.
        place: Place,
    },
    /// The name has no address.
    #[error("{host} cannot be resolved")]
    NoAddress {
        /// The name.
        host: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The name leads to where only this machine can go.
    #[error("{}{address}{reach}", named(host, *address))]
    NotPublic {
        /// The name.
        host: String,
        /// The address.
        address: IpAddr,
        /// What is there.
        reach: Reach,
    },
    /// None of the addresses takes a connection.
    #[error("{host} takes no connection")]
    NoConnection {
        /// The name.
        host: String,
        /// What the last one said.
        #[source]
        source: io::Error,
    },
    /// The server's certificate is not trusted, or TLS failed otherwise.
    #[error("no trusted connection to {host}")]
    Tls {
        /// The name.
        host: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// TLS cannot be set up on this machine.
    #[error("TLS cannot be set up")]
    NoTls(#[source] rustls::Error),
    /// The server does not speak HTTP, or the connection ended.
    #[error("{place} gave no whole answer")]
    Http {
        /// Where.
        place: Place,
        /// Why.
        #[source]
        source: hyper::Error,
    },
    /// The server answered something else than a file.
    #[error("{place} answered {status}")]
    Status {
        /// Where.
        place: Place,
        /// What.
        status: StatusCode,
    },
    /// The answer is packed, although nobody asked for that.
    #[error("{place} answered in a content coding that was not asked for")]
    Encoded {
        /// Where.
        place: Place,
    },
    /// The redirect has no URL, or none that can be followed.
    #[error("{place} redirects to nowhere")]
    RedirectsNowhere {
        /// Where.
        place: Place,
    },
    /// One redirect after the other.
    #[error("{place} redirects more than {MAX_REDIRECTS} times")]
    TooManyRedirects {
        /// Where it began.
        place: Place,
    },
    /// The file is larger than was allowed.
    #[error("{place} has more than {bound} bytes")]
    TooLarge {
        /// Where.
        place: Place,
        /// Bytes that were allowed.
        bound: u64,
    },
    /// It took longer than was allowed.
    #[error("{place} took longer than {} s", bound.as_secs())]
    TooSlow {
        /// Where it began.
        place: Place,
        /// How long was allowed.
        bound: Duration,
    },
}

/// A name in front of its address; none if it is that.
fn named(host: &str, address: IpAddr) -> String {
    let same = host.trim_matches(['[', ']']).parse() == Ok(address);
    if same { String::new() } else { format!("{host} is ") }
}

impl FetchError {
    /// What to do about it, where there is something.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Url(_) | Self::Scheme { .. } | Self::NoHost => {
                "write it as https://example.org/lamp.bin".into()
            }
            Self::PasswordInUrl => "give the token in a file: --token-file FILE".into(),
            Self::PlainHttp { .. } => "use https, or say --allow-http".into(),
            Self::NotPublic { host, .. } => format!("if that is meant: --allow-host {host}"),
            _ => return None,
        })
    }
}
