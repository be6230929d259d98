//! Releases: versions of a product.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Artifact, Chip, NameError, ProductName, Sha256, SignedManifest, Time, Version, Wanted};

/// A named stream of releases that devices follow; named as products are. `stable` unless said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Channel(ProductName);

impl std::str::FromStr for Channel {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        text.parse().map(Self)
    }
}

impl Channel {
    /// The channel that devices follow unless the operator says otherwise.
    pub const STABLE: &'static str = "stable";

    /// The channel's name as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether this is the channel called `name`; devices without a channel of their own follow [`Self::STABLE`].
    pub fn is(&self, name: Option<&Self>) -> bool {
        self.as_str() == name.map_or(Self::STABLE, Self::as_str)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which release: a product has one release of each version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReleaseId {
    /// The product.
    pub product: ProductName,
    /// The version, as its owner wrote it.
    pub version: Version,
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.product, self.version)
    }
}

/// Which goes first where a release has a program and a file system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Sequence {
    /// The file system: a new program finds the files that it needs.
    #[default]
    FilesFirst,
    /// The program: the old one would not know what to do with the new files.
    AppFirst,
}

/// A version of a product: one artifact per chip, kind and variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Release {
    /// Product and version.
    #[serde(flatten)]
    pub id: ReleaseId,
    /// The stream that it was published to.
    pub channel: Channel,
    /// The artifacts' names.
    pub artifacts: Vec<Sha256>,
    /// Which of its files go first.
    #[serde(default)]
    pub order: Sequence,
    /// The version that whoever runs something older gets first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Version>,
    /// What its owner signed of them, for devices that verify releases; at most one for each artifact.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<SignedManifest>,
    /// For people.
    pub notes: String,
    /// When it was published.
    pub published: Time,
    /// Set when it was withdrawn: no longer offered, still known by digest.
    pub withdrawn: Option<Time>,
    /// Kept by `gc` and refused by `release delete` while set.
    pub pinned: bool,
}

impl Release {
    /// The longest version text, in bytes.
    pub const MAX_VERSION: usize = 64;
    /// The longest notes, in bytes.
    pub const MAX_NOTES: usize = 16 * 1024;

    /// The signed manifest of one of its artifacts.
    pub fn manifest_of(&self, artifact: &Sha256) -> Option<&SignedManifest> {
        self.manifests.iter().find(|manifest| manifest.artifact == *artifact)
    }

    /// Of `artifacts`, the one of this release that a chip and what is wanted call for.
    pub fn artifact_for<'a>(
        &self,
        artifacts: impl Fn(&Sha256) -> Option<&'a Artifact>,
        chip: Option<Chip>,
        wanted: impl Into<Wanted>,
    ) -> Option<&'a Artifact> {
        let Wanted { kinds, variant } = wanted.into();
        let of_kind = |kind: &crate::Kind| {
            let mut artifacts = self.artifacts.iter().filter_map(&artifacts);
            artifacts
                .find(|a| a.kind == *kind && a.variant == variant && (a.chip.is_none() || a.chip == chip))
        };
        kinds.iter().find_map(of_kind)
    }
}
