//! Reasons: why a decision is as it is. Each variant is one rule, with its figures, one sentence for people and, where there
//! is something to do, what.

mod advice;
mod principle;
mod sentence;

use otary_image::Chip;
use serde::{Deserialize, Serialize};

pub use advice::Topic;

use crate::{
    Build, CampaignId, Dialect, ProductName, Proof, ReleaseId, Sha256, Time, Variant, Verdict, Version,
};

/// Why a decision is as it is. Each variant is one rule, with the figures that it rested on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum Reason {
    /// It runs an older release.
    OlderRelease {
        /// The version that it runs.
        runs: Version,
        /// The version offered.
        offered: Version,
    },
    /// Its build is unknown and the version that it reports is older.
    OlderVersion {
        /// The version that it reports.
        reports: Version,
        /// The version offered.
        offered: Version,
    },
    /// Its build is unknown, and the version that it reports is another one that nothing orders.
    OtherVersion {
        /// The version that it reports.
        reports: Version,
        /// The version offered.
        offered: Version,
    },
    /// Its build is unknown and it reports no version: it gets the release once.
    FirstTry {
        /// The version offered.
        offered: Version,
    },
    /// It does not say what it runs: its client, or its own program, compares what it has with what it is offered.
    ComparesItself {
        /// The version offered.
        offered: Version,
    },
    /// It runs an image that only makes room, or stands by: it gets the whole one.
    NotWhole {
        /// What it runs.
        variant: Variant,
        /// The version offered.
        offered: Version,
    },
    /// A person had it ask for an image that no device runs to stay.
    AskedFor {
        /// The version offered.
        offered: Version,
    },
    /// The release has a file system that goes first, and this build was offered it and did not take it yet.
    FilesFirst {
        /// The version.
        version: Version,
    },
    /// The release's program goes first, and does not run yet.
    AppFirst {
        /// The version.
        version: Version,
    },
    /// It runs the release's bytes.
    UpToDate {
        /// The version that it runs.
        version: Version,
    },
    /// It runs a newer release.
    NewerRelease {
        /// The version that it runs.
        runs: Version,
        /// The newest version that is published for it.
        published: Version,
    },
    /// Its build is unknown, and the version that it reports is the same or newer.
    NotOlder {
        /// The version that it reports.
        reports: Version,
        /// The newest version that is published for it.
        published: Version,
    },
    /// The product has no release for this channel, chip and kind.
    NoRelease {
        /// The product.
        product: ProductName,
        /// The chip, if known.
        #[cfg_attr(feature = "schema", schemars(with = "Option<crate::ChipSchema>"))]
        chip: Option<Chip>,
    },
    /// It took the release once, completely, and says nothing that would show whether it runs.
    TakenOnce {
        /// The version taken.
        version: Version,
    },
    /// It says nothing of itself and is not on record (too many new devices at once), so "once" cannot be kept.
    NotRecorded,
    /// The build is unknown and neither the URL nor the operator names a product.
    NoProduct {
        /// What it runs.
        build: Build,
    },
    /// The URL names a product that does not exist.
    UnknownProduct {
        /// The name in the URL.
        product: ProductName,
    },
    /// It came over plain HTTP, and its product is not marked for that.
    PlainHttp {
        /// The product, if one is known.
        product: Option<ProductName>,
    },
    /// Its product is private, and it did not show that it may have it.
    NotProven {
        /// The product.
        product: ProductName,
        /// What it showed.
        shown: Proof,
        /// What is needed; what was shown may be as much, from a device that was not assigned to the product.
        needed: Proof,
    },
    /// It speaks a protocol whose clients show a credential, and showed none that is known.
    Unauthenticated {
        /// The product.
        product: ProductName,
    },
    /// Nothing says which chip it is, and the product has several.
    ChipUnknown {
        /// The product.
        product: ProductName,
    },
    /// The chip that it should be cannot speak this dialect.
    ChipContradicts {
        /// The chip.
        #[cfg_attr(feature = "schema", schemars(with = "crate::ChipSchema"))]
        chip: Chip,
        /// How it speaks.
        dialect: Dialect,
    },
    /// It installs nothing that is not signed, and the release has no manifest of its image that counts today.
    Unsigned {
        /// The release.
        release: ReleaseId,
    },
    /// It has no slot that an update could be written to.
    NoSlot,
    /// The image is larger than the space that it reports.
    TooLarge {
        /// The image's size in bytes.
        size: u64,
        /// The space in bytes.
        space: u64,
    },
    /// It took the same image several times and still runs what it ran before.
    Looping {
        /// How often it took the image.
        taken: u32,
        /// When it will be offered again.
        until: Time,
        /// When this was decided.
        now: Time,
    },
    /// It reported that it could not install the release.
    ReportedFailure {
        /// The version.
        offered: Version,
        /// What it said last.
        said: Option<String>,
    },
    /// otary updated it, and now it runs a build that otary does not know.
    Reflashed {
        /// The artifact that otary had it install.
        installed: Sha256,
        /// What it runs.
        build: Build,
    },
    /// A wave of a campaign that is open holds it.
    InWave {
        /// The campaign.
        campaign: CampaignId,
        /// Its wave, counted from 1.
        wave: usize,
        /// How many waves there are.
        of: usize,
        /// The version that it runs, as far as that is known.
        runs: Option<Version>,
        /// The version offered.
        offered: Version,
        /// Whether the campaign goes back to a former release.
        back: bool,
    },
    /// The operator pinned it to a release that it does not run.
    Pinned {
        /// The version that it runs, as far as that is known.
        runs: Option<Version>,
        /// The version that it is pinned to.
        pinned: Version,
    },
    /// It runs the release that the operator pinned it to.
    OnPin {
        /// The version that it is pinned to.
        pinned: Version,
    },
    /// The operator wants it to get a release once, whatever it runs.
    Forced {
        /// The version offered.
        offered: Version,
    },
    /// Whoever runs something older than a version gets that one first.
    MustPassThrough {
        /// The version that it runs, as far as that is known.
        runs: Option<Version>,
        /// The version that it gets first.
        via: Version,
        /// The version that follows.
        then: Version,
    },
    /// A later wave of a campaign holds it.
    LaterWave {
        /// The campaign.
        campaign: CampaignId,
        /// Its wave, counted from 1.
        wave: usize,
        /// The last wave that is open.
        open: usize,
        /// How many waves there are.
        of: usize,
    },
    /// The campaign's window is closed.
    OutsideWindow {
        /// The campaign.
        campaign: CampaignId,
        /// When it opens.
        opens: Time,
        /// When this was decided.
        now: Time,
    },
    /// As much goes out under the campaign as its pace allows.
    PaceReached {
        /// The campaign.
        campaign: CampaignId,
    },
    /// As many devices were offered the release as may be before more is known of them.
    AtRiskReached {
        /// The campaign.
        campaign: CampaignId,
        /// Devices of which nothing is known yet.
        unresolved: u32,
        /// How many of those there may be.
        allowed: u32,
    },
    /// It asked too few times to be missed if the release broke it, so it waits for the last wave.
    RhythmUnknown {
        /// The campaign.
        campaign: CampaignId,
        /// How often it asked.
        polls: u32,
        /// How often it has to have asked.
        needed: u32,
    },
    /// Its wave is the next one, which a person has to approve.
    AwaitsApproval {
        /// The campaign.
        campaign: CampaignId,
        /// Its wave, counted from 1.
        wave: usize,
    },
    /// A person paused the campaign.
    CampaignPaused {
        /// The campaign.
        campaign: CampaignId,
    },
    /// The campaign was stopped: what was seen of others speaks against its release.
    CampaignStopped {
        /// The campaign.
        campaign: CampaignId,
        /// The version that it would bring.
        offered: Version,
    },
    /// The campaign is for devices that prove who they are.
    Unproven {
        /// The campaign.
        campaign: CampaignId,
        /// The product.
        product: ProductName,
    },
    /// The campaign is for devices that prove who they are, and two that know the product's secret use its address.
    Contested {
        /// The campaign.
        campaign: CampaignId,
    },
    /// It does not say which device it is, so it has no place among the waves.
    NoIdentity {
        /// The campaign.
        campaign: CampaignId,
        /// How many waves there are.
        of: usize,
    },
    /// The operator holds it.
    Held {
        /// Since when.
        since: Time,
        /// When this was decided.
        now: Time,
    },
    /// A release that is meant for it was withdrawn or deleted, or has nothing for its chip.
    ReleaseGone {
        /// The release.
        release: ReleaseId,
        /// The campaign that brings it, if one does.
        campaign: Option<CampaignId>,
    },
}

impl Reason {
    /// What the device is answered.
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::OlderRelease { .. }
            | Self::OlderVersion { .. }
            | Self::OtherVersion { .. }
            | Self::FirstTry { .. }
            | Self::ComparesItself { .. }
            | Self::NotWhole { .. }
            | Self::AskedFor { .. }
            | Self::InWave { .. }
            | Self::Pinned { .. }
            | Self::Forced { .. }
            | Self::MustPassThrough { .. } => Verdict::Offer,
            Self::UpToDate { .. }
            | Self::NewerRelease { .. }
            | Self::NotOlder { .. }
            | Self::NoRelease { .. }
            | Self::FilesFirst { .. }
            | Self::AppFirst { .. }
            | Self::TakenOnce { .. }
            | Self::OnPin { .. }
            | Self::LaterWave { .. }
            | Self::OutsideWindow { .. }
            | Self::PaceReached { .. }
            | Self::AtRiskReached { .. }
            | Self::RhythmUnknown { .. } => Verdict::Wait,
            Self::NoProduct { .. }
            | Self::NotRecorded
            | Self::UnknownProduct { .. }
            | Self::PlainHttp { .. }
            | Self::NotProven { .. }
            | Self::ChipUnknown { .. }
            | Self::ChipContradicts { .. }
            | Self::Unsigned { .. }
            | Self::NoSlot
            | Self::TooLarge { .. }
            | Self::Looping { .. }
            | Self::Unauthenticated { .. }
            | Self::ReportedFailure { .. }
            | Self::Reflashed { .. }
            | Self::AwaitsApproval { .. }
            | Self::CampaignPaused { .. }
            | Self::CampaignStopped { .. }
            | Self::Unproven { .. }
            | Self::Contested { .. }
            | Self::NoIdentity { .. }
            | Self::Held { .. }
            | Self::ReleaseGone { .. } => Verdict::Hold,
        }
    }

    /// The rule's word, as in logs and `--json`.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::OlderRelease { .. } => "older-release",
            Self::OlderVersion { .. } => "older-version",
            Self::OtherVersion { .. } => "other-version",
            Self::FirstTry { .. } => "first-try",
            Self::ComparesItself { .. } => "compares-itself",
            Self::NotWhole { .. } => "not-whole",
            Self::AskedFor { .. } => "asked-for",
            Self::FilesFirst { .. } => "files-first",
            Self::AppFirst { .. } => "app-first",
            Self::UpToDate { .. } => "up-to-date",
            Self::NewerRelease { .. } => "newer-release",
            Self::NotOlder { .. } => "not-older",
            Self::NoRelease { .. } => "no-release",
            Self::TakenOnce { .. } => "taken-once",
            Self::NotRecorded => "not-recorded",
            Self::NoProduct { .. } => "no-product",
            Self::UnknownProduct { .. } => "unknown-product",
            Self::PlainHttp { .. } => "plain-http",
            Self::NotProven { .. } => "not-proven",
            Self::ChipUnknown { .. } => "chip-unknown",
            Self::ChipContradicts { .. } => "chip-contradicts",
            Self::Unsigned { .. } => "unsigned",
            Self::NoSlot => "no-slot",
            Self::TooLarge { .. } => "too-large",
            Self::Looping { .. } => "looping",
            Self::Unauthenticated { .. } => "unauthenticated",
            Self::ReportedFailure { .. } => "reported-failure",
            Self::Reflashed { .. } => "reflashed",
            Self::InWave { .. } => "in-wave",
            Self::Pinned { .. } => "pinned",
            Self::OnPin { .. } => "on-pin",
            Self::Forced { .. } => "forced",
            Self::MustPassThrough { .. } => "must-pass-through",
            Self::LaterWave { .. } => "later-wave",
            Self::OutsideWindow { .. } => "outside-window",
            Self::PaceReached { .. } => "pace-reached",
            Self::AtRiskReached { .. } => "at-risk-reached",
            Self::RhythmUnknown { .. } => "rhythm-unknown",
            Self::AwaitsApproval { .. } => "awaits-approval",
            Self::CampaignPaused { .. } => "campaign-paused",
            Self::CampaignStopped { .. } => "campaign-stopped",
            Self::Unproven { .. } => "unproven",
            Self::Contested { .. } => "contested",
            Self::NoIdentity { .. } => "no-identity",
            Self::Held { .. } => "held",
            Self::ReleaseGone { .. } => "release-gone",
        }
    }

    /// Whether this says the same again, with other figures at most.
    pub(crate) fn repeats(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Looping { until: a, .. }, Self::Looping { until: b, .. })
            | (Self::Held { since: a, .. }, Self::Held { since: b, .. }) => a == b,
            (Self::LaterWave { wave: a, .. }, Self::LaterWave { wave: b, .. }) => a == b,
            // Of one campaign: the decision names it.
            (Self::OutsideWindow { .. }, Self::OutsideWindow { .. })
            | (Self::AtRiskReached { .. }, Self::AtRiskReached { .. })
            | (Self::RhythmUnknown { .. }, Self::RhythmUnknown { .. }) => true,
            (a, b) => a == b,
        }
    }
}
