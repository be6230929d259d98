//! Events: what happened, one line each, kept for as long as retention says.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{
    Campaign, CampaignId, Decision, Mac, Outcome, ProductName, Proof, ReleaseId, Report, Sha256, Source,
    State, Stop, Time,
};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// When.
    pub at: Time,
    /// To which device.
    pub device: Option<Mac>,
    /// In which product.
    pub product: Option<ProductName>,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// How a campaign moved on by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "moved", rename_all = "kebab-case")]
pub enum Moved {
    /// The next wave is open.
    Opened {
        /// Which, counted from 1.
        wave: usize,
        /// How many there are.
        of: usize,
    },
    /// The next wave waits for a person.
    AwaitsApproval {
        /// Which, counted from 1.
        wave: usize,
    },
    /// The evidence is against its release.
    Stopped(Stop),
    /// What was to be seen has been seen.
    Finished,
}

impl Moved {
    /// How a campaign moved from one record to the next, if it did.
    pub fn between(before: &Campaign, after: &Campaign) -> Option<Self> {
        let (wave, of) = (after.wave.saturating_add(1), after.waves.len());
        match &after.state {
            State::Stopped(stop) if !matches!(before.state, State::Stopped(_)) => {
                Some(Self::Stopped(stop.clone()))
            }
            State::Finished { .. } if before.is_under_way() => Some(Self::Finished),
            State::AwaitsApproval if before.state != State::AwaitsApproval => {
                Some(Self::AwaitsApproval { wave: wave.saturating_add(1) })
            }
            _ if after.wave > before.wave => Some(Self::Opened { wave, of }),
            _ => None,
        }
    }
}

impl fmt::Display for Moved {
    /// What it did, as it follows the campaign's name: `opened wave 2 of 4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened { wave, of } => write!(f, "opened wave {wave} of {of}"),
            Self::AwaitsApproval { wave } => write!(f, "waits for a person to approve wave {wave}"),
            Self::Stopped(Stop { offered, installed, failed, silent, .. }) => write!(
                f,
                "stopped: of {offered} devices that were offered it {installed} run it, {failed} failed, {silent} are silent"
            ),
            Self::Finished => f.write_str("finished"),
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// A device was offered something, or is answered otherwise than before.
    Decided {
        /// The decision.
        decision: Box<Decision>,
    },
    /// A transfer ended.
    Delivered {
        /// The artifact.
        artifact: Sha256,
        /// Bytes handed over.
        bytes: u64,
        /// Bytes that there are.
        size: u64,
    },
    /// A poll showed that an update took: inferred, not reported.
    Installed {
        /// The release.
        release: ReleaseId,
    },
    /// What became of a device under a campaign, if that was not known before.
    Outcome {
        /// The campaign.
        campaign: CampaignId,
        /// Its release.
        release: ReleaseId,
        /// What became of it.
        outcome: Outcome,
        /// How that is known.
        source: Source,
    },
    /// A campaign moved on by itself.
    Campaign {
        /// Which.
        campaign: CampaignId,
        /// Its release.
        release: ReleaseId,
        /// Where to.
        #[serde(flatten)]
        moved: Moved,
    },
    /// A device said what became of an attempt.
    Reported {
        /// What it said.
        report: Report,
        /// What came with it of who said it.
        proof: Proof,
    },
    /// Two builds or networks take turns under one address.
    Contested,
    /// The operator did something.
    Operator {
        /// Who: a person's name, `token` and its name, `mirror`, or `local` for the owner of the data directory.
        who: String,
        /// From which address; none on this machine without a network, and in records of before it was noted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<IpAddr>,
        /// What was done, in words.
        action: String,
    },
}

impl fmt::Display for EventKind {
    /// What happened, on one line. Texts of devices' and operators' stand in it as they were said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decided { decision } => write!(f, "{}: {}", decision.verdict().name(), decision.reason),
            Self::Delivered { artifact, bytes, size } if bytes >= size => {
                write!(f, "took all {size} bytes of {:.12}", artifact.to_string())
            }
            Self::Delivered { artifact, bytes, size } => {
                write!(f, "cut off after {bytes} of {size} bytes of {:.12}", artifact.to_string())
            }
            Self::Installed { release } => write!(f, "runs {release} (inferred)"),
            Self::Outcome { campaign, release, outcome, source } => {
                let (outcome, source) = (outcome.words(), source.name());
                write!(f, "{outcome} in campaign {campaign} ({release}), {source}")
            }
            Self::Reported { report, proof } => write!(f, "reported with {}: {report}", proof.words()),
            Self::Campaign { campaign, release, moved } => {
                write!(f, "campaign {campaign} ({release}) {moved}")
            }
            Self::Contested => f.write_str("two builds or networks take turns under its address"),
            Self::Operator { who, action, .. } => write!(f, "{who}: {action}"),
        }
    }
}
