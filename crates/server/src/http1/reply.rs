//! Answers, and how they are written.

use std::cell::RefCell;
use std::fmt::{Display, Write};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use httpdate::HttpDate;

use super::Transfer;

/// The statuses that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Status {
    Ok = 200,
    PartialContent = 206,
    NotModified = 304,
    BadRequest = 400,
    Unauthorized = 401,
    Forbidden = 403,
    NotFound = 404,
    MethodNotAllowed = 405,
    Gone = 410,
    LengthRequired = 411,
    ContentTooLarge = 413,
    UnsupportedMediaType = 415,
    RangeNotSatisfiable = 416,
    HeadTooLarge = 431,
    InternalError = 500,
}

impl Status {
    /// The status line behind the version: code and phrase.
    const fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::PartialContent => "206 Partial Content",
            Self::NotModified => "304 Not Modified",
            Self::BadRequest => "400 Bad Request",
            Self::Unauthorized => "401 Unauthorized",
            Self::Forbidden => "403 Forbidden",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::Gone => "410 Gone",
            Self::LengthRequired => "411 Length Required",
            Self::ContentTooLarge => "413 Content Too Large",
            Self::UnsupportedMediaType => "415 Unsupported Media Type",
            Self::RangeNotSatisfiable => "416 Range Not Satisfiable",
            Self::HeadTooLarge => "431 Request Header Fields Too Large",
            Self::InternalError => "500 Internal Server Error",
        }
    }
}

/// What of an answer's form its request decides.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Form {
    /// The client speaks HTTP/1.0.
    pub(super) http_1_0: bool,
    /// The connection ends with the answer.
    pub(super) last: bool,
    /// The body is not sent: the request was `HEAD`.
    pub(super) only_head: bool,
}

/// An answer: its length is known, and its bytes are shared with whoever else reads them.
pub(crate) struct Reply {
    status: Status,
    fields: String,
    /// What `Content-Length` says: also the length of a body that is not sent, to `HEAD`.
    length: Option<u64>,
    body: Bytes,
    transfer: Option<Transfer>,
}

impl Reply {
    /// An answer without a body. One that could have a body says that it is empty.
    pub(crate) fn empty(status: Status) -> Self {
        let length = (status != Status::NotModified).then_some(0);
        Self { status, fields: String::new(), length, body: Bytes::new(), transfer: None }
    }

    /// A small file that may change.
    pub(crate) fn file(content_type: &str, bytes: impl Into<Bytes>) -> Self {
        Self::empty(Status::Ok)
            .field("Content-Type", content_type)
            .field("Cache-Control", "no-store")
            .with_body(bytes.into(), None)
    }

    /// A sentence for people, who see it when they try a URL by hand.
    pub(crate) fn sentence(status: Status, text: impl Into<Bytes>) -> Self {
        Self::file("text/plain; charset=utf-8", text).with_status(status)
    }

    /// The same with another status.
    pub(crate) fn with_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// Adds a header field. A value that would end the field is left out, and the field with it.
    pub(crate) fn field(mut self, name: &str, value: impl Display) -> Self {
        let before = self.fields.len();
        // Writing to a String cannot fail.
        let _ = write!(self.fields, "{name}: {value}");
        if self.fields.get(before..).is_none_or(|field| field.contains(char::is_control)) {
            self.fields.truncate(before);
        } else {
            self.fields.push_str("\r\n");
        }
        self
    }

    /// The same with a body, whose transfer may be counted.
    pub(crate) fn with_body(mut self, body: Bytes, transfer: Option<Transfer>) -> Self {
        self.length = Some(body.len() as u64);
        (self.body, self.transfer) = (body, transfer);
        self
    }

    /// The same, saying how long the body is that is not sent.
    pub(crate) fn with_length(mut self, length: u64) -> Self {
        self.length = Some(length);
        self
    }

    /// The bytes of head and body, and the count that goes with them.
    pub(super) fn into_bytes(self, form: Form) -> (Bytes, Bytes, Option<Transfer>) {
        let head = Bytes::from(self.head(form));
        let body = if form.only_head { Bytes::new() } else { self.body };
        (head, body, self.transfer)
    }

    fn head(&self, form: Form) -> Vec<u8> {
        let version = if form.http_1_0 { "HTTP/1.0 " } else { "HTTP/1.1 " };
        let mut head = Vec::with_capacity(160 + self.fields.len());
        for piece in [version, self.status.line(), "\r\n", &self.fields] {
            head.extend_from_slice(piece.as_bytes());
        }
        if let Some(length) = self.length {
            let mut text = String::with_capacity(40);
            let _ = write!(text, "Content-Length: {length}\r\n");
            head.extend_from_slice(text.as_bytes());
        }
        if form.last {
            head.extend_from_slice(b"Connection: close\r\n");
        }
        write_date(&mut head);
        head.extend_from_slice(b"\r\n");
        head
    }
}

/// `Date`, made once a second and thread. It is what RFC 9110 asks for; no device needs it.
fn write_date(head: &mut Vec<u8>) {
    thread_local! {
        static DATE: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    }
    // A clock from before 1970 or after 9999 has no HTTP date; `httpdate` would panic.
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let second = since.as_secs().min(LAST_SECOND);
    DATE.with_borrow_mut(|(made, text)| {
        if *made != second || text.is_empty() {
            (*made, *text) = (second, format!("Date: {}\r\n", date(second)));
        }
        head.extend_from_slice(text.as_bytes());
    });
}

/// The last second of the year 9999, in seconds since 1970.
const LAST_SECOND: u64 = 253_402_300_799;

fn date(second: u64) -> HttpDate {
    HttpDate::from(SystemTime::UNIX_EPOCH + Duration::from_secs(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(reply: &Reply) -> String {
        let head = String::from_utf8(reply.head(Form::default())).unwrap();
        head.split("Date: ").next().unwrap().to_owned()
    }

    #[test]
    fn a_length_is_always_said_but_with_304() {
        assert_eq!(head(&Reply::empty(Status::NotFound)), "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n");
        assert_eq!(head(&Reply::empty(Status::NotModified)), "HTTP/1.1 304 Not Modified\r\n");
    }

    #[test]
    fn every_second_that_there_is_has_a_date() {
        assert_eq!(date(0).to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(date(LAST_SECOND).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn no_value_ends_its_field() {
        for value in ["1\r\nx: y", "1\n", "\u{85}", "a\0b"] {
            let reply = Reply::empty(Status::Ok).field("x-version", value).field("a", "b");
            assert_eq!(head(&reply), "HTTP/1.1 200 OK\r\na: b\r\nContent-Length: 0\r\n");
        }
    }
}
