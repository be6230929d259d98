//! What speaks against giving an image to devices: mistakes that cannot be taken back once they run it.
//!
//! An image is examined by what was found in it. Each [`Risk`] refuses a push until it is accepted by its name; what is
//! only worth a look is a note. Nothing is guessed: an image without a certificate may check none, or may hold it in a form
//! that is not seen, so all that is said of it is that it was not checked.

mod name;
mod reach;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Artifact, Embedded, FoundKey, Generations, Time};
use reach::Reach;

pub use name::{RiskName, UnknownRisk};

/// What is said of an image without a certificate.
const NOT_CHECKED: &str = "no certificate found, not checked";

/// What an image is examined against.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// What this server presents; none before there is an authority.
    pub generations: Option<&'a Generations>,
    /// The host names and addresses by which devices reach this server, in lower case; the first label may be `*`.
    pub names: &'a [String],
    /// Earlier builds of the product, of the same kind.
    pub earlier: &'a [&'a Artifact],
    /// How long at least something has to be valid that leads devices to this server.
    pub horizon: Duration,
    /// The time.
    pub now: Time,
}

/// What came out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examined {
    /// The names and addresses in the image that are this server's.
    pub hosts: Vec<String>,
    /// What speaks against it.
    pub risks: Vec<Risk>,
    /// What a person should know, a sentence each.
    pub notes: Vec<String>,
}

/// Why an image should not run on devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "risk", rename_all = "kebab-case")]
pub enum Risk {
    /// It trusts none of the anchors that lead to what this server presents: the update is the last that it takes.
    CutsOff {
        /// Those that it trusts, by their names.
        trusts: Vec<String>,
        /// Those of which it needs one.
        needs: Vec<String>,
        /// The names of this server in it; empty if it was judged by everything that this server presents.
        hosts: Vec<String>,
        /// The name in this server's own certificate, if it is that which it trusts, in the place of a root.
        leaf: Option<String>,
    },
    /// All anchors that lead it here end before the horizon.
    EndsSoon {
        /// Those anchors, by their names.
        trusts: Vec<String>,
        /// Whole days until the last of them ends; none if it has ended.
        days: Option<u64>,
        /// The days that are asked for.
        horizon: u64,
    },
    /// It contains no name of this server, although earlier builds did.
    NoName {
        /// The names in the newest build that had some.
        earlier: Vec<String>,
    },
    /// It holds a complete private key.
    PrivateKey {
        /// The first one.
        key: FoundKey,
        /// How many others there are.
        others: usize,
    },
}

impl Risk {
    /// The name by which it is accepted.
    pub const fn name(&self) -> RiskName {
        match self {
            Self::CutsOff { .. } => RiskName::CutsOff,
            Self::EndsSoon { .. } => RiskName::EndsSoon,
            Self::NoName { .. } => RiskName::NoName,
            Self::PrivateKey { .. } => RiskName::PrivateKey,
        }
    }

    /// What to do instead of accepting it.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::CutsOff { .. } => "build it with the roots that `otary trust export` gives",
            Self::EndsSoon { .. } => {
                "build it with the current and the next root, as `otary trust export` gives them"
            }
            Self::NoName { .. } => "build it with the URL that `otary sketch` prints",
            Self::PrivateKey { .. } => "keep keys out of images: whoever has an image has the key",
        }
    }
}

impl fmt::Display for Risk {
    /// One sentence about the image, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutsOff { leaf: Some(leaf), .. } => write!(
                f,
                "it trusts this server's own certificate ({leaf}) in the place of a root: an ESP8266 accepts that until \
                 the certificate is renewed, and other devices never do"
            ),
            Self::CutsOff { trusts, needs, hosts, .. } => {
                write!(f, "devices that run it could not come back: it trusts {}, and ", list(trusts))?;
                match hosts.as_slice() {
                    [] => write!(f, "whatever name they ask for, ")?,
                    hosts => write!(f, "as {} ", list(hosts))?,
                }
                write!(f, "this server is verified by {} alone", list(needs))
            }
            Self::EndsSoon { trusts, days: None, .. } => {
                write!(f, "it trusts {}, which has ended", list(trusts))
            }
            Self::EndsSoon { trusts, days: Some(days), horizon } => {
                let (trusts, end) = (list(trusts), life(*days));
                write!(f, "it trusts {trusts}, which ends {end}; {horizon} days are asked for")
            }
            Self::NoName { earlier } => write!(
                f,
                "it contains no name or address of this server, and the build before had {}",
                list(earlier)
            ),
            Self::PrivateKey { key, others } => {
                write!(f, "it holds a complete private key, {} at offset {:#x}", key.kind, key.offset)?;
                if *others > 0 { write!(f, ", and {others} more") } else { Ok(()) }
            }
        }
    }
}

/// Examines an image by what was found in it.
pub fn examine(embedded: &Embedded, expected: &Expected<'_>) -> Examined {
    let reach = Reach::of(embedded, expected);
    let mut examined = Examined { hosts: reach.hosts.clone(), ..Examined::default() };
    match expected.generations {
        _ if embedded.certificates.is_empty() => {
            examined.notes.push(NOT_CHECKED.into());
        }
        None => {
            examined.notes.push("there is no authority here yet: its certificates were not checked".into());
        }
        Some(generations) => {
            examined.risks.extend(reach.cuts_off(generations));
            examined.risks.extend(reach.ends_soon(generations));
            if examined.risks.is_empty() {
                examined.notes.extend(reach.notes(generations));
            }
        }
    }
    examined.risks.extend(reach.no_name());
    examined.risks.extend(private_key(embedded));
    examined
}

fn private_key(embedded: &Embedded) -> Option<Risk> {
    let (key, others) = embedded.private_keys.split_first()?;
    Some(Risk::PrivateKey { key: key.clone(), others: others.len() })
}

/// How long something lives yet, of which whole days are known.
fn life(days: u64) -> String {
    match days {
        0 => "within a day".into(),
        1 => "in a day".into(),
        days => format!("in {days} days"),
    }
}

/// `a`, `a and b`, `a, b and c`; of many the first few.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let (shown, rest) = names.split_at_checked(SHOWN).unwrap_or((names, &[]));
    match (shown, rest.len()) {
        ([], _) => "nothing".into(),
        ([one], _) => one.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}
