//! A server's answer: its head and the beginning of its body, both bounded.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant, UNIX_EPOCH};

use httparse::{EMPTY_HEADER, Response, Status};
use otary_fleet::Time;
use thiserror::Error;

use super::PATIENCE;

/// The longest head that is read, in bytes.
const MOST_HEAD: usize = 16 * 1024;
/// The most header fields.
const MOST_FIELDS: usize = 100;
/// How much of a body is read: enough for the largest record, four times.
const MOST_BODY: usize = 64 * 1024;
/// How long a device waits for the next bytes of a body (`HTTPClient`'s default).
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Characters of a text that are shown.
const MOST_TEXT: usize = 120;

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The words beside it.
    pub reason: String,
    /// The header fields, in lower case.
    fields: Vec<(String, String)>,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
    /// Whether it ended, or nothing more of it came, before its length was reached.
    pub breaks_off: bool,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum Trouble {
    /// Nothing in time.
    #[error("the server takes the request and does not answer within {} s", PATIENCE.as_secs())]
    Silent,
    /// A part of a head in time.
    #[error("the server's answer does not end within {} s", PATIENCE.as_secs())]
    Slow,
    /// The connection was closed first.
    #[error("the server closes the connection without an answer")]
    Closed,
    /// It broke.
    #[error("the connection breaks: {0}")]
    Broken(String),
    /// What came is TLS.
    #[error("the port speaks TLS, and the URL says http")]
    Tls,
    /// What came is no HTTP.
    #[error("what comes back is no HTTP")]
    NoHttp,
    /// A head without an end.
    #[error("the answer's head has more than {MOST_HEAD} bytes or {MOST_FIELDS} fields")]
    Head,
}

/// First bytes of TLS records: an alert, a handshake.
const TLS: [u8; 2] = [0x15, 0x16];

/// Sends a request and reads the answer, of its body no more than is needed to judge it.
pub(super) fn fetch(stream: &mut (impl Read + Write), request: &[u8]) -> Result<Answer, Trouble> {
    stream.write_all(request).and_then(|()| stream.flush()).map_err(|error| Trouble::of(&error))?;
    let mut bytes = Vec::new();
    let (mut answer, length) = loop {
        if let Some(read) = parse(&bytes)? {
            break read;
        }
        match read_some(stream, &mut bytes) {
            Ok(0) if bytes.is_empty() => return Err(Trouble::Closed),
            Ok(0) => return Err(Trouble::NoHttp),
            Err(Trouble::Silent) if !bytes.is_empty() => return Err(Trouble::Slow),
            read => read?,
        };
    };
    answer.body = bytes.split_off(length.min(bytes.len()));
    let wanted = answer.length().unwrap_or(u64::MAX).min(MOST_BODY as u64);
    while answer.has_body() && (answer.body.len() as u64) < wanted {
        let asked = Instant::now();
        match read_some(stream, &mut answer.body) {
            Ok(1..) => {}
            // It comes slowly, and is judged by what came.
            Err(Trouble::Silent) if asked.elapsed() < LONGEST_PAUSE => break,
            Ok(0) | Err(_) => {
                answer.breaks_off = answer.length().is_some();
                break;
            }
        }
    }
    Ok(answer)
}

fn read_some(stream: &mut impl Read, bytes: &mut Vec<u8>) -> Result<usize, Trouble> {
    let mut buffer = [0; 4096];
    let length = match stream.read(&mut buffer) {
        // A server that closes without a farewell has closed.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => 0,
        read => read.map_err(|error| Trouble::of(&error))?,
    };
    bytes.extend_from_slice(buffer.get(..length).unwrap_or_default());
    Ok(length)
}

/// Reads a head, and how long it is; nothing while it is not whole.
fn parse(bytes: &[u8]) -> Result<Option<(Answer, usize)>, Trouble> {
    if bytes.first().is_some_and(|byte| TLS.contains(byte)) {
        return Err(Trouble::Tls);
    }
    let mut fields = [EMPTY_HEADER; MOST_FIELDS];
    let mut response = Response::new(&mut fields);
    let length = match response.parse(bytes) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) if bytes.len() < MOST_HEAD => return Ok(None),
        Ok(Status::Partial) | Err(httparse::Error::TooManyHeaders) => return Err(Trouble::Head),
        Err(_) => return Err(Trouble::NoHttp),
    };
    let fields = response.headers.iter().map(|field| {
        (field.name.to_ascii_lowercase(), String::from_utf8_lossy(field.value).trim().to_owned())
    });
    let answer = Answer {
        status: response.code.unwrap_or_default(),
        reason: response.reason.unwrap_or_default().to_owned(),
        fields: fields.collect(),
        body: Vec::new(),
        breaks_off: false,
    };
    Ok(Some((answer, length)))
}

impl Answer {
    /// The last field of that name, as the ESP32's library takes it.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What the head says of the body's length.
    pub fn length(&self) -> Option<u64> {
        self.field("content-length")?.parse().ok()
    }

    /// What the server's clock says.
    pub fn time(&self) -> Option<Time> {
        let time = httpdate::parse_http_date(self.field("date")?).ok()?;
        let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Some(Time::default() + since)
    }

    /// One line about it.
    pub(super) fn described(&self) -> String {
        let size = match (self.has_body(), self.length()) {
            (false, _) | (true, Some(0)) => String::new(),
            (true, Some(length)) => format!(", {length} bytes"),
            (true, None) => ", without a length".to_owned(),
        };
        format!("answered {} {}{size}", self.status, self.reason)
    }

    /// The first line of a body that is text, for people.
    pub(super) fn text(&self) -> Option<String> {
        let kind = self.field("content-type").unwrap_or_default();
        let text = String::from_utf8_lossy(&self.body);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        kind.starts_with("text/plain").then(|| line.chars().take(MOST_TEXT).collect())
    }

    fn has_body(&self) -> bool {
        !matches!(self.status, 100..=199 | 204 | 304)
    }
}

impl Trouble {
    fn of(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Self::Silent,
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Broken(error.to_string()),
        }
    }

    /// The number that Arduino's `HTTPClient` gives it.
    pub(super) const fn code(&self) -> i32 {
        match self {
            Self::Silent | Self::Slow => -11,
            Self::Closed | Self::Broken(_) => -5,
            Self::Tls | Self::NoHttp => -7,
            Self::Head => -8,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A server that says this, whatever it is asked, a few bytes at a time.
    struct Says(Cursor<Vec<u8>>);

    impl Read for Says {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(7);
            self.0.read(&mut buffer[..most])
        }
    }

    impl Write for Says {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            Ok(buffer.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn fetched(answer: impl Into<Vec<u8>>) -> Result<Answer, Trouble> {
        fetch(&mut Says(Cursor::new(answer.into())), b"GET / HTTP/1.0\r\n\r\n")
    }

    #[test]
    fn an_answer_comes_apart_and_an_image_is_not_taken_whole() {
        let head = "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:09 GMT\r\nContent-Length: 900000\r\n\r\n";
        let answer = fetched([head.as_bytes(), &vec![0xE9; 900_000]].concat()).unwrap();
        assert_eq!((answer.status, answer.length()), (200, Some(900_000)));
        assert_eq!(answer.time(), Some(Time::from_secs(9)));
        assert!((MOST_BODY..MOST_BODY + 8).contains(&answer.body.len()), "{}", answer.body.len());
        assert_eq!(answer.described(), "answered 200 OK, 900000 bytes");
        assert!(!answer.breaks_off);
    }

    #[test]
    fn a_body_that_is_shorter_than_was_said_breaks_off() {
        let fetched = |length: &str| fetched(format!("HTTP/1.1 200 OK\r\n{length}\r\n12345")).unwrap();
        assert!(fetched("Content-Length: 6\r\n").breaks_off);
        assert!(!fetched("Content-Length: 5\r\n").breaks_off);
        assert!(!fetched("").breaks_off);
    }

    #[test]
    fn what_is_no_answer_has_its_own_name() {
        assert!(matches!(fetched(""), Err(Trouble::Closed)));
        assert!(matches!(fetched("SSH-2.0-OpenSSH_9.2\r\n"), Err(Trouble::NoHttp)));
        assert!(matches!(fetched(b"\x15\x03\x03\0\x02\x02\x32".to_vec()), Err(Trouble::Tls)));
        assert!(matches!(
            fetched(format!("HTTP/1.0 200 OK\r\n{}", "a: b\r\n".repeat(4000))),
            Err(Trouble::Head)
        ));
    }
}
