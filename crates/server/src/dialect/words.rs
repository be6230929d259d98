//! What a client says of itself in a URL's query and in header fields, where its library says nothing.
//!
//! `?device=24:6F:28:AA:BB:CC&version=0.3&sha256=...&chip=esp32c3&space=1310720`. A program that can set header fields may
//! use those of Arduino's `HTTPUpdate` instead (`x-ESP32-STA-MAC` and so on); the query counts more. Who the device is
//! comes from its link, else from here, else from the user of its credential. What is said wrongly counts as not said.

use std::borrow::Cow;

use otary_fleet::{CheckIn, Dialect, Mac, Mode};

use super::arduino::{self, text};
use super::{Origin, arduino_esp32};
use crate::http1::Head;

/// Reads a check-in of a dialect that has no words of its own.
pub(super) fn read(head: &Head<'_>, origin: Origin, dialect: Dialect, mode: Mode) -> CheckIn {
    let link = origin.link;
    let mut said = arduino::check_in(head, origin, dialect, arduino_esp32::PREFIX, mode);
    let query = Query::of(head);
    said.device = link.or(query.device(dialect)).or(said.device);
    said.chip = said.chip.or(query.get("chip").and_then(|name| super::asked::chip_called(&name)));
    let version = query.get("version").and_then(|value| text(value.as_bytes()));
    said.version = version.map(Into::into).or(said.version);
    said.build.sha256 = query.parsed("sha256").or(said.build.sha256);
    said.build.md5 = query.parsed("md5").or(said.build.md5);
    said.free_space = query.parsed("space").or(said.free_space);
    if said.sdk.is_none() && dialect == Dialect::EspHome {
        // `ESPHome/2024.10.1 (https://esphome.io)`: of no other client is it worth keeping.
        let agent = head.field("user-agent").and_then(|agent| agent.split(' ').next());
        said.sdk = agent.filter(|agent| agent.starts_with("ESPHome/")).and_then(|a| text(a.as_bytes()));
    }
    said
}

/// The first value of a key in a URL's query.
pub(super) fn value<'a>(head: &Head<'a>, key: &str) -> Option<Cow<'a, str>> {
    Query::of(head).get(key)
}

/// The pairs of a query.
struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    fn of(head: &Head<'a>) -> Self {
        Self(head.query.unwrap_or_default())
    }

    /// The first value of a key, decoded.
    fn get(&self, key: &str) -> Option<Cow<'a, str>> {
        let mut pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(found, _)| *found == key).map(|(_, value)| decoded(value))
    }

    fn parsed<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.get(key)?.parse().ok()
    }

    fn device(&self, dialect: Dialect) -> Option<Mac> {
        let named = || self.parsed("device").or_else(|| self.parsed("id"));
        match dialect {
            Dialect::Esp32Fota => self.get("id").and_then(|id| from_efuse(&id)).or_else(named),
            _ => named(),
        }
    }
}

/// esp32FOTA sends the decimal of `ESP.getEfuseMac()`, in which the first byte of the address is the lowest.
fn from_efuse(id: &str) -> Option<Mac> {
    let number: u64 = id.bytes().all(|c| c.is_ascii_digit()).then(|| id.parse().ok()).flatten()?;
    let [bytes @ .., 0, 0] = number.to_le_bytes() else { return None };
    Mac::new(bytes).ok()
}

/// A value without its percent signs (RFC 3986, section 2.1). One that is wrong is left as it came.
fn decoded(value: &str) -> Cow<'_, str> {
    if !value.contains('%') {
        return Cow::Borrowed(value);
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let pair = behind.split_first_chunk::<2>().filter(|_| *first == b'%');
        let byte = pair.and_then(|(digits, _)| {
            let digits = std::str::from_utf8(digits).ok().filter(|d| !d.starts_with('+'))?;
            u8::from_str_radix(digits, 16).ok()
        });
        bytes.push(byte.unwrap_or(*first));
        rest = byte.and(pair).map_or(behind, |(_, behind)| behind);
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(value), Cow::Owned)
}

/// What a value of a query says, without anything that needs a percent sign or a quotation mark elsewhere: for URLs in
/// answers. None if there is something else in it, or too much.
pub(super) fn plain_query(head: &Head<'_>) -> Option<String> {
    const LONGEST: usize = 256;
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~%&=+:,@!$/".contains(&c);
    let query = head.query.filter(|query| query.len() <= LONGEST && query.bytes().all(plain))?;
    Some(query.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_efuse_address_of_esp32fota_is_read_backwards() {
        let mac: Mac = "24:6F:28:AA:BB:CC".parse().unwrap();
        // 0xCCBBAA286F24
        assert_eq!(from_efuse("225106385727268"), Some(mac));
        for wrong in ["", "0", "-1", "281474976710656", "24:6F:28:AA:BB:CC", "99999999999999999999999"] {
            assert_eq!(from_efuse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn percent_signs_are_decoded_where_they_are_right() {
        assert_eq!(decoded("24%3A6f%3a28"), "24:6f:28");
        for left in ["", "0.3", "100%", "%4", "%zz", "%+1", "%ff"] {
            assert_eq!(decoded(left), left);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_decoded_is_no_longer_than_it_was(value in "[%0-9a-zA-Z\\PC]{0,60}") {
            prop_assert!(decoded(&value).len() <= value.len());
        }
    }
}
