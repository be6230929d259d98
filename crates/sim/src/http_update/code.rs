//! The error numbers of Arduino's `HTTPUpdate` for the ESP32, and the texts that a sketch prints for them.

use std::fmt;

/// What `httpUpdate.getLastError()` returns: the update library's own numbers from -100 down, those of `HTTPClient` from
/// -1 down, those of `Update` above 0, and 0 while nothing has failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(pub i32);

impl Code {
    /// Nothing failed yet.
    pub const NONE: Self = Self(0);

    /// The image is larger than the slot.
    pub const TOO_LESS_SPACE: Self = Self(-100);
    /// 200 without a length.
    pub const SERVER_NOT_REPORT_SIZE: Self = Self(-101);
    /// 404.
    pub const SERVER_FILE_NOT_FOUND: Self = Self(-102);
    /// 403.
    pub const SERVER_FORBIDDEN: Self = Self(-103);
    /// A status that the library has no word for.
    pub const SERVER_WRONG_HTTP_CODE: Self = Self(-104);
    /// An `x-MD5` that is not 32 characters long.
    pub const SERVER_FAULTY_MD5: Self = Self(-105);
    /// The body does not begin with 0xE9, or not yet.
    pub const BIN_VERIFY_HEADER_FAILED: Self = Self(-106);
    /// There is no slot to write to.
    pub const NO_PARTITION: Self = Self(-108);

    /// No connection: nobody there, no such name, no trust.
    pub const CONNECTION_REFUSED: Self = Self(-1);
    /// The request could not be sent.
    pub const SEND_HEADER_FAILED: Self = Self(-2);
    /// The server closed before the head ended.
    pub const CONNECTION_LOST: Self = Self(-5);
    /// The answer is not HTTP.
    pub const NO_HTTP_SERVER: Self = Self(-7);
    /// The head is larger than the board's memory.
    pub const TOO_LESS_RAM: Self = Self(-8);
    /// A transfer encoding other than chunked.
    pub const ENCODING: Self = Self(-9);
    /// The server is silent.
    pub const READ_TIMEOUT: Self = Self(-11);

    /// Programming flash failed.
    pub const UPDATE_WRITE: Self = Self(1);
    /// Erasing flash failed.
    pub const UPDATE_ERASE: Self = Self(2);
    /// The first byte does not read back.
    pub const UPDATE_READ: Self = Self(3);
    /// Larger than the slot.
    pub const UPDATE_SIZE: Self = Self(5);
    /// No byte came for too long.
    pub const UPDATE_STREAM: Self = Self(6);
    /// What came has another MD5.
    pub const UPDATE_MD5: Self = Self(7);
    /// The first byte is not 0xE9.
    pub const UPDATE_MAGIC_BYTE: Self = Self(8);
    /// The whole image failed its check, or the slot could not be chosen.
    pub const UPDATE_ACTIVATE: Self = Self(9);

    /// What `httpUpdate.getLastErrorString()` returns.
    pub fn text(self) -> String {
        let named = TEXTS.iter().find(|(code, _)| *code == self).map_or("", |(_, text)| text);
        match self.0 {
            0 => String::new(),
            1.. => format!("Update error: {named}"),
            -99..=-1 => format!("HTTP error: {named}"),
            _ => named.to_owned(),
        }
    }
}

impl fmt::Display for Code {
    /// As the tutorial's sketch prints it: `(-1): HTTP error: connection refused`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}): {}", self.0, self.text())
    }
}

const TEXTS: [(Code, &str); 23] = [
    (Code::TOO_LESS_SPACE, "Not Enough space"),
    (Code::SERVER_NOT_REPORT_SIZE, "Server Did Not Report Size"),
    (Code::SERVER_FILE_NOT_FOUND, "File Not Found (404)"),
    (Code::SERVER_FORBIDDEN, "Forbidden (403)"),
    (Code::SERVER_WRONG_HTTP_CODE, "Wrong HTTP Code"),
    (Code::SERVER_FAULTY_MD5, "Wrong MD5"),
    (Code::BIN_VERIFY_HEADER_FAILED, "Verify Bin Header Failed"),
    (Code::NO_PARTITION, "Partition Could Not be Found"),
    (Code::CONNECTION_REFUSED, "connection refused"),
    (Code::SEND_HEADER_FAILED, "send header failed"),
    (Code::CONNECTION_LOST, "connection lost"),
    (Code::NO_HTTP_SERVER, "no HTTP server"),
    (Code::TOO_LESS_RAM, "too less ram"),
    (Code::ENCODING, "Transfer-Encoding not supported"),
    (Code::READ_TIMEOUT, "read Timeout"),
    (Code::UPDATE_WRITE, "Flash Write Failed"),
    (Code::UPDATE_ERASE, "Flash Erase Failed"),
    (Code::UPDATE_READ, "Flash Read Failed"),
    (Code::UPDATE_SIZE, "Bad Size Given"),
    (Code::UPDATE_STREAM, "Stream Read Timeout"),
    (Code::UPDATE_MD5, "MD5 Check Failed"),
    (Code::UPDATE_MAGIC_BYTE, "Wrong Magic Byte"),
    (Code::UPDATE_ACTIVATE, "Could Not Activate The Firmware"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_the_serial_monitor() {
        for (code, text) in [
            (Code::CONNECTION_REFUSED, "(-1): HTTP error: connection refused"),
            (Code::UPDATE_ACTIVATE, "(9): Update error: Could Not Activate The Firmware"),
            (Code::SERVER_WRONG_HTTP_CODE, "(-104): Wrong HTTP Code"),
            (Code::NONE, "(0): "),
        ] {
            assert_eq!(code.to_string(), text);
        }
    }
}
