//! An `https://` URL, taken apart.

use anyhow::{Context, anyhow, bail};
use http::Uri;
use rustls::pki_types::ServerName;

use crate::advice::{Advise, advised};

/// Where to ask: host, port, the name that the certificate has to have, and the path with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The host, an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The host, as the certificate has to have it.
    pub name: ServerName<'static>,
    /// What stands behind the port; begins with `/`.
    pub path: String,
}

impl Endpoint {
    /// Reads `https://HOST[:PORT][/PATH]`; `setting` is where it stood, `path` is taken where it has none.
    pub fn parse(url: &str, setting: &str, path: &str) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{setting}: {url:?} is no URL"))?;
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") => {
                let error =
                    anyhow!("{setting}: nothing is asked over plain HTTP, where anybody could answer");
                return Err(advised(error, format!("https://{}", url.trim_start_matches("http://"))));
            }
            _ => bail!("{setting}: {url:?} is not of the form https://HOST/PATH"),
        }
        if url.contains(['@', '#']) {
            return Err(anyhow!("{setting} has more in it than a host, a port and a path"))
                .help("the account goes into ddns.user, its password into ddns.password_file");
        }
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host.clone());
        let name = name.with_context(|| format!("{setting}: {host:?} is no host name"))?;
        let asked = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if asked == "/" { path } else { asked }.to_owned();
        Ok(Self { host, port: uri.port_u16().unwrap_or(443), name, path })
    }

    /// As it stands in a URL and in a `Host` header: without the port if it is HTTPS's own.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == 443 { host } else { format!("{host}:{}", self.port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> anyhow::Result<Endpoint> {
        Endpoint::parse(url, "ddns.server", "/nic/update")
    }

    #[test]
    fn port_and_path_can_be_left_out() {
        for (url, authority, path) in [
            ("https://dyn.example", "dyn.example", "/nic/update"),
            ("https://dyn.example/", "dyn.example", "/nic/update"),
            ("https://dyn.example:8443/v3/update", "dyn.example:8443", "/v3/update"),
            ("https://dyn.example/update?system=dyndns", "dyn.example", "/update?system=dyndns"),
            ("https://[fd00::1]:1/u", "[fd00::1]:1", "/u"),
        ] {
            let endpoint = parse(url).unwrap();
            assert_eq!((endpoint.authority().as_str(), endpoint.path.as_str()), (authority, path));
        }
    }

    #[test]
    fn a_password_in_the_url_and_plain_http_are_refused_and_neither_is_repeated_where_it_is_secret() {
        let refusal = |url: &str| crate::advice::Report(&parse(url).unwrap_err()).to_string();
        let refused = refusal("https://me:word@dyn.example/nic/update");
        assert!(refused.contains("ddns.password_file") && !refused.contains("word@"), "{refused}");
        assert!(refusal("http://dyn.example/x").contains("help: https://dyn.example/x"));
        for url in ["", "dyn.example", "ftp://dyn.example", "https://", "https://a b"] {
            assert!(refusal(url).starts_with("error: ddns.server"), "{url}");
        }
    }
}
