//! What the operator may do about a reason.

use crate::{Device, Proof, Reason};

impl Reason {
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
            Self::NotProven { .. } | Self::Unauthenticated { .. } | Self::Contested { .. } => {
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
            Self::CampaignPaused { campaign } => format!("otary campaign resume {campaign}"),
            Self::CampaignStopped { campaign, .. } => {
                format!("otary campaign show {campaign}, then abort it, or resume if the release is good")
            }
            Self::AwaitsApproval { campaign, .. } => format!("otary campaign approve {campaign}"),
            Self::Unproven { product, .. } => {
                format!(
                    "otary sketch --product {product} --secret-file FILE, or otary device enroll {device} --token"
                )
            }
            Self::NoIdentity { .. } => {
                "give the device a URL of its own (otary device link MAC), or publish with --at-once".into()
            }
            Self::Held { .. } => format!("otary device unhold {device}"),
            Self::OnPin { .. } => format!("otary device unpin {device}"),
            Self::ReleaseGone { campaign: Some(campaign), .. } => format!("otary campaign abort {campaign}"),
            Self::ReleaseGone { release, campaign: None } => {
                format!("otary release restore {release}, or otary device unpin {device}")
            }
            _ => return None,
        })
    }

    /// The same, by what is on record of the device: one that is enrolled needs no second credential.
    pub fn advice_of(&self, device: &Device) -> Option<String> {
        match self {
            Self::NotProven { shown, needed, .. } if shown < needed && !device.credentials.is_empty() => {
                let own = "it is enrolled, and this poll showed no credential of its own";
                Some(format!("{own}: put that into its sketch, unless somebody else asked under its address"))
            }
            Self::ReleaseGone { release, campaign: None }
                if device.forced.as_ref().is_some_and(|forced| forced.release == *release) =>
            {
                Some(format!("otary release restore {release}, or otary device unforce {}", device.mac))
            }
            _ => self.advice(&device.mac.to_string()),
        }
    }
}
