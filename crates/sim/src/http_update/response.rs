//! The head of a response as `HTTPClient` reads it: line by line, with its own idea of what HTTP is.

use std::time::Duration;

use super::Code;
use crate::link::{Arrival, Connection};
use crate::url::to_int;

/// A head that is larger would exhaust a board's memory, which holds every line while it reads it.
const MOST_BYTES: usize = 128 * 1024;

/// What the client keeps of a head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The number behind the first space of the first line.
    pub(crate) status: i32,
    /// `Content-Length`; nothing without one.
    pub(crate) size: Option<i32>,
    /// `x-MD5`, the last one.
    pub(crate) md5: Option<String>,
    /// `x-version`: not looked at by the device.
    pub(crate) version: Option<String>,
    encoding: String,
}

/// Reads a head, each line with its own time-out.
pub(crate) fn read(connection: &mut Connection, patience: Duration) -> Result<Head, Code> {
    let mut head = Head::default();
    let mut room = MOST_BYTES;
    let mut first = true;
    loop {
        let line = read_line(connection, patience, &mut room)?;
        let line = line.trim();
        if first {
            head.status = status(line);
            first = false;
        } else {
            head.take(line);
        }
        if line.is_empty() {
            return head.finish();
        }
    }
}

impl Head {
    /// A line with a colon at its start is passed over; one without any is a header of that name.
    fn take(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, line));
        let value = value.trim();
        match &*name.to_ascii_lowercase() {
            "content-length" => self.size = Some(to_int(value)),
            "transfer-encoding" => value.clone_into(&mut self.encoding),
            "x-md5" => self.md5 = Some(value.to_owned()).filter(|value| !value.is_empty()),
            "x-version" => self.version = Some(value.to_owned()),
            _ => {}
        }
    }

    /// An encoding that it does not know is an error before the status is looked at; chunked is not, although nothing
    /// here decodes it.
    fn finish(self) -> Result<Self, Code> {
        let known =
            ["", "chunked", "identity"].iter().any(|known| known.eq_ignore_ascii_case(&self.encoding));
        match (known, self.status) {
            (false, _) => Err(Code::ENCODING),
            (true, 0) => Err(Code::NO_HTTP_SERVER),
            (true, negative) if negative < 0 => Err(Code(negative)),
            (true, _) => Ok(self),
        }
    }
}

/// The number between the first space and the next; from the line's start if it has no space.
fn status(line: &str) -> i32 {
    let from = line.split_once(' ').map_or(line, |(_, rest)| rest);
    to_int(from.split(' ').next().unwrap_or_default())
}

/// A line up to its line feed. One that stops arriving is taken as it is, as `readStringUntil` does; one that ends with
/// the connection is lost with it.
fn read_line(connection: &mut Connection, patience: Duration, room: &mut usize) -> Result<String, Code> {
    let mut line = Vec::new();
    loop {
        let mut byte = [0];
        match connection.read(&mut byte, patience) {
            Arrival::Bytes(_) if byte == *b"\n" => break,
            Arrival::Bytes(_) => line.extend_from_slice(&byte),
            Arrival::Nothing if line.is_empty() => return Err(Code::READ_TIMEOUT),
            Arrival::Nothing => break,
            Arrival::Closed => return Err(Code::CONNECTION_LOST),
        }
        *room = room.checked_sub(1).ok_or(Code::TOO_LESS_RAM)?;
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_status_is_the_number_behind_the_first_space() {
        for (line, expected) in [
            ("HTTP/1.0 304 Not Modified", 304),
            ("HTTP/1.1 200", 200),
            ("SSH-2.0-OpenSSH_9.2", 0),
            ("hello 200 world", 200),
            ("200", 200),
            ("HTTP/1.1  200 OK", 0),
        ] {
            assert_eq!(status(line), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_panics(lines in proptest::collection::vec("\\PC*|[a-zA-Z-]{1,18}: ?\\PC*", 0..8)) {
            let mut head = Head { status: status(lines.first().map_or("", String::as_str)), ..Head::default() };
            for line in &lines {
                head.take(line);
            }
            let status = head.status;
            match head.finish() {
                Ok(head) => prop_assert!(head.status > 0),
                Err(code) => prop_assert!(code.0 < 0 && (status <= 0 || code == Code::ENCODING)),
            }
        }
    }
}
