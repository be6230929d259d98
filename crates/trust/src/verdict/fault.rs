//! What is wrong, for people: which certificate, what was found, what was wanted.

use std::fmt;

use thiserror::Error;

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
    #[error("it is for {found}, not for {wanted}")]
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
    #[error("the board's clock says {now}, {place} is valid from {from} to {until}")]
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

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(0) => f.write_str("the server's certificate"),
            Self::Chain(position) => write!(f, "certificate {position} of the chain"),
            Self::Anchor(position) => write!(f, "CA certificate {position} of the device"),
        }
    }
}
