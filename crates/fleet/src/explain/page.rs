//! An explanation as a page for people: the answer on the first line, the rest under a label each.

use std::fmt;

use super::Explanation;
use crate::Reason;

impl Explanation {
    /// The labels and the lines under each; what has no lines is left out.
    pub fn sections(&self) -> Vec<(&'static str, Vec<String>)> {
        let rule = self.rule.iter().cloned().collect();
        let changes = self.changes.iter().map(ToString::to_string).collect();
        let because = self.because().into_iter();
        let evidence = because.chain(self.evidence.iter().cloned()).collect();
        let sections = [
            ("runs", self.runs.clone()),
            ("rule", rule),
            ("evidence", evidence),
            ("to change", changes),
            ("attempts", self.attempts.clone()),
        ];
        sections.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
    }

    /// Of an offer, why what runs is replaced, where the lines that follow do not show it.
    fn because(&self) -> Option<String> {
        let reason = &self.decision.as_ref()?.reason;
        let is_told = matches!(
            reason,
            Reason::OlderVersion { .. }
                | Reason::OtherVersion { .. }
                | Reason::FirstTry { .. }
                | Reason::ComparesItself { .. }
                | Reason::NotWhole { .. }
                | Reason::AskedFor { .. }
                | Reason::MustPassThrough { .. }
        );
        is_told.then(|| reason.clause())
    }

    /// Which device it is.
    pub fn subject(&self) -> String {
        match (self.device, &self.name) {
            (Some(mac), Some(name)) => format!("{mac} ({name})"),
            (Some(mac), None) => mac.to_string(),
            (None, _) => "a client that says no address".to_owned(),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}", self.answer, self.subject())?;
        for (label, lines) in self.sections() {
            for (number, line) in lines.iter().enumerate() {
                write!(f, "\n  {:10} {line}", if number == 0 { label } else { "" })?;
            }
        }
        Ok(())
    }
}
