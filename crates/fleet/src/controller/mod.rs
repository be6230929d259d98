//! Controllers: devices that speak hawkBit's protocol (DDI), what is kept of them, and the actions that they are asked for.
//!
//! Their polls say nothing of what they run, and their reports do. So an offer is an *action*: it begins when a release is
//! first offered, has a number, and ends when the device says how. There is one at a time. What a device runs is what the last
//! action that it ended with success had it install.
//!
//! A report counts from whoever showed at least what was shown when the action began, and from nobody else. Everything here
//! is bounded.

mod feedback;
mod follow;
mod told;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::feedback::{Execution, Feedback, Finished};
pub use self::follow::recall;
pub(crate) use self::follow::{follow, gave_up};
pub use self::told::{Told, Unheard, UpdateMode, tell};
use crate::{Proof, ReleaseId, Sha256, Time};

/// From 1970 to 2026. Counted from there, seconds have 31 bits until 2094.
const SECONDS_TO_2026: u64 = 1_767_225_600;

/// What is kept of a device that speaks hawkBit's protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Controller {
    /// What it said of itself, at most [`Self::MAX_ATTRIBUTES`].
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// When it said so; none while it is to be asked: at first, and after each update.
    #[serde(default)]
    pub described: Option<Time>,
    /// What it was asked for, the latest first; at most [`Self::MAX_ACTIONS`].
    #[serde(default)]
    pub actions: Vec<Action>,
    /// It agrees to every action beforehand.
    #[serde(default)]
    pub agrees: Option<Agreement>,
}

/// That a device agrees to everything, by its word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Agreement {
    /// Who said so.
    pub initiator: Option<String>,
    /// Why.
    pub remark: Option<String>,
    /// When.
    pub since: Time,
}

/// The number of an action: unique for its device, positive, and less than 2^31 (clients keep it as a signed number).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ActionId(pub u32);

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One release that a device is asked to install.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Action {
    /// Its number.
    pub id: ActionId,
    /// The release.
    pub release: ReleaseId,
    /// The artifact that was meant for the device.
    pub artifact: Sha256,
    /// When it began.
    pub began: Time,
    /// What was shown when it began. Who shows less says nothing of it.
    pub proof: Proof,
    /// Where it stands.
    pub state: ActionState,
    /// When the device last fetched what is to be done.
    pub retrieved: Option<Time>,
    /// When the device last refused to give it up.
    pub kept: Option<Time>,
    /// How far it is, by the device's word: so many steps of so many.
    pub progress: Option<(u32, u32)>,
    /// What the device said of it, the latest first; at most [`Self::MAX_MESSAGES`] lines.
    pub messages: Vec<String>,
}

/// Where an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ActionState {
    /// The device has to agree first.
    Unconfirmed,
    /// It is the device's turn.
    Running,
    /// The device is to give it up.
    Cancelling,
    /// The device installed it.
    Finished {
        /// When it said so.
        at: Time,
    },
    /// The device could not install it, or would not.
    Failed {
        /// When it said so.
        at: Time,
    },
    /// The device gave it up, as it was told.
    Cancelled {
        /// When.
        at: Time,
    },
}

impl ActionState {
    /// Whether the device may still say something of it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Unconfirmed | Self::Running | Self::Cancelling)
    }

    /// The state's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unconfirmed => "waits for the device to agree",
            Self::Running => "running",
            Self::Cancelling => "being cancelled",
            Self::Finished { .. } => "finished",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

impl Controller {
    /// Attributes that are kept: hawkBit's own bound.
    pub const MAX_ATTRIBUTES: usize = 100;
    /// The longest key or value of one, in characters: hawkBit's own bound.
    pub const MAX_ATTRIBUTE: usize = 128;
    /// Actions that are kept.
    pub const MAX_ACTIONS: usize = 4;

    /// The action that is not over.
    pub fn open(&self) -> Option<&Action> {
        self.actions.iter().find(|action| action.state.is_open())
    }

    /// The action of this number.
    pub fn action(&self, id: ActionId) -> Option<&Action> {
        self.actions.iter().find(|action| action.id == id)
    }

    /// The last action that the device ended with success: what it runs.
    pub fn installed(&self) -> Option<&Action> {
        self.actions.iter().find(|action| matches!(action.state, ActionState::Finished { .. }))
    }

    /// What failed may be asked for again.
    pub fn forget_failures(&mut self) {
        self.actions.retain(|action| !matches!(action.state, ActionState::Failed { .. }));
    }

    /// The number of a next action: higher than every one before it, also of a record that was forgotten, since it grows by
    /// at most one a second.
    fn next_id(&self, now: Time) -> ActionId {
        let by_clock = u32::try_from(now.secs().saturating_sub(SECONDS_TO_2026)).unwrap_or(u32::MAX);
        let last = self.actions.iter().map(|action| action.id.0).max().unwrap_or_default();
        ActionId(by_clock.max(last.saturating_add(1)).clamp(1, i32::MAX.cast_unsigned()))
    }

    /// Forgets the oldest action that is over, but for the one whose release runs.
    fn make_room(&mut self) {
        let runs = self.installed().map(|action| action.id);
        while self.actions.len() >= Self::MAX_ACTIONS {
            let place = self.actions.iter().rposition(|a| !a.state.is_open() && Some(a.id) != runs);
            let Some(place) = place else { return };
            self.actions.remove(place);
        }
    }
}

impl Action {
    /// Lines of the device's that are kept.
    pub const MAX_MESSAGES: usize = 12;
    /// The longest, in bytes; what is longer is cut.
    pub const MAX_MESSAGE: usize = 200;

    /// Whether it asks for `artifact` and is not over.
    pub fn asks_for(&self, artifact: &Sha256) -> bool {
        self.state.is_open() && self.artifact == *artifact
    }

    fn note(&mut self, text: &str) {
        let plain = text.replace(char::is_control, "\u{FFFD}");
        let plain = plain.trim();
        let cut = plain.get(..plain.floor_char_boundary(Self::MAX_MESSAGE)).unwrap_or_default();
        if !cut.is_empty() {
            self.messages.insert(0, cut.to_owned());
            self.messages.truncate(Self::MAX_MESSAGES);
        }
    }
}
