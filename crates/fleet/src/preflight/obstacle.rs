//! Obstacles: why a device would not take a release, with the figures.

use std::collections::BTreeSet;
use std::fmt;

use otary_image::Chip;
use serde::{Deserialize, Serialize};

use super::Candidate;
use crate::{Artifact, CheckIn, Dialect, Kind, Reason};

/// Why a device would not take a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "obstacle", rename_all = "kebab-case")]
pub enum Obstacle {
    /// It would be answered so, were the release meant for it.
    Answered {
        /// Why it would not be offered the release.
        #[serde(flatten)]
        reason: Reason,
    },
    /// The release has nothing for its chip.
    OtherChip {
        /// The chip that it is; none where nothing tells.
        #[cfg_attr(feature = "schema", schemars(with = "Option<crate::ChipSchema>"))]
        chip: Option<Chip>,
        /// The chips that the release is for.
        #[cfg_attr(feature = "schema", schemars(with = "BTreeSet<crate::ChipSchema>"))]
        made_for: BTreeSet<Chip>,
    },
    /// Its client cannot do anything with the kind of file that the release has.
    OtherClient {
        /// Its client.
        dialect: Dialect,
        /// What the release has.
        kinds: BTreeSet<Kind>,
    },
    /// It accepts what this server presents, and would not any more: the image has certificates, and none of them leads there.
    LosesTrust {
        /// The name that it asks for; none for an address.
        asks_for: Option<String>,
        /// What the image trusts, by name.
        trusts: Vec<String>,
        /// Of what it would need one.
        needs: Vec<String>,
    },
}

impl Obstacle {
    /// The obstacle's word, as in `--json`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Answered { reason } => reason.rule(),
            Self::OtherChip { .. } => "other-chip",
            Self::OtherClient { .. } => "other-client",
            Self::LosesTrust { .. } => "loses-trust",
        }
    }

    /// What follows the number of devices: `30 slot too small`.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::OtherChip { .. } => "other chip",
            Self::OtherClient { .. } => "client cannot take it",
            Self::LosesTrust { .. } => "would lose trust",
            Self::Answered { reason } => match reason {
                Reason::TooLarge { .. } => "slot too small",
                Reason::NoSlot => "no slot",
                Reason::ChipUnknown { .. } => "chip unknown",
                Reason::ChipContradicts { .. } => "chip and client contradict each other",
                Reason::Unsigned { .. } => "take only what is signed",
                Reason::Looping { .. } => "held for looping",
                Reason::Reflashed { .. } => "reflashed by hand",
                Reason::TakenOnce { .. } => "took it once already",
                Reason::ReportedFailure { .. } => "reported a failure",
                Reason::PlainHttp { .. } => "plain HTTP",
                Reason::NotProven { .. } | Reason::Unauthenticated { .. } => "proof missing",
                Reason::ReleaseGone { .. } => "a version on the way is gone",
                other => other.rule(),
            },
        }
    }
}

impl Candidate<'_> {
    /// What stands against the release, by the reason why it would not be sent.
    pub(super) fn obstacle(&self, reason: Reason, check_in: &CheckIn) -> Obstacle {
        let Reason::NoRelease { chip, .. } = reason else { return Obstacle::Answered { reason } };
        let wanted = check_in.wanted();
        let fits = |artifact: &&Artifact| {
            wanted.kinds.contains(&artifact.kind) && artifact.variant == wanted.variant
        };
        let artifacts = self.release.artifacts.iter().filter_map(|id| self.catalogue.artifact(id));
        let made_for: BTreeSet<Chip> = artifacts.clone().filter(fits).filter_map(|a| a.chip).collect();
        if made_for.is_empty() {
            let kinds = artifacts.map(|artifact| artifact.kind).collect();
            return Obstacle::OtherClient { dialect: check_in.dialect, kinds };
        }
        Obstacle::OtherChip { chip, made_for }
    }
}

impl fmt::Display for Obstacle {
    /// One sentence for people, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { reason } => reason.fmt(f),
            Self::OtherChip { chip, made_for } => {
                let made_for = list(made_for.iter().map(|chip| chip.name()));
                match chip {
                    Some(chip) => write!(f, "is an {chip}, and the release is for {made_for}"),
                    None => write!(f, "may be any chip, and the release is for {made_for}"),
                }
            }
            Self::OtherClient { dialect, kinds } => {
                let kinds = list(kinds.iter().map(|kind| kind.name()));
                write!(f, "speaks as {} does, whose client takes no {kinds} file", dialect.name())
            }
            Self::LosesTrust { asks_for, trusts, needs } => {
                let name = asks_for.as_deref().map_or(String::new(), |name| format!(" as {name}"));
                let (trusts, needs) = (list(trusts), list(needs));
                write!(
                    f,
                    "would not come back: the image trusts {trusts}, and this server is verified{name} by {needs}"
                )
            }
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
fn list(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => "nothing".into(),
        [one] => (*one).into(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
