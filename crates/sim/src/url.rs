//! URLs as Arduino's `HTTPClient::begin` takes them apart: with no more checks than it makes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A URL, in the parts that the client uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    /// Whether the scheme is `https`.
    pub(crate) secure: bool,
    /// The host as written: what is resolved, sent as server name and compared with the certificate.
    pub(crate) host: String,
    /// The port, 443 or 80 unless written.
    pub(crate) port: u16,
    /// Path and query as written, not encoded again.
    pub(crate) path: String,
    /// What stands before the host: `user:password`.
    pub(crate) credentials: Option<String>,
}

impl Url {
    /// Takes a URL apart; nothing for a scheme other than `http` and `https`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let secure = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let rest = rest.get(2..).unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (credentials, authority) = match authority.split_once('@') {
            Some((credentials, authority)) => (Some(credentials.to_owned()), authority),
            None => (None, authority),
        };
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, to_int(port)),
            None => (authority, if secure { 443 } else { 80 }),
        };
        // A port is kept in 16 bits, whatever number was written.
        let [low, high, ..] = port.to_le_bytes();
        let port = u16::from_le_bytes([low, high]);
        let path = if path.is_empty() { "/" } else { path };
        Some(Self { secure, host: host.to_owned(), port, path: path.to_owned(), credentials })
    }

    /// The credentials as HTTP's Basic scheme has them (RFC 7617, section 2), which is what the stock client sends.
    pub(crate) fn basic(&self) -> Option<String> {
        self.credentials.as_ref().map(|credentials| STANDARD.encode(credentials))
    }

    /// The password alone, or all of it where there is no user: the token of a client that shows no more.
    pub(crate) fn token(&self) -> Option<&str> {
        let credentials = self.credentials.as_deref()?;
        Some(credentials.split_once(':').map_or(credentials, |(_, password)| password))
    }
}

/// A number as Arduino's `String::toInt` reads it: leading digits with a sign, else 0; held within 32 bits.
pub(crate) fn to_int(text: &str) -> i32 {
    let text = text.trim_start();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = digits.bytes().map_while(|c| char::from(c).to_digit(10)).fold(0_i64, |value, digit| {
        value.saturating_mul(10).saturating_add(digit.into()).min(i64::from(i32::MAX) + 1)
    });
    let value = if negative { -value } else { value };
    i32::try_from(value).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tutorials_url_comes_apart() {
        let url = Url::parse("https://serverota.ddns.net:3443/update?chip=esp32").unwrap();
        assert_eq!((url.secure, &*url.host, url.port), (true, "serverota.ddns.net", 3443));
        assert_eq!((&*url.path, url.credentials), ("/update?chip=esp32", None));
    }

    #[test]
    fn defaults_and_credentials() {
        let url = Url::parse("http://me:secret@ota").unwrap();
        assert_eq!((url.port, &*url.path, url.basic().as_deref()), (80, "/", Some("bWU6c2VjcmV0")));
        assert_eq!(url.token(), Some("secret"));
        assert_eq!(Url::parse("https://secret@ota").unwrap().token(), Some("secret"));
        assert_eq!(Url::parse("https://ota/").unwrap().port, 443);
        for text in ["ftp://ota/", "ota/update", "HTTPS://ota/"] {
            assert_eq!(Url::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_as_the_device_reads_them() {
        for (text, value) in [("42", 42), (" 42abc", 42), ("-1", -1), ("", 0), ("x", 0), ("+7", 7)] {
            assert_eq!(to_int(text), value, "{text:?}");
        }
        assert_eq!((to_int("99999999999999999999"), to_int("-99999999999999999999")), (i32::MAX, i32::MIN));
    }
}
