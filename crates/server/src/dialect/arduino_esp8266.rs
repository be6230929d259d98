//! Arduino ESP8266 `ESP8266httpUpdate`: header fields `x-ESP8266-*`, and a mode that only asks which version there is.

use otary_fleet::{Catalogue, CheckIn, Decision, Dialect, Mode, Reason};

use super::{Answer, Heard, NoCheckIn, Origin, Speaker, arduino};
use crate::http1::Head;

pub(super) const PREFIX: &str = "x-esp8266-";
const USER_AGENT: &str = "ESP8266-http-Update";

/// The library's class.
pub(super) struct HttpUpdate;

impl Speaker for HttpUpdate {
    fn dialect(&self) -> Dialect {
        Dialect::ArduinoEsp8266
    }

    fn sent(&self, head: &Head<'_>) -> bool {
        arduino::sent(head, PREFIX, USER_AGENT)
    }

    fn read(&self, head: &Head<'_>, origin: Origin) -> Result<Heard, NoCheckIn> {
        arduino::read(head, origin, self.dialect(), PREFIX, mode)
    }

    fn answer(&self, check_in: &CheckIn, decision: &Decision, catalogue: &Catalogue) -> Answer {
        match check_in.mode {
            Mode::Version => available(decision, catalogue),
            _ => arduino::answer(check_in, decision),
        }
    }
}

/// `spiffs` is also what a LittleFS is called.
fn mode(word: &str) -> Option<Mode> {
    match word {
        "sketch" => Some(Mode::Sketch),
        "spiffs" => Some(Mode::Filesystem),
        "version" => Some(Mode::Version),
        _ => None,
    }
}

/// `getAvailableVersion` (core 3.1.2) takes 200 with a version, whether or not it is newer; anything else is an error
/// to it, 304 included.
fn available(decision: &Decision, catalogue: &Catalogue) -> Answer {
    let artifact = decision.artifact.and_then(|id| catalogue.artifact(&id));
    match (&decision.reason, decision.release.as_ref().zip(artifact)) {
        (Reason::PlainHttp { .. }, _) => Answer::Forbidden,
        (_, Some((release, artifact))) => {
            Answer::Version { version: release.version.clone(), md5: artifact.md5 }
        }
        (_, None) => Answer::NotFound,
    }
}
