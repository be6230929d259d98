//! Tasmota's `OtaUrl`: `/tasmota/PRODUCT`, `/tasmota/PRODUCT/NAME.bin`, `.bin.gz`, `NAME-minimal.bin[.gz]`,
//! `NAME-safeboot.bin`.
//!
//! It speaks as the Arduino libraries do, and goes by the file's name besides: it puts `-minimal` and `.gz` into the name
//! itself when an update fails. So a name is answered by that file or by 404, quickly, and never by another file.
//!
//! Its version has the build's name behind it, `12.1.1(tasmota)`, which is no part of the version here.
//!
//! A Tasmota restarts on everything but a failure, 304 included. It asks only when it is told to; one that a timer tells
//! should ask below `/tasmota/PRODUCT/quiet/`, where *wait* is 404, a failure, on which it goes on as it is.

use otary_fleet::{Chip, Dialect, Mode, Reason, Variant};

use super::answered::Said;
use super::asked::{Asked, Form, chip_called, parts};
use super::{Answer, Heard, NoCheckIn, Origin, Placed, arduino, arduino_esp32, arduino_esp8266};
use crate::http1::Head;

/// The client.
pub(super) struct Tasmota;

impl Placed for Tasmota {
    fn dialect(&self) -> Dialect {
        Dialect::Tasmota
    }

    fn find(&self, path: &str) -> Option<Asked> {
        let (product, rest) = parts(path, "/tasmota/")?;
        let asked = Asked::of(product, Form::Image)?;
        let quiet = rest.is_some_and(|rest| rest == "quiet" || rest.starts_with("quiet/"));
        let name = rest.map(|rest| if quiet { rest.get(6..).unwrap_or_default() } else { rest });
        let Some(name) = name.filter(|name| !name.is_empty()) else { return Some(Asked { quiet, ..asked }) };
        let stem = name.strip_suffix(".gz").unwrap_or(name);
        if name.contains('/') || stem.strip_suffix(".bin").is_none() {
            return None;
        }
        let mode = match Variant::of(name) {
            Variant::Whole => Mode::Sketch,
            Variant::Minimal => Mode::Minimal,
            Variant::Safeboot => Mode::Safeboot,
        };
        Some(Asked { mode, chip: chip_of(name), gzip: Some(stem != name), quiet, ..asked })
    }

    fn read(&self, head: &Head<'_>, origin: Origin, asked: &Asked) -> Result<Heard, NoCheckIn> {
        let is_esp8266 = arduino::has_fields(head, arduino_esp8266::PREFIX);
        let prefix = if is_esp8266 { arduino_esp8266::PREFIX } else { arduino_esp32::PREFIX };
        let link = origin.link;
        let mut check_in = arduino::check_in(head, origin, Dialect::Tasmota, prefix, asked.mode);
        check_in.device = check_in.device.or(link);
        check_in.chip = check_in.chip.or(is_esp8266.then_some(Chip::Esp8266));
        check_in.version = check_in.version.map(|version| without_name(&version).into());
        Ok(Heard { check_in, nonce: [0; 16] })
    }

    fn answer(&self, said: &Said<'_>) -> Answer {
        let Some(decision) = said.decision() else { return Answer::NotFound };
        let artifact = decision.offered().and_then(|id| said.catalogue.artifact(&id));
        let named = |gzip: bool| said.asked.gzip.is_none_or(|asked| asked == gzip);
        let quiet = said.asked.quiet || matches!(decision.reason, Reason::NoRelease { .. });
        let answer = match artifact {
            Some(artifact) if named(artifact.gzip) => Answer::Image(artifact.id),
            None if !quiet => Answer::NoUpdate,
            _ => Answer::NotFound,
        };
        said.refused().unwrap_or(answer)
    }
}

/// The chip of a file for the ESP32 family, which says it in no other way: `tasmota32.bin`, `tasmota32solo1.bin`,
/// `tasmota32c3-DE.bin`.
fn chip_of(name: &str) -> Option<Chip> {
    let rest = name.strip_prefix("tasmota32")?;
    match rest.split(['-', '.']).next()? {
        "" | "solo1" => Some(Chip::Esp32),
        family => chip_called(&format!("esp32{family}")),
    }
}

/// A version without the name of the build.
fn without_name(version: &str) -> &str {
    match version.split_once('(') {
        Some((number, rest)) if !number.is_empty() && rest.ends_with(')') => number,
        _ => version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_which_file_is_meant() {
        let find = |path: &str| Tasmota.find(path).map(|asked| (asked.mode, asked.gzip, asked.quiet));
        assert_eq!(find("/tasmota/plug"), Some((Mode::Sketch, None, false)));
        assert_eq!(find("/tasmota/plug/tasmota-DE.bin.gz"), Some((Mode::Sketch, Some(true), false)));
        assert_eq!(find("/tasmota/plug/tasmota-minimal.bin.gz"), Some((Mode::Minimal, Some(true), false)));
        assert_eq!(find("/tasmota/plug/tasmota32-safeboot.bin"), Some((Mode::Safeboot, Some(false), false)));
        assert_eq!(find("/tasmota/plug/quiet/tasmota.bin"), Some((Mode::Sketch, Some(false), true)));
        assert_eq!(find("/tasmota/plug/quiet"), Some((Mode::Sketch, None, true)));
        for none in ["/tasmota/", "/tasmota/Plug", "/tasmota/plug/tasmota.txt", "/tasmota/plug/a/b.bin"] {
            assert_eq!(find(none), None, "{none}");
        }
    }

    #[test]
    fn names_say_the_chip() {
        for (name, chip) in [
            ("tasmota32.bin", Some(Chip::Esp32)),
            ("tasmota32solo1-safeboot.bin", Some(Chip::Esp32)),
            ("tasmota32c3-DE.bin", Some(Chip::Esp32C3)),
            ("tasmota32x.bin", None),
            ("tasmota.bin.gz", None),
        ] {
            assert_eq!(chip_of(name), chip, "{name}");
        }
    }

    #[test]
    fn the_name_of_the_build_is_no_part_of_its_version() {
        for (said, version) in [("12.1.1(tasmota)", "12.1.1"), ("(x)", "(x)"), ("1(a", "1(a"), ("2", "2")] {
            assert_eq!(without_name(said), version);
        }
    }
}
