//! What is wrong, for people: which certificate, what was found, what was wanted.

use std::fmt;

use thiserror::Error;

use super::flags::Flag;

/// Which certificate is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// One of the server's chain; 0 is its own.
    Chain(usize),
    /// One that the device holds, by its position.
    Anchor(usize),
}

/// Why a stack does not believe a server. A sketch never learns it: all it sees is -1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// A certificate of the server's cannot be read by this stack.
    #[error("{place} is unreadable for this stack: {why}")]
    Unreadable {
        /// Which one.
        place: Place,
        /// What the stack stumbles over.
        why: &'static str,
    },
    /// None of the anchors can be read by this stack.
    #[error("none of the CA certificates is readable for this stack: {why}")]
    UnreadableAnchors {
        /// What the stack stumbles over in the last one.
        why: &'static str,
    },
    /// No anchor vouches for the chain.
    #[error("no trusted CA has signed it (issuer: {issuer})")]
    UnknownAuthority {
        /// Who issued the last certificate that could be followed.
        issuer: String,
    },
    /// A certificate does not vouch for the one before it.
    #[error("{place} does not vouch for the one before it: {why}")]
    BrokenChain {
        /// The one that should.
        place: Place,
        /// What is missing.
        why: &'static str,
    },
    /// The certificate is for others.
    #[error("{}", wrong_name(wanted, found))]
    WrongName {
        /// The host of the URL.
        wanted: String,
        /// The names in the certificate.
        found: String,
    },
    /// The certificate may not be used by a server.
    #[error("its {0} allows no server")]
    Usage(&'static str),
    /// A certificate that stands between server and anchor may not sign certificates.
    #[error("the keyUsage of {place} allows no signature of certificates")]
    IssuerUsage {
        /// Which one.
        place: Place,
    },
    /// The clock of the board is not within the certificate's dates.
    #[error(
        "the board's clock says {}, {place} is valid from {} to {}",
        Day::of(*now), Day(Some(*from)), Day(Some(*until))
    )]
    Dates {
        /// Which one.
        place: Place,
        /// What the board takes for now, in seconds since 1970.
        now: u64,
        /// First second of its life.
        from: i64,
        /// Last second of its life.
        until: i64,
    },
    /// A key that is not good enough.
    #[error("the key of {place} is too weak: {key}")]
    WeakKey {
        /// Whose.
        place: Place,
        /// What kind of key.
        key: String,
    },
    /// A digest that is not good enough.
    #[error("{place} is signed with {digest}")]
    WeakDigest {
        /// Which one.
        place: Place,
        /// The digest.
        digest: &'static str,
    },
    /// More certificates between server and anchor than the stack follows.
    #[error("more than {most} certificates between the server's and the CA's")]
    TooLong {
        /// How many it follows.
        most: usize,
    },
}

impl Fault {
    /// The flag that a stack raises for it; BearSSL has the one of [`Flag::Expired`] for both ends of a life.
    pub fn flag(&self) -> Flag {
        match self {
            Self::Unreadable { .. } | Self::UnreadableAnchors { .. } => Flag::Parse,
            Self::UnknownAuthority { .. } | Self::BrokenChain { .. } => Flag::Trust,
            Self::WrongName { .. } => Flag::Name,
            Self::Usage(_) | Self::IssuerUsage { .. } => Flag::Usage,
            Self::Dates { now, from, .. } => {
                let ahead = i64::try_from(*now).is_ok_and(|now| now < *from);
                if ahead { Flag::Future } else { Flag::Expired }
            }
            Self::WeakKey { .. } => Flag::WeakKey,
            Self::WeakDigest { .. } => Flag::WeakDigest,
            Self::TooLong { .. } => Flag::TooLong,
        }
    }
}

/// That a certificate is for others; an address can stand in it and be one of those all the same.
fn wrong_name(wanted: &str, found: &str) -> String {
    if found.split(", ").any(|name| name.strip_prefix("IP ") == Some(wanted)) {
        return format!("it has {wanted} as an address, and host names alone are compared");
    }
    format!("it is for {found}, not for {wanted}")
}

/// A day by UTC, from seconds since 1970; none where they are beyond what a calendar has.
struct Day(Option<i64>);

impl Day {
    fn of(seconds: u64) -> Self {
        Self(i64::try_from(seconds).ok())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()) {
            Some(stamp) => write!(f, "{}", stamp.strftime("%Y-%m-%d")),
            None => f.write_str("a day that no calendar has"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(0) => f.write_str("the server's certificate"),
            Self::Chain(position) => write!(f, "certificate {position} of the chain"),
            Self::Anchor(position) => write!(f, "CA certificate {position} of the device"),
        }
    }
}
