//! The W3C's WebDriver as this test needs it: requests in JSON to a driver on loopback, one connection each.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// The driver answers when the browser has done what it was asked for; a page may take so long to load.
const PATIENCE: Duration = Duration::from_mins(1);

/// One session: a browser with a window.
pub struct Session {
    driver: SocketAddr,
    path: String,
}

/// What the driver would not do: WebDriver's error code, such as `no such element`, and its message.
#[derive(Debug)]
pub struct Refused {
    pub error: String,
    pub message: String,
}

impl Session {
    /// Opens a window with these capabilities.
    pub fn open(driver: SocketAddr, capabilities: &Value) -> Self {
        let body = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let opened = exchange(driver, "POST", "/session", &body).unwrap();
        let id = opened["sessionId"].as_str().unwrap();
        Self { driver, path: format!("/session/{id}") }
    }

    /// Has something done.
    pub fn post(&self, command: &str, body: &Value) -> Result<Value, Refused> {
        exchange(self.driver, "POST", &format!("{}/{command}", self.path), body)
    }

    /// Asks for something.
    pub fn get(&self, command: &str) -> Result<Value, Refused> {
        exchange(self.driver, "GET", &format!("{}/{command}", self.path), &Value::Null)
    }
}

impl Drop for Session {
    /// Closes the window, and with it the browser.
    fn drop(&mut self) {
        let _ = exchange(self.driver, "DELETE", &self.path, &Value::Null);
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error, self.message)
    }
}

/// One request of WebDriver, chapter 6: the answer's `value`.
fn exchange(driver: SocketAddr, method: &str, path: &str, body: &Value) -> Result<Value, Refused> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {driver}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(driver).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let text = answer_of(stream).unwrap_or_else(|error| panic!("no answer to {method} {path}: {error}"));
    let mut answer: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let value = answer["value"].take();
    match value["error"].as_str() {
        Some(error) => Err(Refused {
            error: error.to_owned(),
            message: value["message"].as_str().unwrap_or_default().to_owned(),
        }),
        None => Ok(value),
    }
}

/// The body of an answer. The driver keeps the connection, so its length is what is said in the head.
fn answer_of(stream: TcpStream) -> io::Result<String> {
    let mut lines = BufReader::new(stream);
    let mut len = 0;
    loop {
        let mut line = String::new();
        lines.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) =
            line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        {
            len = value.trim().parse().map_err(|_| io::Error::other(format!("{name} is {value}")))?;
        }
    }
    let mut body = vec![0; len];
    lines.read_exact(&mut body)?;
    String::from_utf8(body).map_err(io::Error::other)
}
