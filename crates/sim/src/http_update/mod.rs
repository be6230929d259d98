//! The stock client: Arduino's `HTTPUpdate` for the ESP32, as a server sees it and as a sketch does.
//!
//! Requests, checks, their order and their numbers are those of arduino-esp32 3.0.4 (2.x where [`Core::V2`] says so).
//! The board's flash is written exactly as the device writes its own.

mod code;
mod request;
mod response;
mod updater;

use std::thread;

use otary_fleet::Time;
use otary_image::IMAGE_MAGIC;

pub use code::Code;
pub(crate) use request::Facts;
use response::Head;
use updater::Updater;

use crate::flash::Flash;
use crate::link::{ConnectError, Connection, Link};
use crate::pace::Stop;
use crate::slots::Slots;
use crate::tls::Stack;
use crate::url::Url;

/// The Arduino core that a sketch was built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Core {
    /// 2.0.x: ESP-IDF 4.4; no base MAC; compares an MD5 as it is given, and its own is in lower case.
    V2,
    /// 3.0.x: ESP-IDF 5.1.
    V3,
}

impl Core {
    /// The TLS library that it comes with.
    pub const fn stack(self) -> Stack {
        match self {
            Self::V2 => Stack::MbedTls2,
            Self::V3 => Stack::MbedTls3,
        }
    }

    pub(crate) const fn sdk_version(self) -> &'static str {
        match self {
            Self::V2 => "v4.4.7-dirty",
            Self::V3 => "v5.1.4-497-gdc859c1e67-dirty",
        }
    }

    pub(crate) fn normalize_md5(self, md5: &str) -> String {
        match self {
            Self::V2 => md5.to_owned(),
            Self::V3 => md5.to_ascii_lowercase(),
        }
    }
}

/// What `httpUpdate.update()` returns.
#[derive(Debug)]
pub(crate) enum Return {
    /// `HTTP_UPDATE_OK`: written, checked and chosen for the next start.
    Ok {
        /// What the server calls the new version, in `x-version`; the device never looks.
        version: Option<String>,
        /// Bytes of the body.
        size: u32,
    },
    /// `HTTP_UPDATE_NO_UPDATES`.
    NoUpdates,
    /// `HTTP_UPDATE_FAILED`; the number is [`HttpUpdate::last_error`].
    Failed {
        /// Why there was no connection, if that is what failed.
        cause: Option<ConnectError>,
    },
}

/// A call's surroundings.
pub(crate) struct Call<'a> {
    pub(crate) url: &'a str,
    pub(crate) version: Option<&'a str>,
    pub(crate) core: Core,
    pub(crate) link: &'a Link,
    pub(crate) facts: Facts,
    pub(crate) slots: &'a Slots,
    pub(crate) now: Time,
    pub(crate) stop: &'a Stop,
}

/// The global objects `httpUpdate` and `Update`: what they remember from call to call, until a restart.
#[derive(Debug, Default)]
pub(crate) struct HttpUpdate {
    last_error: Code,
    /// A malformed `x-MD5` leaves `Update` running, and it refuses every later call of that boot with error 0.
    stuck: bool,
}

impl HttpUpdate {
    pub(crate) fn last_error(&self) -> Code {
        self.last_error
    }

    /// Asks the server, and takes what it offers.
    pub(crate) fn update<F: Flash>(&mut self, flash: &mut F, call: &Call<'_>) -> Return {
        // A URL that the client cannot begin with leaves the last error as it was.
        let Some(url) = Url::parse(call.url) else { return Return::Failed { cause: None } };
        let mut connection = match call.link.connect(&url, call.now) {
            Ok(connection) => connection,
            Err(cause) => {
                self.last_error = Code::CONNECTION_REFUSED;
                return Return::Failed { cause: Some(cause) };
            }
        };
        match self.exchange(&mut connection, flash, &url, call) {
            Ok(answer) => answer,
            Err(code) => {
                self.last_error = code;
                Return::Failed { cause: None }
            }
        }
    }

    fn exchange<F: Flash>(
        &mut self,
        connection: &mut Connection,
        flash: &mut F,
        url: &Url,
        call: &Call<'_>,
    ) -> Result<Return, Code> {
        let request = request::render(url, &call.facts, call.core, call.version);
        connection.send(request.as_bytes()).map_err(|_| Code::SEND_HEADER_FAILED)?;
        let head = response::read(connection, call.link.timeouts.response)?;
        match head.status {
            200 => {
                let size = self.install(connection, flash, &head, call)?;
                Ok(Return::Ok { version: head.version, size })
            }
            304 => Ok(Return::NoUpdates),
            404 => Err(Code::SERVER_FILE_NOT_FOUND),
            403 => Err(Code::SERVER_FORBIDDEN),
            _ => Err(Code::SERVER_WRONG_HTTP_CODE),
        }
    }

    /// The checks of a 200, in the device's order. Gives the size of what was installed.
    fn install<F: Flash>(
        &mut self,
        connection: &mut Connection,
        flash: &mut F,
        head: &Head,
        call: &Call<'_>,
    ) -> Result<u32, Code> {
        let size = head.size.and_then(|size| u32::try_from(size).ok()).filter(|&size| size > 0);
        let size = size.ok_or(Code::SERVER_NOT_REPORT_SIZE)?;
        let slot = call.slots.next().ok_or(Code::NO_PARTITION)?;
        if size > slot.size {
            return Err(Code::TOO_LESS_SPACE);
        }
        let timeouts = &call.link.timeouts;
        thread::sleep(timeouts.before_body);
        if connection.peek(timeouts.response) != Some(IMAGE_MAGIC) {
            return Err(Code::BIN_VERIFY_HEADER_FAILED);
        }
        if self.stuck {
            return Err(Code::NONE);
        }
        let mut updater = Updater::begin(flash, slot, size)?;
        if head.md5.as_ref().is_some_and(|md5| md5.len() != 32) {
            self.stuck = true;
            return Err(Code::SERVER_FAULTY_MD5);
        }
        updater.write_stream(connection, timeouts, call.stop)?;
        updater.end(head.md5.as_deref(), call.core, call.slots)?;
        Ok(size)
    }
}
