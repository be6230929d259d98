//! Request heads, read in place.

use httparse::{EMPTY_HEADER, Error, Request};

use crate::limits::{REQUEST_HEAD, REQUEST_HEADERS};

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// A resource.
    Get,
    /// What `Get` would be answered, without the body.
    Head,
    /// To take what the body says.
    Post,
    /// To take what the body says in place of what there was.
    Put,
    /// Something else.
    Other,
}

/// A request head, in the bytes that it came in.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    pub(crate) method: Method,
    /// The path, as it came.
    pub(crate) path: &'a str,
    /// What follows the `?`.
    pub(crate) query: Option<&'a str>,
    /// Whether the client speaks HTTP/1.0.
    pub(crate) http_1_0: bool,
    fields: &'a [httparse::Header<'a>],
}

/// Why a head is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is not HTTP/1.
    Malformed,
    /// It is longer, or has more fields, than a head may have.
    TooLarge,
}

/// Reads the head that `bytes` begin with, and shows it to `visit`. Returns what `visit` made of it and the head's
/// length; none if the head is not complete.
pub(crate) fn read<T>(
    bytes: &[u8],
    visit: impl FnOnce(&Head<'_>) -> T,
) -> Result<Option<(T, usize)>, Refused> {
    let mut fields = [EMPTY_HEADER; REQUEST_HEADERS];
    let mut request = Request::new(&mut fields);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length <= REQUEST_HEAD => length,
        Ok(httparse::Status::Partial) if bytes.len() < REQUEST_HEAD => return Ok(None),
        Ok(_) | Err(Error::TooManyHeaders) => return Err(Refused::TooLarge),
        Err(_) => return Err(Refused::Malformed),
    };
    let target = path_of(request.path.unwrap_or_default());
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let method = match request.method {
        Some("GET") => Method::Get,
        Some("HEAD") => Method::Head,
        Some("POST") => Method::Post,
        Some("PUT") => Method::Put,
        _ => Method::Other,
    };
    let head = Head { method, path, query, http_1_0: request.version == Some(0), fields: request.headers };
    Ok(Some((visit(&head), length)))
}

/// The path and query of a request target, also of one with a scheme and host (RFC 9112, section 3.2.2).
fn path_of(target: &str) -> &str {
    match target.split_once("://") {
        Some(("http" | "https", rest)) => rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/"),
        _ => target,
    }
}

impl<'a> Head<'a> {
    /// Every header field, in the order that they came.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.fields.iter().map(|field| (field.name, field.value))
    }

    /// The value of a header field, if it is text. Of a repeated field the last one counts.
    pub(crate) fn field(&self, name: &str) -> Option<&'a str> {
        let found = self.fields.iter().rev().find(|field| field.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok()
    }

    /// Whether a body follows the head.
    pub(crate) fn announces_body(&self) -> bool {
        let length = self.fields.iter().filter(|field| field.name.eq_ignore_ascii_case("content-length"));
        let bytes = length.into_iter().any(|field| field.value.trim_ascii() != b"0");
        bytes || self.field("transfer-encoding").is_some()
    }

    /// Whether the connection ends with the answer.
    pub(crate) fn is_last(&self) -> bool {
        let close = |text: &str| text.split(',').any(|option| option.trim().eq_ignore_ascii_case("close"));
        self.http_1_0 || self.field("connection").is_some_and(close)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(Some((_, length))) = read(&bytes, |head| (head.is_last(), head.announces_body())) {
                prop_assert!(length <= bytes.len());
            }
        }

        #[test]
        fn a_head_says_what_was_put_into_it(
            path in "/[!-~&&[^?]]{0,20}", query in prop::option::of("[!-~]{0,20}"),
            value in "[!-~]([ -~]{0,20}[!-~])?", http_1_0 in any::<bool>(),
        ) {
            let target = query.as_ref().map_or(path.clone(), |query| format!("{path}?{query}"));
            let version = if http_1_0 { "1.0" } else { "1.1" };
            let bytes = format!("GET {target} HTTP/{version}\r\nX-Field: {value}\r\n\r\n");
            let said = read(bytes.as_bytes(), |head| {
                let field = head.field("x-field").map(str::to_owned);
                (head.path.to_owned(), head.query.map(str::to_owned), field, head.http_1_0)
            });
            prop_assert_eq!(said.unwrap().unwrap(), ((path, query, Some(value), http_1_0), bytes.len()));
        }
    }

    fn target(bytes: &str) -> (String, Option<String>) {
        let bytes = format!("GET {bytes} HTTP/1.1\r\n\r\n");
        let read = read(bytes.as_bytes(), |head| (head.path.to_owned(), head.query.map(str::to_owned)));
        read.unwrap().unwrap().0
    }

    #[test]
    fn a_target_is_a_path_and_a_query() {
        let pair = |path: &str, query: Option<&str>| (path.to_owned(), query.map(str::to_owned));
        assert_eq!(target("/update?chip=esp32"), pair("/update", Some("chip=esp32")));
        assert_eq!(target("http://otary.local:3000/update/lamp"), pair("/update/lamp", None));
        assert_eq!(target("https://otary.local"), pair("/", None));
        assert_eq!(target("*"), pair("*", None));
        assert_eq!(target("/a://b"), pair("/a://b", None));
    }

    #[test]
    fn a_body_is_announced_by_a_length_or_a_coding() {
        let announces = |fields: &str| {
            let bytes = format!("GET / HTTP/1.0\r\n{fields}\r\n");
            read(bytes.as_bytes(), |head| (head.announces_body(), ())).unwrap().unwrap().0.0
        };
        assert!(!announces(""));
        assert!(!announces("Content-Length: 0\r\n"), "an ESP8266 sends this");
        assert!(announces("Content-Length: 3\r\n"));
        assert!(announces("Content-Length: 0\r\ncontent-length: 3\r\n"));
        assert!(announces("Transfer-Encoding: chunked\r\n"));
    }

    #[test]
    fn every_beginning_of_a_head_is_incomplete_and_nothing_panics() {
        let whole = b"GET /update HTTP/1.0\r\nx-ESP32-version: \xE4\r\nConnection: x, Close\r\n\r\nrest";
        let end = whole.len() - 4;
        for length in 0..end {
            assert_eq!(read(&whole[..length], |_| ()), Ok(None), "{length}");
        }
        assert_eq!(read(whole, |head| (head.http_1_0, head.is_last())), Ok(Some(((true, true), end))));
    }

    #[test]
    fn too_long_is_told_from_not_http() {
        let long = format!("GET / HTTP/1.1\r\nx: {}", "a".repeat(REQUEST_HEAD));
        assert_eq!(read(long.as_bytes(), |_| ()), Err(Refused::TooLarge));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: a\r\n".repeat(REQUEST_HEADERS + 1));
        assert_eq!(read(many.as_bytes(), |_| ()), Err(Refused::TooLarge));
        for bytes in
            ["\0\0", "GET  /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n"]
        {
            assert_eq!(read(bytes.as_bytes(), |_| ()), Err(Refused::Malformed), "{bytes:?}");
        }
    }
}
