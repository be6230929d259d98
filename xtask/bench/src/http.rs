//! The requests of an Arduino ESP32, and as much of the answers as a measurement must check.

use std::io::Read;

use anyhow::Context as _;

use crate::firmware::Firmware;

/// Longer heads are no update server's.
const HEAD_LIMIT: usize = 8 * 1024;

/// A status and how many bytes of body came with it.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: u64,
}

/// The check-in of a board that already runs this firmware. `keep`: on a connection that stays open.
pub fn check_in(device: u32, firmware: &Firmware, keep: bool) -> String {
    let (protocol, connection) = if keep { ("1.1", "keep-alive") } else { ("1.0", "close") };
    let [_, b, c, d] = device.to_be_bytes();
    let mac = format!("24:6F:28:{b:02X}:{c:02X}:{d:02X}");
    let Firmware { size, md5, appended_digest, version, .. } = firmware;
    format!(
        "GET /update HTTP/{protocol}\r\n\
         Host: localhost\r\n\
         User-Agent: ESP32-http-Update\r\n\
         Connection: {connection}\r\n\
         Cache-Control: no-cache\r\n\
         x-ESP32-BASE-MAC: {mac}\r\n\
         x-ESP32-STA-MAC: {mac}\r\n\
         x-ESP32-AP-MAC: {mac}\r\n\
         x-ESP32-free-space: 1966080\r\n\
         x-ESP32-sketch-size: {size}\r\n\
         x-ESP32-sketch-md5: {md5}\r\n\
         x-ESP32-sketch-sha256: {appended_digest}\r\n\
         x-ESP32-chip-size: 4194304\r\n\
         x-ESP32-sdk-version: v5.1.4\r\n\
         x-ESP32-mode: sketch\r\n\
         x-ESP32-version: {version}\r\n\
         \r\n"
    )
}

/// A download of the image, on a connection that stays open.
pub fn download(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ESP32-http-Update\r\nConnection: keep-alive\r\n\
         x-ESP32-version: 0.2\r\n\r\n"
    )
}

/// Reads one answer to its end. `buffer` is only room to read into.
pub fn read_answer(stream: &mut impl Read, buffer: &mut [u8]) -> anyhow::Result<Answer> {
    let mut filled = 0;
    let head = loop {
        let room = buffer.get_mut(filled..).context("room for the answer's head")?;
        let read = stream.read(room)?;
        anyhow::ensure!(read > 0 && filled < HEAD_LIMIT, "the answer's head does not end");
        filled += read;
        let so_far = buffer.get(..filled).unwrap_or_default();
        if let Some(end) = so_far.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(buffer.get(..head).unwrap_or_default());
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).context("a status")?;
    let body = if status == 304 { 0 } else { content_length(&text)? };
    let mut came = (filled - head) as u64;
    while came < body {
        let read = stream.read(buffer)?;
        anyhow::ensure!(read > 0, "the body ended after {came} of {body} bytes");
        came += read as u64;
    }
    Ok(Answer { status, body: came })
}

fn content_length(head: &str) -> anyhow::Result<u64> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (_, length) = lengths.next().context("a Content-Length")?;
    Ok(length.trim().parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_304_has_no_body_even_if_it_states_a_length() {
        let mut answer: &[u8] = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 17\r\n\r\n";
        assert_eq!(read_answer(&mut answer, &mut [0; 512]).unwrap(), Answer { status: 304, body: 0 });
    }

    #[test]
    fn a_body_is_read_to_its_stated_end() {
        let mut answer: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabcdef";
        assert_eq!(read_answer(&mut answer, &mut [0; 512]).unwrap(), Answer { status: 200, body: 6 });
        let mut short: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc";
        assert!(read_answer(&mut short, &mut [0; 512]).is_err());
    }
}
