//! Fields: what a query may ask for.

use super::comparison::Operator;

/// What is asked for. `docs/QUERY.md` says of each what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// Its address.
    Mac,
    /// The product that it was assigned to, else the one that it was taken for when it last asked.
    Product,
    /// The channel that it follows.
    Channel,
    /// A group that it is in.
    Group,
    /// What it calls itself, where its client says a name.
    Name,
    /// The chip.
    Chip,
    /// Whose client it is.
    Dialect,
    /// The version that runs: by digest, else by its word.
    Build,
    /// The release that runs, by digest alone.
    Release,
    /// The SDK's version, by its word.
    Sdk,
    /// How long ago it last asked.
    Seen,
    /// How long ago it first asked.
    FirstSeen,
    /// How often it asked.
    Polls,
    /// Bytes that an update may have, by its word.
    Free,
    /// Bytes of flash, by its word.
    Flash,
    /// Where it last asked from.
    Network,
    /// What it showed of who it is when it last asked.
    Proof,
    /// A certificate inside the image that it runs.
    Anchor,
    /// Offer, wait or hold: what it was answered last.
    Answer,
    /// The rule that it was answered by.
    Rule,
    /// The release that the operator wants it to run.
    Pin,
    /// Whether the operator wants it left alone.
    Hold,
    /// Whether builds or networks were seen taking turns under its address.
    Contested,
    /// Whether the operator never spoke of it and otary never updated it.
    Stranger,
}

/// What the values of a field are, and so how they compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sort {
    /// An address.
    Mac,
    /// A text that names something.
    Name,
    /// The name of a group, of which a device may be in several.
    Group,
    /// One of a fixed set of words.
    Word,
    /// A version text, ordered as [`compare`](crate::compare) has it.
    Version,
    /// `product@version`.
    Release,
    /// A length of time.
    Age,
    /// A number.
    Count,
    /// A number of bytes.
    Bytes,
    /// An address or a network.
    Network,
    /// A proof, weakest first.
    Proof,
    /// The first hex digits of an anchor's name.
    Digits,
    /// Nothing: the field stands alone, and is so or not.
    Flag,
}

const FIELDS: [(Field, &str, Sort); 24] = [
    (Field::Mac, "mac", Sort::Mac),
    (Field::Product, "product", Sort::Name),
    (Field::Channel, "channel", Sort::Name),
    (Field::Group, "group", Sort::Group),
    (Field::Name, "name", Sort::Name),
    (Field::Chip, "chip", Sort::Word),
    (Field::Dialect, "dialect", Sort::Word),
    (Field::Build, "build", Sort::Version),
    (Field::Release, "release", Sort::Release),
    (Field::Sdk, "sdk", Sort::Version),
    (Field::Seen, "seen", Sort::Age),
    (Field::FirstSeen, "first-seen", Sort::Age),
    (Field::Polls, "polls", Sort::Count),
    (Field::Free, "free", Sort::Bytes),
    (Field::Flash, "flash", Sort::Bytes),
    (Field::Network, "network", Sort::Network),
    (Field::Proof, "proof", Sort::Proof),
    (Field::Anchor, "anchor", Sort::Digits),
    (Field::Answer, "answer", Sort::Word),
    (Field::Rule, "rule", Sort::Word),
    (Field::Pin, "pin", Sort::Release),
    (Field::Hold, "hold", Sort::Flag),
    (Field::Contested, "contested", Sort::Flag),
    (Field::Stranger, "stranger", Sort::Flag),
];

impl Field {
    /// Every field.
    pub fn all() -> impl Iterator<Item = Self> {
        FIELDS.iter().map(|row| row.0)
    }

    /// The field called so, in any case.
    pub fn named(name: &str) -> Option<Self> {
        FIELDS.iter().find(|row| row.1.eq_ignore_ascii_case(name)).map(|row| row.0)
    }

    fn row(self) -> &'static (Self, &'static str, Sort) {
        FIELDS.iter().find(|row| row.0 == self).unwrap_or(&FIELDS[0])
    }

    /// Its name in a query.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// What its values are.
    pub fn sort(self) -> Sort {
        self.row().2
    }
}

impl Sort {
    /// Whether values of this sort are compared so.
    pub(super) const fn takes(self, operator: Operator) -> bool {
        match operator {
            Operator::Is | Operator::IsNot => !matches!(self, Self::Age | Self::Flag),
            Operator::Has => matches!(self, Self::Mac | Self::Name | Self::Version),
            _ => matches!(self, Self::Version | Self::Age | Self::Count | Self::Bytes | Self::Proof),
        }
    }

    /// How values of this sort are compared, for people.
    pub(super) const fn operators(self) -> &'static str {
        match self {
            Self::Mac | Self::Name => "=, !=, ~, in or is",
            Self::Group | Self::Word | Self::Release | Self::Network | Self::Digits => "=, !=, in or is",
            Self::Version => "=, !=, <, <=, >, >=, ~, in or is",
            Self::Age => "<, <=, >, >= or is",
            Self::Count | Self::Bytes | Self::Proof => "=, !=, <, <=, >, >=, in or is",
            Self::Flag => "nothing",
        }
    }
}
