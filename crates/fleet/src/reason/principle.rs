//! The rule behind each reason, in general: what holds of every device, without the figures of this one.

use super::Reason;

impl Reason {
    /// What the rule says of every device, one sentence without a full stop.
    pub const fn principle(&self) -> &'static str {
        match self {
            Self::OlderRelease { .. } => "who runs an older release is offered the newest of its channel",
            Self::OlderVersion { .. } => {
                "a build that is none of otary's is judged by the version that it calls itself: an older one is replaced"
            }
            Self::OtherVersion { .. } => {
                "a build that is none of otary's, whose version nothing orders, is replaced by what is published"
            }
            Self::FirstTry { .. } => "who says neither a version nor a known digest gets a release once",
            Self::ComparesItself { .. } => "a client that compares by itself is told what there is",
            Self::NotWhole { .. } => {
                "an image that only makes room, or stands by, is followed by the whole one"
            }
            Self::AskedFor { .. } => "an image that stands by is given to who asks for it",
            Self::FilesFirst { .. } => "the file system of a release goes before its program",
            Self::AppFirst { .. } => "the program of this release goes before its file system",
            Self::UpToDate { .. } => {
                "who runs the bytes that are meant for it is sent nothing, whatever version it says"
            }
            Self::NewerRelease { .. } | Self::NotOlder { .. } => {
                "nobody goes back to something older by itself"
            }
            Self::NoRelease { .. } => "only an image for the device's own chip and kind is sent",
            Self::TakenOnce { .. } => {
                "who shows nothing by which it could be told whether an update took is not sent it twice"
            }
            Self::NotRecorded => "what is to be given once is given to nobody whose record is not kept",
            Self::NoProduct { .. } | Self::UnknownProduct { .. } => {
                "a device gets the releases of its product: by its URL, by what it runs, or as the operator said"
            }
            Self::PlainHttp { .. } => {
                "over plain HTTP only what is marked for it is sent: everybody on the way reads it"
            }
            Self::NotProven { .. } => {
                "the images of a private product are for who shows that it may have them"
            }
            Self::Unauthenticated { .. } => "this protocol's devices show a token",
            Self::ChipUnknown { .. } => "no image is sent to a chip that has to be guessed",
            Self::ChipContradicts { .. } => "no image is sent to a chip that its client cannot run on",
            Self::Unsigned { .. } => "an agent installs only what its owner signed",
            Self::NoSlot | Self::TooLarge { .. } => "an image that does not fit is never sent",
            Self::Looping { .. } => {
                "who takes an image again and again without effect is held: an hour at first, a day at most"
            }
            Self::ReportedFailure { .. } => {
                "what a device reported that it could not install is not sent again"
            }
            Self::Reflashed { .. } => "what a person flashed by hand is for a person to replace",
            Self::InWave { .. } => "a campaign offers its release to the waves that are open",
            Self::Pinned { .. } | Self::OnPin { .. } => "a pin goes before every campaign and channel",
            Self::Forced { .. } => "what the operator wants a device to get goes before everything, once",
            Self::MustPassThrough { .. } => {
                "a version that must be passed through goes before those that ask for it"
            }
            Self::LaterWave { .. } => "a device waits until the wave that it belongs to is open",
            Self::OutsideWindow { .. } => "nothing is begun outside a campaign's window",
            Self::PaceReached { .. } => "no more is begun than a campaign's pace allows",
            Self::AtRiskReached { .. } => {
                "only a few devices at a time may have a release without having been heard again"
            }
            Self::RhythmUnknown { .. } => {
                "who asked too seldom to be missed goes last, when others have shown what a release does"
            }
            Self::AwaitsApproval { .. } => "a wave that a person has to approve does not open by itself",
            Self::CampaignPaused { .. } => "nothing is begun under a campaign that a person paused",
            Self::CampaignStopped { .. } => {
                "nothing is begun under a campaign that was stopped on what was seen"
            }
            Self::Unproven { .. } => {
                "under a gate on proof only who proves who it is counts, and is offered anything"
            }
            Self::Contested { .. } => "under a gate on proof an address of two is nobody's",
            Self::NoIdentity { .. } => "who says no address has no place among the waves",
            Self::Held { .. } => "a device that the operator holds is sent nothing",
            Self::ReleaseGone { .. } => {
                "what is withdrawn or deleted is sent to nobody, and nothing else in its place"
            }
        }
    }

    /// The reason as a clause with its own subject: `it runs 0.3, ...`, `campaign 1 is paused`.
    pub fn clause(&self) -> String {
        match self {
            Self::NoProduct { build } => {
                format!("nothing says which product it is: its build ({build}) is unknown")
            }
            Self::ChipUnknown { product } => format!("its chip is unknown, and {product} has several"),
            Self::NoRelease { .. }
            | Self::TooLarge { .. }
            | Self::OutsideWindow { .. }
            | Self::PaceReached { .. }
            | Self::AtRiskReached { .. }
            | Self::AwaitsApproval { .. }
            | Self::CampaignPaused { .. }
            | Self::CampaignStopped { .. }
            | Self::Unproven { .. }
            | Self::Contested { .. }
            | Self::ReleaseGone { .. } => self.to_string(),
            Self::NotProven { product, shown, needed } if shown < needed => {
                format!("{product} is private and wants {}, and it shows {}", needed.words(), shown.words())
            }
            Self::Reflashed { .. } => format!("it was {self}"),
            Self::Held { .. } => format!("it is {self}"),
            _ => format!("it {self}"),
        }
    }
}
