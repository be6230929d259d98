//! The sentence of each reason.

use std::fmt;

use crate::span::{Span, Wait};
use crate::{Reason, Version};

impl fmt::Display for Reason {
    /// One sentence for people, without a full stop.
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
                    "the image has {size} bytes, and there is room for {space}: {} too many",
                    size.saturating_sub(*space)
                )
            }
            Self::Looping { taken, until, now } => write!(
                f,
                "took the image {taken} times and still runs the old build, held for another {}",
                Wait::until(*until, *now)
            ),
            Self::Reflashed { installed, build } => write!(
                f,
                "reflashed by hand: otary installed {installed:.12}, now it runs an unknown build ({build})"
            ),
            of_its_files => of_its_files.about_files(f),
        }
    }
}

impl Reason {
    /// The sentences about clients that say little, and about releases of several files.
    fn about_files(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthenticated { product } => {
                write!(f, "shows no token that is its own or {product}'s, as this protocol demands")
            }
            Self::ReportedFailure { offered, said: None } => write!(f, "reported that {offered} failed"),
            Self::ReportedFailure { offered, said: Some(said) } => {
                write!(f, "reported that {offered} failed: {said}")
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
            Self::FilesFirst { version } => write!(
                f,
                "was offered the file system of {version}, which goes first, and has not taken it yet"
            ),
            Self::AppFirst { version } => {
                write!(f, "gets the file system of {version} once its program runs, which goes first")
            }
            of_a_campaign => of_a_campaign.under_campaign(f),
        }
    }

    /// The sentences about campaigns, and about what an operator wants of one device.
    fn under_campaign(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InWave { campaign, wave, of, runs, offered, back } => {
                let way = if *back { "takes it back to" } else { "brings" };
                write!(f, "{}, campaign {campaign} {way} {offered} (wave {wave} of {of})", Runs(runs))
            }
            Self::Pinned { runs, pinned } => write!(f, "{}, pinned to {pinned}", Runs(runs)),
            Self::OnPin { pinned } => write!(f, "runs {pinned}, to which it is pinned"),
            Self::Forced { offered } => write!(f, "gets {offered} once, as the operator said"),
            Self::MustPassThrough { runs, via, then } => {
                write!(f, "{}, and nothing older than {via} goes to {then} at once", Runs(runs))
            }
            Self::LaterWave { campaign, wave, open, of } => {
                write!(f, "is in wave {wave} of campaign {campaign}, which is at wave {open} of {of}")
            }
            Self::OutsideWindow { campaign, opens, now } => {
                let wait = Wait::until(*opens, *now);
                write!(f, "the window of campaign {campaign} is closed for another {wait}")
            }
            Self::PaceReached { campaign } => {
                write!(f, "its turn in campaign {campaign} has come, and as much goes out as its pace allows")
            }
            Self::AtRiskReached { campaign, allowed: 0, .. } => {
                write!(f, "campaign {campaign} is about to begin")
            }
            Self::AtRiskReached { campaign, unresolved, allowed } => write!(
                f,
                "campaign {campaign} waits to hear of {unresolved} devices that have the release, and \
                 {allowed} may be unheard of at a time"
            ),
            Self::RhythmUnknown { campaign, polls, needed } => write!(
                f,
                "asked {polls} times, and campaign {campaign} would notice its silence only after {needed}: it \
                 waits for the last wave"
            ),
            stays => stays.kept_from_it(f),
        }
    }

    /// The sentences about what is held until somebody does something.
    fn kept_from_it(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AwaitsApproval { campaign, wave } => {
                write!(f, "wave {wave} of campaign {campaign} waits for a person's approval")
            }
            Self::CampaignPaused { campaign } => write!(f, "campaign {campaign} is paused"),
            Self::CampaignStopped { campaign, offered } => {
                write!(f, "campaign {campaign} was stopped: {offered} did badly on other devices")
            }
            Self::Unproven { campaign, .. } => {
                write!(
                    f,
                    "campaign {campaign} is for devices that prove who they are, and this proves nothing"
                )
            }
            Self::Contested { campaign } => write!(
                f,
                "campaign {campaign} is for devices that prove who they are, and two that know the product's \
                 secret take turns under this address"
            ),
            Self::NoIdentity { campaign, of } => write!(
                f,
                "does not say which device it is, and campaign {campaign} goes by device, in {of} waves"
            ),
            Self::Held { since, now } => {
                write!(f, "held by the operator for {}", Span(now.since(*since)))
            }
            Self::ReleaseGone { release, .. } => {
                write!(f, "{release} is meant for it, and is withdrawn, deleted, or has nothing for its chip")
            }
            _ => Ok(()),
        }
    }
}

/// What runs, at the beginning of a sentence.
struct Runs<'a>(&'a Option<Version>);

impl fmt::Display for Runs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(version) => write!(f, "runs {version}"),
            None => f.write_str("runs an unknown build"),
        }
    }
}
