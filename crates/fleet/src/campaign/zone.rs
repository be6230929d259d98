//! Time zones, by the tables that are compiled in: the same on every machine, and nothing is read from it.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Time;

/// A time zone of the IANA database, such as `Europe/Berlin`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("format" = "time-zone")))]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: Arc<str>,
    rules: TimeZone,
}

/// No time zone is called so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no time zone is called `{name}`: expected one such as Europe/Berlin or UTC")]
pub struct UnknownZone {
    /// The name.
    pub name: String,
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { name: "UTC".into(), rules: TimeZone::UTC }
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// A moment as people there write it: `Sat 28 Nov 22:00`.
    pub fn written(&self, at: Time) -> String {
        let millis = i64::try_from(at.0).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
        let there = millis.unwrap_or(Timestamp::MAX).to_zoned(self.rules.clone());
        there.strftime("%a %-d %b %H:%M").to_string()
    }

    pub(super) const fn rules(&self) -> &TimeZone {
        &self.rules
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        // It keeps what it has read, so that a zone is shared by all devices in it.
        static TABLES: OnceLock<TimeZoneDatabase> = OnceLock::new();
        let tables = TABLES.get_or_init(TimeZoneDatabase::bundled);
        let rules = tables.get(text).map_err(|_| UnknownZone { name: text.into() })?;
        Ok(Self { name: rules.iana_name().unwrap_or(text).into(), rules })
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;

    fn try_from(text: String) -> Result<Self, UnknownZone> {
        text.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.as_str().into()
    }
}
