//! One HTTP/1.1 request of the agent and the head of its answer (RFC 9112).
//!
//! An answer whose head is none, or is larger than a device has room for, is no answer. The body's length has to be known:
//! nobody could tell its end from a cut otherwise (RFC 9112, section 6.3, rule 8).

use std::time::Duration;

use otary_agent::Fetch;
use otary_agent::wire::CheckIn;

use crate::http_update::Code;
use crate::link::{Arrival, Connection};
use crate::url::Url;

/// Bytes of a head, at most.
const HEAD: usize = 2048;
const FIELDS: usize = 32;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Request<'a> {
    /// News, with the check-in as a header field.
    CheckIn(&'a str),
    /// A part of an artifact, with the check-in as well: it says whose download that is. Or an anchor.
    Fetch(Fetch, u32, &'a str),
}

/// The head of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    /// Which byte of the whole the body begins with (RFC 9110, section 14.4).
    pub(super) from: u32,
    /// Bytes of the body.
    pub(super) length: Option<u32>,
    /// `Retry-After` in seconds; a date is passed over.
    pub(super) retry_after: Option<u32>,
}

impl Request<'_> {
    /// The whole request.
    pub(super) fn render(&self, url: &Url) -> String {
        let check_in = |text: &str| format!("{}: {text}", CheckIn::HEADER);
        let mut lines = match self {
            Self::CheckIn(text) => vec!["GET /update HTTP/1.1".to_owned(), check_in(text)],
            Self::Fetch(what, from, text) => {
                let mut lines = vec![format!("GET {what} HTTP/1.1")];
                if matches!(what, Fetch::Payload { .. }) {
                    lines.extend([format!("Range: bytes={from}-"), check_in(text)]);
                }
                lines
            }
        };
        lines.push(format!("Host: {}:{}", url.host, url.port));
        lines.extend(url.token().map(|token| format!("Authorization: Bearer {token}")));
        lines.push("User-Agent: otary-agent".to_owned());
        lines.join("\r\n") + "\r\n\r\n"
    }
}

/// Reads a head to its last byte and no further.
pub(super) fn receive(connection: &mut Connection, patience: Duration) -> Result<Head, Code> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match connection.read(&mut byte, patience) {
            Arrival::Bytes(_) if bytes.len() < HEAD => bytes.extend_from_slice(&byte),
            Arrival::Bytes(_) => return Err(Code::TOO_LESS_RAM),
            Arrival::Nothing => return Err(Code::READ_TIMEOUT),
            Arrival::Closed => return Err(Code::CONNECTION_LOST),
        }
    }
    parse(&bytes).ok_or(Code::NO_HTTP_SERVER)
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
        std::str::from_utf8(found.value).map(str::trim).ok()
    };
    let length = field("content-length").map(str::parse).transpose().ok()?;
    let from = match (status, field("content-range")) {
        (206, Some(range)) => range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()?,
        (206, None) => return None,
        _ => 0,
    };
    Some(Head {
        status,
        from,
        length,
        retry_after: field("retry-after").and_then(|value| value.parse().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_for_the_rest_says_from_where_and_who_asks() {
        let url = Url::parse("https://me:secret@ota.lan:3443").unwrap();
        let what = Fetch::Payload { digest: [0xAB; 32] };
        let lines = [
            &format!("GET /artifact/{} HTTP/1.1", "ab".repeat(32)),
            "Range: bytes=4096-",
            "Otary-Check-In: words",
            "Host: ota.lan:3443",
            "Authorization: Bearer secret",
            "User-Agent: otary-agent",
        ];
        assert_eq!(Request::Fetch(what, 4096, "words").render(&url), lines.join("\r\n") + "\r\n\r\n");
    }

    #[test]
    fn a_head_says_where_its_part_begins_and_for_how_long_to_stay_away() {
        let part =
            b"HTTP/1.1 206 Partial Content\r\nContent-Length: 9\r\nContent-Range: bytes 100-108/109\r\n\r\n";
        assert_eq!(parse(part), Some(Head { status: 206, from: 100, length: Some(9), retry_after: None }));
        let busy = b"HTTP/1.1 503 Busy\r\nretry-after: 30\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(parse(busy), Some(Head { status: 503, from: 0, length: Some(0), retry_after: Some(30) }));
    }

    #[test]
    fn what_is_no_head_is_no_answer() {
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
