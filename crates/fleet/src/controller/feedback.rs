//! What a controller says of an action (DDI `DdiActionFeedback`).

use serde::{Deserialize, Serialize};

/// What a device says of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// What it does with it.
    pub execution: Execution,
    /// How it ended, or that it did not.
    pub finished: Finished,
    /// So many steps of so many.
    pub progress: Option<(u32, u32)>,
    /// A number of the client's own.
    pub code: Option<i64>,
    /// Lines for people, the oldest first.
    pub details: Vec<String>,
}

/// What a device does with an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Execution {
    /// It is over; [`Finished`] says how.
    Closed,
    /// It works on it.
    Proceeding,
    /// It gave it up.
    Canceled,
    /// It is going to work on it.
    Scheduled,
    /// It cannot do it at this time.
    Rejected,
    /// It works on it again, after a restart.
    Resumed,
    /// It downloads.
    Download,
    /// It has downloaded.
    Downloaded,
}

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Finished {
    /// Well.
    Success,
    /// Not.
    Failure,
    /// Not yet. With [`Execution::Closed`] hawkBit takes it for success.
    None,
}

impl Execution {
    /// What it means, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Proceeding => "works on it",
            Self::Canceled => "gave it up",
            Self::Scheduled => "is going to work on it",
            Self::Rejected => "cannot do it now",
            Self::Resumed => "works on it again",
            Self::Download => "downloads",
            Self::Downloaded => "has downloaded",
        }
    }
}
