//! One step of an examination: what was seen, and whether the next one can hold.

use serde::Serialize;

/// How a step came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// The device gets past it, but somebody should know.
    Note,
    /// The device gets no further.
    Failed,
    /// Not looked at, because of what came before or of what was not given.
    Skipped,
}

/// One step.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// Its name, one word.
    #[serde(rename = "step")]
    pub name: &'static str,
    /// How it came out.
    pub state: State,
    /// What was seen, a sentence each.
    pub seen: Vec<String>,
    /// Why the device gets no further.
    #[serde(flatten)]
    pub cause: Option<Cause>,
}

/// Why a device gets no further, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// One sentence without a full stop.
    #[serde(rename = "cause")]
    pub text: String,
    /// What to do: one sentence, or a command to type.
    pub help: String,
    /// What the device prints, which is mostly all that its owner knows; none where that is the program's own choice.
    pub device_prints: Option<String>,
}

impl Step {
    /// A step in which nothing is wrong so far.
    pub const fn new(name: &'static str) -> Self {
        Self { name, state: State::Ok, seen: Vec::new(), cause: None }
    }

    /// A step that is not looked at.
    pub fn skipped(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, state: State::Skipped, seen: vec![why.into()], cause: None }
    }

    /// Something that was seen.
    #[must_use]
    pub fn saw(mut self, what: impl Into<String>) -> Self {
        self.seen.push(what.into());
        self
    }

    /// Something that somebody should know.
    #[must_use]
    pub fn note(mut self, what: impl Into<String>) -> Self {
        if self.state == State::Ok {
            self.state = State::Note;
        }
        self.saw(what)
    }

    /// The same, where there is something.
    #[must_use]
    pub fn note_if(self, what: Option<impl Into<String>>) -> Self {
        match what {
            Some(what) => self.note(what),
            None => self,
        }
    }

    /// What ends it for the device; of several the first is told.
    #[must_use]
    pub fn fail(mut self, cause: Cause) -> Self {
        self.state = State::Failed;
        self.cause.get_or_insert(cause);
        self
    }
}

impl Cause {
    /// A cause, what to do, and what the device prints.
    pub fn new(
        text: impl Into<String>,
        help: impl Into<String>,
        device_prints: impl Into<Option<String>>,
    ) -> Self {
        Self { text: text.into(), help: help.into(), device_prints: device_prints.into() }
    }
}
