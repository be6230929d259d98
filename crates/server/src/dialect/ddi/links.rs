//! Links: absolute, to the host that the client asked, since it knows that one and its certificate.

use std::fmt::{self, Display};

use otary_fleet::{ActionId, DeviceName};
use serde::Serialize;

use crate::http1::Head;

/// The longest host with its port, in bytes: a name has 253.
const LONGEST_HOST: usize = 262;

/// Makes the links of one device.
#[derive(Debug, Clone)]
pub(crate) struct Links {
    /// Up to the device, without a slash at the end.
    base: String,
    /// The client asked for JSON by the name that hawkBit gives it.
    pub(super) hal: bool,
}

/// A link.
#[derive(Debug, Serialize)]
pub(super) struct Link {
    href: String,
}

impl Links {
    /// `own` is the server's own URL, for a client that names no host. Who came by a link goes on by it.
    pub(super) fn new(
        head: &Head<'_>,
        link: Option<crate::link::Link<'_>>,
        own: &str,
        tenant: &str,
        name: &DeviceName,
    ) -> Self {
        let host = head.field("host").filter(|host| is_host(host)).map(|host| format!("https://{host}"));
        let origin = host.as_deref().unwrap_or(own);
        let link = link.map(|link| link.path).unwrap_or_default();
        let base = format!("{origin}{link}/{tenant}/controller/v1/{}", Escaped(name.as_str()));
        let accepts = head.field("accept").unwrap_or_default();
        Self { base, hal: accepts.contains("hal+json") }
    }

    /// To a resource of the device.
    pub(super) fn to(&self, below: impl Display) -> Link {
        Link { href: format!("{}/{below}", self.base) }
    }

    /// To a file of an action.
    pub(super) fn file(&self, action: ActionId, name: &str, suffix: &str) -> Link {
        self.to(format_args!("softwaremodules/{action}/artifacts/{}{suffix}", Escaped(name)))
    }
}

/// A name with a port, or an address: nothing that would end a link or begin another one.
fn is_host(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    (1..=LONGEST_HOST).contains(&text.len()) && text.bytes().all(plain)
}

/// A segment of a path, in which everything but unreserved characters is escaped (RFC 3986, section 2.3), and not the
/// colons of an address either.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.bytes().try_for_each(|c| match c {
            b'-' | b'.' | b'_' | b'~' | b':' => write!(f, "{}", char::from(c)),
            c if c.is_ascii_alphanumeric() => write!(f, "{}", char::from(c)),
            c => write!(f, "%{c:02X}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1;

    fn href(fields: &str, name: &str) -> String {
        let bytes = format!("GET / HTTP/1.1\r\n{fields}\r\n");
        let links =
            |head: &Head<'_>| Links::new(head, None, "https://own:3000", "DEFAULT", &name.parse().unwrap());
        http1::read(bytes.as_bytes(), links).unwrap().unwrap().0.to("configData").href
    }

    #[test]
    fn a_link_leads_where_the_client_asked() {
        let here = "/DEFAULT/controller/v1/device1/configData";
        assert_eq!(href("Host: ota.example:8443\r\n", "device1"), format!("https://ota.example:8443{here}"));
        assert_eq!(href("Host: [::1]:3000\r\n", "device1"), format!("https://[::1]:3000{here}"));
        for strange in ["", "Host: a/b\r\n", "Host: a\"b\r\n", "Host: a@b\r\n", "Host:\r\n"] {
            assert_eq!(href(strange, "device1"), format!("https://own:3000{here}"), "{strange}");
        }
    }

    #[test]
    fn a_name_stays_one_segment() {
        assert!(href("", "24:6F:28:AA:BB:CC").contains("/v1/24:6F:28:AA:BB:CC/"));
        assert!(href("", "a?b#c%ä").contains("/v1/a%3Fb%23c%25%C3%A4/"));
    }
}
