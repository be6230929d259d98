//! Request bodies: bounded, of a length that is said beforehand, and read for whoever takes them.
//!
//! - A body is read for a request that takes one, and for no other.
//! - It has a `Content-Length`. One in chunks is 411: none of the clients sends it, and what is not read needs no reader.
//! - Two lengths, or a length beside a coding, are 400: two readers could see two requests there (RFC 9112, section 6.3).
//! - `Expect: 100-continue` is answered before the body is read, unless it came along already.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};

use super::{Head, Status};

/// What a head says of the body that follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Announced {
    /// Bytes; an error is the answer to a length that cannot be gone by.
    pub(super) length: Result<usize, Status>,
    /// The client waits to be told that the body is wanted.
    pub(super) waits: bool,
}

impl Announced {
    pub(super) fn by(head: &Head<'_>) -> Self {
        let expects =
            head.field("expect").is_some_and(|word| word.trim().eq_ignore_ascii_case("100-continue"));
        Self { length: length(head), waits: expects && !head.http_1_0 }
    }

    /// The body's length, if a request may have so many bytes.
    pub(super) fn within(self, limit: usize) -> Result<usize, Status> {
        self.length.and_then(|length| if length <= limit { Ok(length) } else { Err(Status::ContentTooLarge) })
    }
}

fn length(head: &Head<'_>) -> Result<usize, Status> {
    let mut lengths = head.fields().filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    match (lengths.next(), lengths.next(), head.field("transfer-encoding")) {
        (Some((_, digits)), None, None) => number(digits.trim_ascii()),
        (None, None, None) => Ok(0),
        (None, None, Some(_)) => Err(Status::LengthRequired),
        _ => Err(Status::BadRequest),
    }
}

/// Digits alone: `+1` is a number to Rust and none to HTTP.
fn number(digits: &[u8]) -> Result<usize, Status> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|c| c.is_ascii_digit()));
    match text.map(str::parse) {
        Some(Ok(length)) => Ok(length),
        // More than there are addresses for is a number all the same.
        Some(Err(_)) if !digits.is_empty() => Err(Status::ContentTooLarge),
        _ => Err(Status::BadRequest),
    }
}

/// The next `length` bytes of a stream.
pub(super) async fn read<S>(stream: &mut S, length: usize, waits: bool) -> io::Result<Vec<u8>>
where
    S: AsyncBufRead + AsyncWrite + Unpin,
{
    if waits && length > 0 {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        stream.flush().await?;
    }
    let mut body = Vec::with_capacity(length);
    while body.len() < length {
        let come = stream.fill_buf().await?;
        if come.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let taken = come.len().min(length - body.len());
        body.extend_from_slice(come.get(..taken).unwrap_or_default());
        stream.consume(taken);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1;

    fn announced(fields: &str) -> Announced {
        let bytes = format!("PUT / HTTP/1.1\r\n{fields}\r\n");
        http1::read(bytes.as_bytes(), Announced::by).unwrap().unwrap().0
    }

    #[test]
    fn a_length_is_one_number() {
        let length = |fields| announced(fields).length;
        assert_eq!(length(""), Ok(0));
        assert_eq!(length("Content-Length: 17\r\n"), Ok(17));
        assert_eq!(length("Transfer-Encoding: chunked\r\n"), Err(Status::LengthRequired));
        assert_eq!(length("Content-Length: 99999999999999999999999\r\n"), Err(Status::ContentTooLarge));
        for wrong in [
            "Content-Length: 3\r\nContent-Length: 3\r\n",
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: +3\r\n",
            "Content-Length: 3, 3\r\n",
            "Content-Length:\r\n",
            "Content-Length: 0x3\r\n",
        ] {
            assert_eq!(length(wrong), Err(Status::BadRequest), "{wrong}");
        }
    }

    #[test]
    fn more_than_a_request_may_have_is_refused_by_its_head() {
        let three = announced("Content-Length: 3\r\n");
        assert_eq!((three.within(3), three.within(2)), (Ok(3), Err(Status::ContentTooLarge)));
    }

    #[tokio::test]
    async fn a_client_that_waits_is_told_to_go_on() {
        assert!(announced("Content-Length: 3\r\nExpect: 100-Continue\r\n").waits);
        let (client, server) = tokio::io::duplex(64);
        let (mut client, mut server) = (tokio::io::BufReader::new(client), tokio::io::BufReader::new(server));
        let waiting = async {
            let mut line = String::new();
            client.read_line(&mut line).await.unwrap();
            client.write_all(b"abcd").await.unwrap();
            line
        };
        let (line, body) = tokio::join!(waiting, read(&mut server, 3, true));
        assert_eq!((line.as_str(), body.unwrap().as_slice()), ("HTTP/1.1 100 Continue\r\n", &b"abc"[..]));
        assert_eq!(server.fill_buf().await.unwrap(), b"d", "what follows is the next request's");
    }

    #[tokio::test]
    async fn a_body_that_is_cut_off_is_none() {
        let (mut client, server) = tokio::io::duplex(64);
        client.write_all(b"ab").await.unwrap();
        drop(client);
        assert!(read(&mut tokio::io::BufReader::new(server), 3, false).await.is_err());
    }
}
