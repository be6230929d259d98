//! What a notice is about, as data and in words.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Missing;
use crate::{Act, CampaignId, ProductName, ReleaseId, Stop, Time};

/// Something worth telling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Notice {
    /// When it was found.
    pub at: Time,
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
}

/// What a notice is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "data")]
pub enum Subject {
    /// The evidence is against a campaign's release.
    #[serde(rename = "campaign.stopped")]
    CampaignStopped {
        /// Which.
        campaign: CampaignId,
        /// Its product.
        product: ProductName,
        /// Its release.
        release: ReleaseId,
        /// On what.
        #[serde(flatten)]
        stop: Stop,
    },
    /// A campaign has shown what was to be seen.
    #[serde(rename = "campaign.finished")]
    CampaignFinished {
        /// Which.
        campaign: CampaignId,
        /// Its product.
        product: ProductName,
        /// Its release.
        release: ReleaseId,
    },
    /// Devices have not asked for longer than their own rhythm lets expect. Places are sites.
    #[serde(rename = "devices.silent")]
    DevicesSilent(Missing),
    /// Devices take the same image again and again. Places are products.
    #[serde(rename = "devices.looping")]
    DevicesLooping(Missing),
    /// A person has to do something for the trust between server and devices to go on.
    #[serde(rename = "trust.due")]
    TrustDue {
        /// What.
        act: Act,
        /// By when at the latest.
        by: Time,
        /// The command that does it.
        command: String,
    },
    /// A certificate that devices are shown ends, and was not renewed.
    #[serde(rename = "certificate.ends")]
    CertificateEnds {
        /// The last moment of its life.
        not_after: Time,
    },
    /// There is little room on the disk of the data directory.
    #[serde(rename = "disk.nearly-full")]
    DiskNearlyFull {
        /// Bytes that can still be written.
        free: u64,
        /// Bytes of the disk.
        size: u64,
    },
    /// Once a day: nothing but the audit log's head, which goes with every notice.
    #[serde(rename = "audit.head")]
    AuditHead {},
    /// Somebody tried whether notices arrive.
    #[serde(rename = "test")]
    Test {},
}

impl Subject {
    /// The names of all kinds.
    pub const NAMES: [&str; 9] = [
        "campaign.stopped",
        "campaign.finished",
        "devices.silent",
        "devices.looping",
        "trust.due",
        "certificate.ends",
        "disk.nearly-full",
        "audit.head",
        "test",
    ];

    /// The name of its kind, as in the data.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CampaignStopped { .. } => "campaign.stopped",
            Self::CampaignFinished { .. } => "campaign.finished",
            Self::DevicesSilent(_) => "devices.silent",
            Self::DevicesLooping(_) => "devices.looping",
            Self::TrustDue { .. } => "trust.due",
            Self::CertificateEnds { .. } => "certificate.ends",
            Self::DiskNearlyFull { .. } => "disk.nearly-full",
            Self::AuditHead {} => "audit.head",
            Self::Test {} => "test",
        }
    }

    /// Whether a person is to read it. The rest is for machines that keep it.
    pub const fn is_for_people(&self) -> bool {
        !matches!(self, Self::AuditHead {})
    }

    /// What to do about it, if there is something.
    pub fn advice(&self) -> Option<String> {
        Some(match self {
            Self::CampaignStopped { campaign, .. } | Self::CampaignFinished { campaign, .. } => {
                format!("otary campaign show {campaign}")
            }
            Self::DevicesSilent(missing) | Self::DevicesLooping(missing) => {
                let device = missing.places.first().and_then(|place| place.devices.first())?;
                format!("otary explain {device}")
            }
            Self::TrustDue { command, .. } => command.clone(),
            Self::CertificateEnds { .. } => "otary trust show".to_owned(),
            Self::DiskNearlyFull { .. } => "otary gc".to_owned(),
            Self::AuditHead {} | Self::Test {} => return None,
        })
    }
}

impl fmt::Display for Subject {
    /// One sentence, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CampaignStopped { campaign, release, stop, .. } => write!(
                f,
                "campaign {campaign} stopped: of {} devices that were offered {release} {} run it, {} failed, {} are silent",
                stop.offered, stop.installed, stop.failed, stop.silent
            ),
            Self::CampaignFinished { campaign, release, .. } => {
                write!(f, "campaign {campaign} finished: {release} is with all of its devices that ask")
            }
            Self::DevicesSilent(missing) => write!(f, "{missing} not been heard of"),
            Self::DevicesLooping(missing) => write!(f, "{missing} taken the same image again and again"),
            Self::TrustDue { act, .. } => write!(f, "the trust of the devices waits for you: {act}"),
            Self::CertificateEnds { .. } => {
                f.write_str("a certificate of the server ends soon and was not renewed")
            }
            Self::DiskNearlyFull { free, size } => {
                let (free, size) = (free / (1 << 20), size / (1 << 20));
                write!(f, "the disk is nearly full: {free} MiB of {size} MiB are left")
            }
            Self::AuditHead {} => f.write_str("the audit log's last entry"),
            Self::Test {} => f.write_str("a test: notices arrive"),
        }
    }
}
