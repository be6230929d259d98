//! Where a server's operator listener is.

use anyhow::{Context, anyhow, bail};
use http::Uri;
use rustls::pki_types::ServerName;

use crate::advice::{Advise, advised};

/// The port of the operator listener unless set.
const PORT: u16 = 3444;

/// The host and port of an operator listener, and the name that its certificate has to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub host: String,
    pub port: u16,
    pub name: ServerName<'static>,
}

impl Address {
    /// Reads `https://HOST[:PORT]`.
    pub(super) fn parse(url: &str) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url} is no URL"))?;
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") => {
                let error = anyhow!("a token is never sent over plain HTTP");
                return Err(advised(error, format!("https://{}", url.trim_start_matches("http://"))));
            }
            _ => bail!("{url} is not of the form https://HOST:{PORT}"),
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(anyhow!("{url} goes on behind the port")).help("give only https://HOST:PORT");
        }
        if url.contains(['@', '#']) {
            let error = anyhow!("the server's URL has more in it than a host and a port");
            return Err(advised(
                error,
                "give only https://HOST:PORT; a token goes into --token-file or OTARY_TOKEN",
            ));
        }
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host.clone()).with_context(|| format!("{host:?} is no host name"))?;
        Ok(Self { host, port: uri.port_u16().unwrap_or(PORT), name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> (String, u16) {
        let address = Address::parse(url).unwrap();
        (address.host, address.port)
    }

    #[test]
    fn the_port_can_be_left_out() {
        assert_eq!(parse("https://pi.local"), ("pi.local".into(), 3444));
        assert_eq!(parse("https://192.168.1.5:8443/"), ("192.168.1.5".into(), 8443));
        assert_eq!(parse("https://[2001:db8::1]:1"), ("2001:db8::1".into(), 1));
    }

    #[test]
    fn plain_http_is_refused_with_the_way_out() {
        let error = Address::parse("http://pi.local:3444").unwrap_err();
        let printed = crate::advice::Report(&error).to_string();
        assert!(printed.contains("never sent over plain HTTP"), "{printed}");
        assert!(printed.contains("help: https://pi.local:3444"), "{printed}");
    }

    #[test]
    fn other_texts_are_refused() {
        for url in [
            "",
            "pi.local",
            "ftp://pi",
            "https://pi/api/v1",
            "https://a b",
            "https://",
            "https://me:word@pi",
            "https://pi#top",
        ] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
    }
}
