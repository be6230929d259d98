//! What of a script is played over real sockets, by a [`crowd`](crate::crowd) against a server that is somebody else's: how many
//! boards, and how often each asks. Everything else is refused by name.

use std::time::Duration;

use otary_fleet::{Chip, Dialect, Proof};

use super::{Asks, Boards, Script, ScriptError};
use crate::virtual_fleet::founding::kinds;

impl Script {
    /// The time between two polls of each board, in the order of the boards. `chip` is that of the firmware that they all run.
    ///
    /// # Errors
    ///
    /// The first thing in the script that is not played over sockets.
    pub fn over_sockets(&self, chip: Chip) -> Result<Vec<Duration>, ScriptError> {
        let refuse = |line, what: &str| {
            Err(ScriptError::of_line(line, format!("nothing that is not played over sockets: {what}")))
        };
        for boards in &self.boards {
            check(boards, chip)?;
        }
        if self.background > 0 {
            return refuse(self.background_line, "boards that fall silent by themselves");
        }
        if let Some(issue) = self.releases.get(1) {
            return refuse(issue.line, "the server says what is released");
        }
        if let Some(issue) = self.releases.iter().find(|issue| !issue.faults.is_empty()) {
            return refuse(issue.line, "faults of a release");
        }
        if let Some(scheduled) = self.acts.first() {
            return refuse(scheduled.line, "what happens at a time");
        }
        if let Some(expected) = self.expectations.first() {
            return refuse(expected.line, "expectations");
        }
        Ok(kinds(self).into_iter().map(|boards| boards.asks.gap()).collect())
    }
}

/// Whether a part of the fleet can be played.
fn check(boards: &Boards, chip: Chip) -> Result<(), ScriptError> {
    let what = match boards {
        Boards { dialect, .. } if *dialect != Dialect::ArduinoEsp32 => {
            format!("the client {}", dialect.name())
        }
        Boards { chip: other, .. } if *other != chip => format!("{other} with a firmware for {chip}"),
        Boards { asks: Asks::Asleep(_) | Asks::AtStart(_), .. } => "boards that do not ask by a timer".into(),
        Boards { cut_off: 1.., .. } => "downloads that break off".into(),
        Boards { nameless: true, .. } => "boards without a name".into(),
        Boards { proof, .. } if *proof != Proof::None => proof.words().into(),
        _ => return Ok(()),
    };
    Err(ScriptError::of_line(boards.line, format!("nothing that is not played over sockets: {what}")))
}
