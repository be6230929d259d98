//! Decisions: offer, wait or hold, always with a reason.

use otary_image::Chip;
use serde::{Deserialize, Serialize};

use crate::{CampaignId, ProductName, Reason, ReleaseId, Sha256};

/// What a device is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Offer, Self::Wait, Self::Hold];

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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decision {
    /// Why; the verdict follows from it.
    pub reason: Reason,
    /// The product that the device was taken for.
    pub product: Option<ProductName>,
    /// The chip that it was taken for.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::ChipSchema>"))]
    pub chip: Option<Chip>,
    /// The release that is meant for it.
    pub release: Option<ReleaseId>,
    /// The artifact of that release.
    pub artifact: Option<Sha256>,
    /// The campaign that brings it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
}

impl Decision {
    /// A decision of which nothing but the reason is known.
    pub(crate) const fn of(reason: Reason) -> Self {
        Self { reason, product: None, chip: None, release: None, artifact: None, campaign: None }
    }

    /// What the device is answered.
    pub const fn verdict(&self) -> Verdict {
        self.reason.verdict()
    }

    /// Whether this decision only repeats `earlier`: a hold that has become shorter is still the same hold, and a wave is
    /// waited for as before when another one has opened.
    pub fn repeats(&self, earlier: &Self) -> bool {
        self.reason.repeats(&earlier.reason)
            && self.artifact == earlier.artifact
            && self.product == earlier.product
            && self.chip == earlier.chip
            && self.campaign == earlier.campaign
    }

    /// The artifact to send, if one is offered.
    pub fn offered(&self) -> Option<Sha256> {
        self.artifact.filter(|_| self.verdict() == Verdict::Offer)
    }
}
