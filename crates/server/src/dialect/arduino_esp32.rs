//! Arduino ESP32 `HTTPUpdate`, all versions: header fields `x-ESP32-*`.

use otary_fleet::{Catalogue, CheckIn, Decision, Dialect, Mode};

use super::{Answer, Heard, NoCheckIn, Origin, Speaker, arduino};
use crate::http1::Head;

pub(super) const PREFIX: &str = "x-esp32-";
const USER_AGENT: &str = "ESP32-http-Update";

/// The library's class.
pub(super) struct HttpUpdate;

impl Speaker for HttpUpdate {
    fn dialect(&self) -> Dialect {
        Dialect::ArduinoEsp32
    }

    fn sent(&self, head: &Head<'_>) -> bool {
        arduino::sent(head, PREFIX, USER_AGENT)
    }

    fn read(&self, head: &Head<'_>, origin: Origin) -> Result<Heard, NoCheckIn> {
        arduino::read(head, origin, self.dialect(), PREFIX, mode)
    }

    fn answer(&self, check_in: &CheckIn, decision: &Decision, _: &Catalogue) -> Answer {
        arduino::answer(check_in, decision)
    }
}

/// Up to 3.3 a file system is `spiffs`, whichever it is; cores of 2026 name it.
fn mode(word: &str) -> Option<Mode> {
    match word {
        "sketch" => Some(Mode::Sketch),
        "spiffs" | "fatfs" | "littlefs" | "flashfs" => Some(Mode::Filesystem),
        _ => None,
    }
}
