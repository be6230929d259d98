//! What the operator may do about a reason.

use serde::{Deserialize, Serialize};

use crate::{CampaignId, Device, ProductName, Proof, Reason, ReleaseId};

/// What an advice is about: what a person opens to follow it elsewhere than on the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// The device itself.
    Device,
    /// A campaign.
    Campaign(CampaignId),
    /// A release.
    Release(ReleaseId),
    /// The sketch of a product, or of whichever.
    Sketch(Option<ProductName>),
}

/// An advice, and what it is about.
pub(crate) struct Advised {
    pub way: String,
    pub about: Option<Topic>,
}

impl Reason {
    /// What the operator may do about it, as a command where there is one. `device` is the device's address.
    pub fn advice(&self, device: &str) -> Option<String> {
        self.advised(device).map(|advised| advised.way)
    }

    pub(crate) fn advised(&self, device: &str) -> Option<Advised> {
        let (way, about) = match self {
            Self::NoProduct { .. } => (format!("otary device assign {device} PRODUCT"), Some(Topic::Device)),
            Self::UnknownProduct { product } => (format!("otary product add {product}"), None),
            Self::PlainHttp { product: Some(product) } => {
                (format!("use the https URL, or otary product set {product} --allow-plain-http"), None)
            }
            Self::PlainHttp { product: None } => ("use the https URL".into(), None),
            Self::NotProven { product, shown, needed } if shown >= needed => {
                (format!("otary device assign {device} {product}"), Some(Topic::Device))
            }
            Self::NotProven { product, needed: Proof::ProductSecret, .. } => {
                let way = format!("otary sketch --product {product} --secret-file FILE");
                (way, Some(Topic::Sketch(Some(product.clone()))))
            }
            Self::NotProven { .. } | Self::Unauthenticated { .. } | Self::Contested { .. } => {
                (format!("otary device enroll {device} --token"), None)
            }
            Self::ChipUnknown { product } => {
                let assign = format!("otary device assign {device} {product} --chip CHIP");
                (format!("add ?chip= to the sketch's URL, or {assign}"), None)
            }
            Self::Unsigned { .. } => ("publish a signed release: otary push --sign KEYFILE".into(), None),
            Self::Looping { .. } | Self::TakenOnce { .. } | Self::ReportedFailure { .. } => {
                (format!("otary device release {device}"), Some(Topic::Device))
            }
            Self::Reflashed { .. } => (format!("otary device resume {device}"), Some(Topic::Device)),
            Self::CampaignPaused { campaign } => {
                (format!("otary campaign resume {campaign}"), Some(Topic::Campaign(*campaign)))
            }
            Self::CampaignStopped { campaign, .. } => {
                let way = format!(
                    "otary campaign show {campaign}, then abort it, or resume if the release is good"
                );
                (way, Some(Topic::Campaign(*campaign)))
            }
            Self::AwaitsApproval { campaign, .. } => {
                (format!("otary campaign approve {campaign}"), Some(Topic::Campaign(*campaign)))
            }
            Self::Unproven { product, .. } => {
                let way = format!(
                    "otary sketch --product {product} --secret-file FILE, or otary device enroll {device} --token"
                );
                (way, Some(Topic::Sketch(Some(product.clone()))))
            }
            Self::NoIdentity { .. } => {
                let way =
                    "give the device a URL of its own (otary device link MAC), or publish with --at-once";
                (way.into(), None)
            }
            Self::Held { .. } => (format!("otary device unhold {device}"), Some(Topic::Device)),
            Self::OnPin { .. } => (format!("otary device unpin {device}"), Some(Topic::Device)),
            Self::ReleaseGone { campaign: Some(campaign), .. } => {
                (format!("otary campaign abort {campaign}"), Some(Topic::Campaign(*campaign)))
            }
            Self::ReleaseGone { release, campaign: None } => {
                let way = format!("otary release restore {release}, or otary device unpin {device}");
                (way, Some(Topic::Release(release.clone())))
            }
            _ => return None,
        };
        Some(Advised { way, about })
    }

    /// The same, by what is on record of the device: one that is enrolled needs no second credential.
    pub fn advice_of(&self, device: &Device) -> Option<String> {
        self.advised_of(device).map(|advised| advised.way)
    }

    pub(crate) fn advised_of(&self, device: &Device) -> Option<Advised> {
        match self {
            Self::NotProven { shown, needed, .. } if shown < needed && !device.credentials.is_empty() => {
                let own = "it is enrolled, and this poll showed no credential of its own";
                let way =
                    format!("{own}: put that into its sketch, unless somebody else asked under its address");
                Some(Advised { way, about: None })
            }
            Self::ReleaseGone { release, campaign: None }
                if device.forced.as_ref().is_some_and(|forced| forced.release == *release) =>
            {
                let way = format!("otary release restore {release}, or otary device unforce {}", device.mac);
                Some(Advised { way, about: Some(Topic::Release(release.clone())) })
            }
            _ => self.advised(&device.mac.to_string()),
        }
    }
}
