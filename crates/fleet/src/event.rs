//! Events: what happened, one line each, kept for as long as retention says.

use serde::{Deserialize, Serialize};

use crate::{
    CampaignId, Decision, Mac, Outcome, ProductName, Proof, ReleaseId, Report, Sha256, Source, Time,
};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        /// Who: a token's name, or `local` for the owner of the data directory.
        who: String,
        /// What was done, in words.
        action: String,
    },
}
