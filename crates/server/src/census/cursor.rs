//! Where a page of a sorted list ends, as a text that means nothing to anybody else: the sort key of the last device shown and
//! its address. It stays right whatever comes, goes or moves in between.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use otary_fleet::{Mac, Time, Verdict, rank};
use serde::{Deserialize, Serialize};

/// What a list of devices is sorted by. Devices that are the same by that are sorted by their addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Sort {
    /// The address.
    #[default]
    Mac,
    /// When it last asked.
    LastSeen,
    /// The version of the release that runs, else the one that it says; those that say none first.
    Version,
    /// The product; those of none first.
    Product,
    /// What it was answered: held, offered, waiting, nothing yet; then the rule.
    State,
}

/// Where a device stands in a sorted list, its address apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key<'a> {
    Mac,
    Seen(Time),
    Version(Option<&'a str>),
    Product(Option<&'a str>),
    State(u8, &'a str),
}

/// The end of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    place: Place,
    mac: Mac,
}

/// [`Key`], kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
enum Place {
    Mac,
    Seen(Time),
    Version(Option<String>),
    Product(Option<String>),
    State(u8, String),
}

/// A text that no page of such a list ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoCursor;

impl<'a> Key<'a> {
    pub(super) fn state(answer: Option<(Verdict, &'a str)>) -> Self {
        match answer {
            Some((Verdict::Hold, rule)) => Self::State(0, rule),
            Some((Verdict::Offer, rule)) => Self::State(1, rule),
            Some((Verdict::Wait, rule)) => Self::State(2, rule),
            None => Self::State(3, ""),
        }
    }

    /// Which of two of one sort comes first.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Seen(a), Self::Seen(b)) => a.cmp(b),
            (Self::Version(Some(a)), Self::Version(Some(b))) => rank(a, b),
            (Self::Version(a), Self::Version(b)) => a.is_some().cmp(&b.is_some()),
            (Self::Product(a), Self::Product(b)) => a.cmp(b),
            (Self::State(a, x), Self::State(b, y)) => a.cmp(b).then_with(|| x.cmp(y)),
            _ => Ordering::Equal,
        }
    }
}

impl Cursor {
    pub(super) fn at(key: Key<'_>, mac: Mac) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let place = match key {
            Key::Mac => Place::Mac,
            Key::Seen(seen) => Place::Seen(seen),
            Key::Version(text) => Place::Version(owned(text)),
            Key::Product(name) => Place::Product(owned(name)),
            Key::State(verdict, rule) => Place::State(verdict, rule.to_owned()),
        };
        Self { place, mac }
    }

    pub(super) fn key(&self) -> Key<'_> {
        match &self.place {
            Place::Mac => Key::Mac,
            Place::Seen(seen) => Key::Seen(*seen),
            Place::Version(text) => Key::Version(text.as_deref()),
            Place::Product(name) => Key::Product(name.as_deref()),
            Place::State(verdict, rule) => Key::State(*verdict, rule),
        }
    }

    pub(crate) const fn mac(&self) -> Mac {
        self.mac
    }

    /// Whether it is the end of a page of a list that is sorted so.
    pub(crate) const fn is_of(&self, sort: Sort) -> bool {
        matches!(
            (&self.place, sort),
            (Place::Mac, Sort::Mac)
                | (Place::Seen(_), Sort::LastSeen)
                | (Place::Version(_), Sort::Version)
                | (Place::Product(_), Sort::Product)
                | (Place::State(..), Sort::State)
        )
    }
}

impl From<Mac> for Cursor {
    fn from(mac: Mac) -> Self {
        Self { place: Place::Mac, mac }
    }
}

impl fmt::Display for Cursor {
    /// In the list by address the address itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place == Place::Mac {
            return self.mac.fmt(f);
        }
        let bytes = serde_json::to_vec(&(&self.place, self.mac)).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        if let Ok(mac) = text.parse::<Mac>() {
            return Ok(mac.into());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NoCursor)?;
        let (place, mac) = serde_json::from_slice(&bytes).map_err(|_| NoCursor)?;
        Ok(Self { place, mac })
    }
}
