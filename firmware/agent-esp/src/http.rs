//! One HTTP/1.1 request and the head of its answer (RFC 9112), with the body's length known before its first byte.
//!
//! An answer without `Content-Length` to a request that wants a body is refused: nobody could tell its end from a cut
//! (RFC 9112 section 6.3, rule 8). Nothing is sent chunked by the server that this speaks with.

use core::fmt::{self, Write as _};

use embedded_io_async::{Read, Write};
use otary_agent::Fetch;
use otary_agent::wire::CheckIn;

use crate::settings::Settings;

/// The request: the check-in, some 430 bytes, and credentials.
const REQUEST: usize = 1024;
/// The answer's head.
const HEAD: usize = 1024;
const FIELDS: usize = 24;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Request<'a> {
    /// `GET /update`, with the check-in as a header field.
    CheckIn(&'a str),
    /// `what` from the first byte that is wanted. A payload's request carries the check-in too: the server counts the
    /// download for this device.
    Fetch {
        /// What to ask for.
        what: Fetch,
        /// The first byte.
        from: u32,
        /// The check-in.
        check_in: &'a str,
    },
}

/// The head of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// Which byte of the whole the body begins with (RFC 9110 section 14.4).
    pub from: u32,
    /// The body's bytes.
    pub length: Option<u32>,
    /// `Retry-After` in seconds; dates are not understood (RFC 9110 section 10.2.3).
    pub retry_after: Option<u32>,
    /// Whether another request may follow on this connection.
    pub stays_open: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// The connection ended.
    Closed,
    /// What came is not a head of HTTP/1.1 that fits.
    Unreadable,
    /// The request does not fit.
    TooLong,
}

/// Sends a request in one piece: each piece of its own would be a TLS record of its own.
pub async fn send<S: Write>(stream: &mut S, settings: &Settings, request: Request<'_>) -> Result<(), Failed> {
    let mut text = Text { bytes: [0; REQUEST], length: 0 };
    write_request(&mut text, settings, request).map_err(|fmt::Error| Failed::TooLong)?;
    let bytes = text.bytes.get(..text.length).ok_or(Failed::TooLong)?;
    stream.write_all(bytes).await.map_err(|_| Failed::Closed)?;
    stream.flush().await.map_err(|_| Failed::Closed)
}

fn write_request(text: &mut Text, settings: &Settings, request: Request<'_>) -> fmt::Result {
    let name = CheckIn::HEADER;
    match request {
        Request::CheckIn(check_in) => write!(text, "GET /update HTTP/1.1\r\n{name}: {check_in}\r\n")?,
        Request::Fetch { what, from, check_in } => {
            write!(text, "GET {what} HTTP/1.1\r\n")?;
            if matches!(what, Fetch::Payload { .. }) {
                write!(text, "Range: bytes={from}-\r\n{name}: {check_in}\r\n")?;
            }
        }
    }
    write!(text, "Host: {}:{}\r\n", settings.server.name, settings.server.port)?;
    if let Some(token) = settings.token {
        write!(text, "Authorization: Bearer {token}\r\n")?;
    }
    text.write_str("User-Agent: otary-agent\r\n\r\n")
}

/// Reads an answer's head to its last byte and no further.
pub async fn receive<S: Read>(stream: &mut S) -> Result<Head, Failed> {
    let mut bytes = [0; HEAD];
    let mut length = 0;
    while !bytes.get(..length).is_some_and(|read| read.ends_with(b"\r\n\r\n")) {
        let next = bytes.get_mut(length..=length).ok_or(Failed::Unreadable)?;
        match stream.read(next).await {
            Ok(1) => length += 1,
            _ => return Err(Failed::Closed),
        }
    }
    parse(bytes.get(..length).unwrap_or_default()).ok_or(Failed::Unreadable)
}

fn parse(bytes: &[u8]) -> Option<Head> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    if response.parse(bytes).ok()?.is_partial() {
        return None;
    }
    let status = response.code?;
    let field = |name: &str| {
        let found = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
        core::str::from_utf8(found.value).map(str::trim).ok()
    };
    let bodiless = matches!(status, 204 | 304);
    let length = match field("content-length") {
        Some(digits) if !bodiless => Some(digits.parse().ok()?),
        _ => None,
    };
    let from = match (status, field("content-range")) {
        (206, Some(range)) => range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()?,
        (206, None) => return None,
        _ => 0,
    };
    let closes = field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Some(Head {
        status,
        from,
        length,
        retry_after: field("retry-after").and_then(|value| value.parse().ok()),
        stays_open: response.version == Some(1) && !closes && (bodiless || length.is_some()),
    })
}

/// Text that is written once.
struct Text {
    bytes: [u8; REQUEST],
    length: usize,
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length.checked_add(text.len()).ok_or(fmt::Error)?;
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_says_where_it_begins() {
        let head = parse(
            b"HTTP/1.1 206 Partial Content\r\nContent-Length: 900\r\nContent-Range: bytes 100-999/1000\r\n\r\n",
        );
        let expected =
            Head { status: 206, from: 100, length: Some(900), retry_after: None, stays_open: true };
        assert_eq!(head, Some(expected));
    }

    #[test]
    fn a_busy_server_says_for_how_long() {
        let head =
            parse(b"HTTP/1.1 503 Busy\r\nretry-after: 30\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .unwrap();
        assert_eq!((head.status, head.retry_after, head.stays_open), (503, Some(30), false));
    }

    #[test]
    fn what_is_no_head_is_refused() {
        for wrong in [
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 206 Part\r\nContent-Length: 1\r\n\r\n",
            "HTTP/1.1 206 Part\r\nContent-Range: bytes */9\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        ] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
