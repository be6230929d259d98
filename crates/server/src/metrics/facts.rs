//! What a page tells besides the counters, as it is at one moment.

use otary_fleet::{Campaign, Due, Tally, Time};

use crate::census::Count;

/// All of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// Campaigns with what the last look showed of them, if it was looked.
    pub campaigns: Vec<CampaignFacts>,
    pub certificates: Vec<CertificateFacts>,
    pub due: Vec<Due>,
    pub disk: Option<DiskFacts>,
    pub store: StoreFacts,
    /// The fleet in numbers; none while it is still being counted.
    pub fleet: Option<Count>,
}

/// A campaign.
#[derive(Debug, Clone)]
pub(crate) struct CampaignFacts {
    pub campaign: Campaign,
    pub tally: Option<Tally>,
}

/// A certificate that the server presents.
#[derive(Debug, Clone)]
pub(crate) struct CertificateFacts {
    /// Whose it is: a generation's number, or `elsewhere`.
    pub generation: String,
    /// Its kind of key.
    pub key: String,
    pub not_after: Time,
}

/// The disk that the data directory lies on, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DiskFacts {
    /// What this user may still write.
    pub free: u64,
    pub size: u64,
}

/// What is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoreFacts {
    pub products: u64,
    pub releases: u64,
    pub artifacts: u64,
    pub artifact_bytes: u64,
    pub devices: u64,
    pub audit_entries: u64,
    /// The database's file.
    pub database_bytes: Option<u64>,
}

impl DiskFacts {
    /// Those of the disk that `folder` lies on, where the system tells.
    #[cfg(unix)]
    pub fn of(folder: &std::path::Path) -> Option<Self> {
        let found = rustix::fs::statvfs(folder).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Some(Self { free: bytes(found.f_bavail), size: bytes(found.f_blocks) })
    }

    /// Those of the disk that `folder` lies on, where the system tells.
    #[cfg(not(unix))]
    pub fn of(_: &std::path::Path) -> Option<Self> {
        None
    }
}
