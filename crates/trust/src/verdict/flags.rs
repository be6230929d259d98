//! What a TLS stack reports against a server, as a set.

use std::fmt;
use std::ops::BitOr;

/// One thing that a TLS stack finds wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flag {
    /// It cannot read a certificate, or none of its own anchors.
    Parse,
    /// No anchor vouches for the chain.
    Trust,
    /// The certificate is for others.
    Name,
    /// A certificate has ended (BearSSL: or has not begun).
    Expired,
    /// A certificate has not begun.
    Future,
    /// The certificate is not for a server's use.
    Usage,
    /// A key is too small, or of a curve that is not good enough.
    WeakKey,
    /// A signature's digest is not good enough.
    WeakDigest,
    /// The chain is longer than the stack follows; it then says nothing else.
    TooLong,
}

impl Flag {
    /// Every flag, in the order in which they are written.
    pub const ALL: [Self; 9] = [
        Self::Parse,
        Self::Trust,
        Self::Name,
        Self::Expired,
        Self::Future,
        Self::Usage,
        Self::WeakKey,
        Self::WeakDigest,
        Self::TooLong,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Trust => "trust",
            Self::Name => "name",
            Self::Expired => "expired",
            Self::Future => "future",
            Self::Usage => "usage",
            Self::WeakKey => "weak-key",
            Self::WeakDigest => "weak-digest",
            Self::TooLong => "too-long",
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// A set of [`Flag`]s; the empty one is a believed server. Prints as its words, or `ok`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags(u16);

impl Flags {
    /// Whether nothing is wrong.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this is wrong.
    pub const fn contains(self, flag: Flag) -> bool {
        self.0 & flag.bit() != 0
    }

    /// The flags in it.
    pub fn iter(self) -> impl Iterator<Item = Flag> {
        Flag::ALL.into_iter().filter(move |&flag| self.contains(flag))
    }

    /// The same set without these.
    #[must_use]
    pub fn without(self, flags: impl IntoIterator<Item = Flag>) -> Self {
        Self(flags.into_iter().fold(self.0, |bits, flag| bits & !flag.bit()))
    }
}

impl From<Flag> for Flags {
    fn from(flag: Flag) -> Self {
        Self(flag.bit())
    }
}

impl FromIterator<Flag> for Flags {
    fn from_iter<I: IntoIterator<Item = Flag>>(flags: I) -> Self {
        Self(flags.into_iter().fold(0, |bits, flag| bits | flag.bit()))
    }
}

impl BitOr<Flag> for Flags {
    type Output = Self;

    fn bitor(self, flag: Flag) -> Self {
        Self(self.0 | flag.bit())
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("ok");
        }
        for (index, flag) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { " " };
            write!(f, "{separator}{}", flag.word())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_prints_its_words_in_one_order() {
        assert_eq!(Flags::default().to_string(), "ok");
        let flags = Flags::from(Flag::Name) | Flag::Trust | Flag::TooLong;
        assert_eq!(flags.to_string(), "trust name too-long");
        assert_eq!(flags.without([Flag::Trust, Flag::Parse]).to_string(), "name too-long");
        assert_eq!(flags.iter().collect::<Flags>(), flags);
    }
}
