//! The answer in one sentence.

use super::Case;
use crate::span::ago;
use crate::{Attempt, Outcome, Reason, Trial, Verdict};

impl Case<'_> {
    /// The first line: what it would be answered, and why if that is nothing.
    pub(super) fn answer(&self) -> String {
        let silent = self.missed_since().map(|since| format!("last heard {}", ago(since, self.now)));
        let answer = match (self.decision.verdict(), &silent) {
            (Verdict::Offer, None) => return self.offer(),
            (Verdict::Offer, Some(_)) => format!("It would be offered {} if it asked", self.meant()),
            _ => match self.own_part() {
                Some(own) => {
                    format!(
                        "Nothing, because {}; on this one, too: {}",
                        self.decision.reason.clause(),
                        own.words()
                    )
                }
                None => format!("Nothing, because {}", self.decision.reason.clause()),
            },
        };
        match (self.decision.verdict(), silent) {
            (_, None) => format!("{answer}."),
            (Verdict::Offer, Some(silent)) => format!("{answer}, but it is silent: {silent}."),
            (_, Some(silent)) => format!("{answer}; besides, it is silent: {silent}."),
        }
    }

    fn offer(&self) -> String {
        let meant = self.meant();
        if matches!(self.decision.reason, Reason::ComparesItself { .. }) {
            return format!("It would be told of {meant} at its next check-in, and compares by itself.");
        }
        let Some((attempt, trial)) = self.former() else {
            return format!("It would be offered {meant} at its next check-in.");
        };
        let (ago, again) =
            (ago(attempt.last_offer, self.now), "and would be offered it again at its next check-in");
        let ended = trial.and_then(|trial| trial.course.ended).map(|ended| ended.outcome);
        match ended.or(attempt.outcome) {
            Some(Outcome::RolledBack) => format!("It rolled back from {meant}, {again}."),
            Some(Outcome::Refused) => format!("It took {meant}, did not run it, {again}."),
            _ if self.took_the_last(attempt, trial) => {
                format!(
                    "It took {meant} {ago} and has not asked since: its next check-in shows whether it runs it."
                )
            }
            _ if attempt.whole > 0 => format!("It took {meant} whole, still runs the old build, {again}."),
            _ => format!("It was offered {meant} {ago}, has not taken it, {again}."),
        }
    }

    /// What became of the release on this very device, where its campaign was stopped.
    fn own_part(&self) -> Option<Outcome> {
        let Reason::CampaignStopped { campaign, .. } = &self.decision.reason else { return None };
        let trial = self.view.device?.trials.iter().find(|trial| trial.campaign == *campaign)?;
        let ended = trial.course.ended?;
        (ended.outcome != Outcome::Installed).then_some(ended.outcome)
    }

    /// What became so far of what it would be offered.
    fn former(&self) -> Option<(&Attempt, Option<&Trial>)> {
        let (device, artifact) = (self.view.device?, self.decision.artifact?);
        let attempt = device.attempt(self.check_in.claimant(), &artifact)?;
        let trial = device.trials.iter().find(|trial| trial.is_of(attempt));
        Some((attempt, trial))
    }

    /// Whether it took what its last check-in was answered with.
    fn took_the_last(&self, attempt: &Attempt, trial: Option<&Trial>) -> bool {
        let seen = self.view.device.map_or(self.now, |device| device.last_seen);
        match trial {
            Some(trial) => trial.course.downloaded.is_some_and(|at| at >= seen),
            None => {
                attempt.whole > 0
                    && attempt.offers <= attempt.whole + attempt.cut_off
                    && attempt.last_offer >= seen
            }
        }
    }
}
