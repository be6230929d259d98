//! What is compiled into a firmware with an agent, and what comes of its check-ins.

use otary_agent::wire::{Cause, Outcome, Report};
use otary_agent::{Fault, LayoutFault, Policy};
use otary_image::{Error, Rollback, Usage};
use thiserror::Error as ThisError;

use crate::bootloader::BootError;
use crate::clock::Ntp;
use crate::flash::FlashError;
use crate::http_update::Code;
use crate::link::{ConnectError, Link};
use crate::tls::Trust;

/// What is compiled into a firmware, apart from its version, which comes with each image.
#[derive(Debug, Clone)]
pub struct AgentApp {
    /// The server: `https://NAME:PORT`. A user and a password in it are sent; a path is not.
    pub url: String,
    /// How it gets there. Its trust is what the agent begins with; whether dates count, the agent says.
    pub link: Link,
    /// Where it gets the time from.
    pub ntp: Ntp,
    /// The product's name.
    pub product: String,
    /// The hardware's name, as manifests list it.
    pub hardware: String,
    /// The release number that the firmware was built as, 0 in a first one.
    pub release: u32,
    /// The signed root record.
    pub root: Vec<u8>,
    /// How patient it is.
    pub policy: Policy,
    /// What the application's self-test finds.
    pub passes_self_test: bool,
    /// Whether the bootloader that was flashed with it knows rollback. The one that espflash ships does not.
    pub rollback: Rollback,
}

impl AgentApp {
    /// A first firmware of a product, for any board with this hardware's name; names are found and the time is told by this
    /// computer.
    pub fn new(url: &str, trust: Trust, product: &str, hardware: &str, root: &[u8]) -> Self {
        Self {
            url: url.to_owned(),
            link: Link::new(trust),
            ntp: Ntp::Host,
            product: product.to_owned(),
            hardware: hardware.to_owned(),
            release: 0,
            root: root.to_owned(),
            policy: Policy::default(),
            passes_self_test: true,
            rollback: Rollback::Disabled,
        }
    }
}

/// What came of a check-in and of what it led to.
#[derive(Debug)]
pub enum AgentPoll {
    /// The server has answered, and there is nothing to do.
    NoUpdate {
        /// The version that the board runs.
        version: Option<String>,
    },
    /// An image was written, checked and chosen. The board restarts next.
    Updated {
        /// The version that the board ran until now.
        from: Option<String>,
    },
    /// The image on trial was given up. The board restarts into the one before.
    RolledBack {
        /// The version that was on trial.
        from: Option<String>,
    },
    /// What came was refused. The next check-in says so.
    Refused {
        /// What it will say.
        report: AgentReport,
    },
    /// The server was not reached, or broke off.
    Failed {
        /// What the firmware prints.
        code: Code,
        /// Why there was no connection, if that is what failed.
        cause: Option<ConnectError>,
    },
}

/// What an agent reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentReport {
    /// The release's number, if it is known.
    pub release: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Why.
    pub cause: Option<Cause>,
}

impl From<Report<'_>> for AgentReport {
    fn from(report: Report<'_>) -> Self {
        Self { release: report.release, outcome: report.outcome, cause: report.cause }
    }
}

impl std::fmt::Display for AgentReport {
    /// `refused: the manifest has expired`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.outcome {
            Outcome::Installed => "installed",
            Outcome::Refused => "refused",
            Outcome::RolledBack => "rolled back",
            Outcome::TrustSetRefused => "trust set refused",
        })?;
        self.cause.map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

/// Why a board cannot run its firmware.
#[derive(Debug, ThisError)]
pub enum AgentError {
    /// The URL is none with `https://`.
    #[error("{url:?} is no URL with https://")]
    Url {
        /// What it is.
        url: String,
    },
    /// Nothing starts.
    #[error(transparent)]
    Boot(#[from] BootError),
    /// The partition table changed under it.
    #[error("partition table")]
    Table(#[from] Error),
    /// The partition table has no room for updates.
    #[error("partition table")]
    Layout(#[from] LayoutFault),
    /// The app runs from elsewhere.
    #[error("the app runs from {0}, and the agent needs one of two slots")]
    Slot(Usage),
    /// What the agent needs to begin is not there.
    #[error("otary's agent")]
    Agent(#[from] Fault),
    /// The flash failed.
    #[error("flash")]
    Flash(#[from] FlashError),
}
