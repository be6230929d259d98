//! Decisions: offer, wait or hold, always with a reason.

use std::fmt;
use std::time::Duration;

use otary_image::Chip;
use serde::{Deserialize, Serialize};

use crate::{Build, Device, Dialect, ProductName, Proof, ReleaseId, Sha256, Time, Variant};

/// What a device is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Here is an image.
    Offer,
    /// Nothing to do: it runs what it should, or nothing is meant for it.
    Wait,
    /// Something is meant for it, or might be, and otary does not send it.
    Hold,
}

impl Verdict {
    /// The verdict's word, as in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Wait => "wait",
            Self::Hold => "hold",
        }
    }
}

/// A verdict, why, and what the device is meant to run as far as that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Why; the verdict follows from it.
    pub reason: Reason,
    /// The product that the device was taken for.
    pub product: Option<ProductName>,
    /// The chip that it was taken for.
    pub chip: Option<Chip>,
    /// The release that is meant for it.
    pub release: Option<ReleaseId>,
    /// The artifact of that release.
    pub artifact: Option<Sha256>,
}

impl Decision {
    /// What the device is answered.
    pub const fn verdict(&self) -> Verdict {
        self.reason.verdict()
    }

    /// Whether this decision only repeats `earlier`: a hold that has become shorter is still the same hold.
    pub fn repeats(&self, earlier: &Self) -> bool {
        let same_hold = match (&self.reason, &earlier.reason) {
            (Reason::Looping { until: a, .. }, Reason::Looping { until: b, .. }) => a == b,
            (a, b) => a == b,
        };
        same_hold
            && self.artifact == earlier.artifact
            && self.product == earlier.product
            && self.chip == earlier.chip
    }

    /// The artifact to send, if one is offered.
    pub fn offered(&self) -> Option<Sha256> {
        self.artifact.filter(|_| self.verdict() == Verdict::Offer)
    }
}

/// Why a decision is as it is. Each variant is one rule, with the figures that it rested on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum Reason {
    /// It runs an older release.
    OlderRelease {
        /// The version that it runs.
        runs: String,
        /// The version offered.
        offered: String,
    },
    /// Its build is unknown and the version that it reports is older.
    OlderVersion {
        /// The version that it reports.
        reports: String,
        /// The version offered.
        offered: String,
    },
    /// Its build is unknown, and the version that it reports is another one that nothing orders.
    OtherVersion {
        /// The version that it reports.
        reports: String,
        /// The version offered.
        offered: String,
    },
    /// Its build is unknown and it reports no version: it gets the release once.
    FirstTry {
        /// The version offered.
        offered: String,
    },
    /// It does not say what it runs: its client, or its own program, compares what it has with what it is offered.
    ComparesItself {
        /// The version offered.
        offered: String,
    },
    /// It runs an image that only makes room, or stands by: it gets the whole one.
    NotWhole {
        /// What it runs.
        variant: Variant,
        /// The version offered.
        offered: String,
    },
    /// A person had it ask for an image that no device runs to stay.
    AskedFor {
        /// The version offered.
        offered: String,
    },
    /// The release has a file system that goes first, and this build was offered it and did not take it yet.
    FilesFirst {
        /// The version.
        version: String,
    },
    /// The release's program goes first, and does not run yet.
    AppFirst {
        /// The version.
        version: String,
    },
    /// It runs the release's bytes.
    UpToDate {
        /// The version that it runs.
        version: String,
    },
    /// It runs a newer release.
    NewerRelease {
        /// The version that it runs.
        runs: String,
        /// The newest version that is published for it.
        published: String,
    },
    /// Its build is unknown, and the version that it reports is the same or newer.
    NotOlder {
        /// The version that it reports.
        reports: String,
        /// The newest version that is published for it.
        published: String,
    },
    /// The product has no release for this channel, chip and kind.
    NoRelease {
        /// The product.
        product: ProductName,
        /// The chip, if known.
        chip: Option<Chip>,
    },
    /// It took the release once, completely, and says nothing that would show whether it runs.
    TakenOnce {
        /// The version taken.
        version: String,
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
        offered: String,
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
            | Self::AskedFor { .. } => Verdict::Offer,
            Self::UpToDate { .. }
            | Self::NewerRelease { .. }
            | Self::NotOlder { .. }
            | Self::NoRelease { .. }
            | Self::FilesFirst { .. }
            | Self::AppFirst { .. }
            | Self::TakenOnce { .. } => Verdict::Wait,
            Self::NoProduct { .. }
            | Self::NotRecorded
            | Self::UnknownProduct { .. }
            | Self::PlainHttp { .. }
            | Self::NotProven { .. }
            | Self::Unauthenticated { .. }
            | Self::ChipUnknown { .. }
            | Self::ChipContradicts { .. }
            | Self::Unsigned { .. }
            | Self::NoSlot
            | Self::TooLarge { .. }
            | Self::Looping { .. }
            | Self::ReportedFailure { .. }
            | Self::Reflashed { .. } => Verdict::Hold,
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
            Self::Unauthenticated { .. } => "unauthenticated",
            Self::ChipUnknown { .. } => "chip-unknown",
            Self::ChipContradicts { .. } => "chip-contradicts",
            Self::Unsigned { .. } => "unsigned",
            Self::NoSlot => "no-slot",
            Self::TooLarge { .. } => "too-large",
            Self::Looping { .. } => "looping",
            Self::ReportedFailure { .. } => "reported-failure",
            Self::Reflashed { .. } => "reflashed",
        }
    }

    /// What the operator may do about it, as a command where there is one. `device` is the device's address.
    pub fn advice(&self, device: &str) -> Option<String> {
        Some(match self {
            Self::NoProduct { .. } => format!("otary device assign {device} PRODUCT"),
            Self::UnknownProduct { product } => format!("otary product add {product}"),
            Self::PlainHttp { product: Some(product) } => {
                format!("use the https URL, or otary product set {product} --allow-plain-http")
            }
            Self::PlainHttp { product: None } => "use the https URL".into(),
            Self::NotProven { product, shown, needed } if shown >= needed => {
                format!("otary device assign {device} {product}")
            }
            Self::NotProven { product, needed: Proof::ProductSecret, .. } => {
                format!("otary sketch --product {product} --secret-file FILE")
            }
            Self::NotProven { .. } | Self::Unauthenticated { .. } => {
                format!("otary device enroll {device} --token")
            }
            Self::ChipUnknown { product } => {
                format!(
                    "add ?chip= to the sketch's URL, or otary device assign {device} {product} --chip CHIP"
                )
            }
            Self::Unsigned { .. } => "publish a signed release: otary push --sign KEYFILE".into(),
            Self::Looping { .. } | Self::TakenOnce { .. } | Self::ReportedFailure { .. } => {
                format!("otary device release {device}")
            }
            Self::Reflashed { .. } => format!("otary device resume {device}"),
            _ => return None,
        })
    }
}

impl Reason {
    /// The same, by what is on record of the device: one that is enrolled needs no second credential.
    pub fn advice_of(&self, device: &Device) -> Option<String> {
        match self {
            Self::NotProven { shown, needed, .. } if shown < needed && !device.credentials.is_empty() => {
                let own = "it is enrolled, and this poll showed no credential of its own";
                Some(format!("{own}: put that into its sketch, unless somebody else asked under its address"))
            }
            _ => self.advice(&device.mac.to_string()),
        }
    }
}

impl fmt::Display for Reason {
    /// One sentence for people, without a full stop.
    #[expect(clippy::too_many_lines, reason = "one sentence for each reason")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OlderRelease { runs, offered } => write!(f, "runs {runs}, {offered} is published"),
            Self::OlderVersion { reports, offered } => {
                write!(f, "runs an unknown build that calls itself {reports}, {offered} is published")
            }
            Self::OtherVersion { reports, offered } => write!(
                f,
                "runs an unknown build that calls itself {reports}, which differs from the published {offered}"
            ),
            Self::FirstTry { offered } => {
                write!(f, "says no version and runs an unknown build: gets {offered} once")
            }
            Self::ComparesItself { offered } => {
                write!(f, "does not say what it runs: gets told of {offered}, and compares by itself")
            }
            Self::NotWhole { variant, offered } => {
                write!(f, "runs a {} image, gets the whole one of {offered}", variant.name())
            }
            Self::AskedFor { offered } => {
                write!(f, "asks for an image that stands by: gets that of {offered}")
            }
            Self::FilesFirst { version } => {
                write!(
                    f,
                    "was offered the file system of {version}, which goes first, and has not taken it yet"
                )
            }
            Self::AppFirst { version } => {
                write!(f, "gets the file system of {version} once its program runs, which goes first")
            }
            Self::UpToDate { version } => write!(f, "runs {version}, which is what is published"),
            Self::NewerRelease { runs, published } => {
                write!(f, "runs {runs}, which is newer than the published {published}")
            }
            Self::NotOlder { reports, published } => {
                write!(
                    f,
                    "runs an unknown build that calls itself {reports}, not older than the published {published}"
                )
            }
            Self::NoRelease { product, chip: Some(chip) } => write!(f, "{product} has no release for {chip}"),
            Self::NoRelease { product, chip: None } => write!(f, "{product} has no release"),
            Self::TakenOnce { version } => {
                write!(
                    f,
                    "took {version} once already and reports neither version nor a build that could show it"
                )
            }
            Self::NotRecorded => f.write_str(
                "reports neither version nor digest and is not on record, too many new devices at once",
            ),
            Self::NoProduct { build } => write!(f, "unknown build ({build}), no product"),
            Self::UnknownProduct { product } => {
                write!(f, "asks for the product {product}, which does not exist")
            }
            Self::PlainHttp { product: Some(product) } => {
                write!(f, "asked over plain HTTP, which {product} does not allow")
            }
            Self::PlainHttp { product: None } => {
                f.write_str("asked over plain HTTP without a product that allows it")
            }
            Self::NotProven { product, shown, needed } if shown >= needed => {
                write!(f, "shows {}, but is not assigned to {product}, which is private", shown.words())
            }
            Self::NotProven { product, shown, needed } => {
                write!(f, "{product} is private and wants {}, this shows {}", needed.words(), shown.words())
            }
            Self::Unauthenticated { product } => {
                write!(f, "shows no token that is its own or {product}'s, as this protocol demands")
            }
            Self::ChipUnknown { product } => write!(f, "chip unknown, and {product} has several"),
            Self::ChipContradicts { chip, dialect } => {
                write!(f, "should be an {chip}, but speaks as {} does", dialect.name())
            }
            Self::Unsigned { release } => {
                write!(
                    f,
                    "installs only what is signed, and {release} has no manifest of its image that counts today"
                )
            }
            Self::NoSlot => f.write_str("has no slot that an update could be written to"),
            Self::TooLarge { size, space } => {
                write!(
                    f,
                    "the image has {size} bytes, its slot {space}: {} too many",
                    size.saturating_sub(*space)
                )
            }
            Self::Looping { taken, until, now } => write!(
                f,
                "took the image {taken} times and still runs the old build, held for another {}",
                minutes(until.since(*now))
            ),
            Self::ReportedFailure { offered, said: None } => write!(f, "reported that {offered} failed"),
            Self::ReportedFailure { offered, said: Some(said) } => {
                write!(f, "reported that {offered} failed: {said}")
            }
            Self::Reflashed { installed, build } => write!(
                f,
                "reflashed by hand: otary installed {installed:.12}, now it runs an unknown build ({build})"
            ),
        }
    }
}

fn minutes(duration: Duration) -> String {
    match duration.as_secs().div_ceil(60) {
        minutes @ 0..=90 => format!("{minutes} min"),
        minutes => format!("{} h", minutes.div_ceil(60)),
    }
}
