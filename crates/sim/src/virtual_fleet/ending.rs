//! The end of a run: the fleet is counted as it is, not as the server knows it, and held against what the script expects.

use std::collections::BTreeSet;

use otary_fleet::{Mac, Version};

use super::board::Board;
use super::report::{Census, Met, Report, seconds};
use super::run::{BEGINS, Run};
use super::script::{Bound, Expectation, Figure};

impl Run<'_> {
    /// The report at the end.
    pub(super) fn into_report(self) -> Report {
        let end = self.census();
        let ended = |board: &&Board| board.is_ended(self.now);
        let by_version = |version: &Version| {
            let place = self.script.release(version);
            self.boards.iter().filter(ended).filter(|board| board.end.map(|end| end.release) == place).count()
        };
        let lost: BTreeSet<Mac> = self.boards.iter().filter(ended).map(|board| board.record.mac).collect();
        let campaigns = self.campaigns.courses(
            BEGINS,
            |campaign| by_version(&campaign.release.version),
            |mac| lost.contains(&mac),
        );
        let end = Census { false_silence: campaigns.iter().map(|course| course.false_silence).sum(), ..end };
        let mut report = Report {
            seed: self.script.seed,
            seconds: seconds(self.script.lasts),
            boards: u32::try_from(self.boards.len()).unwrap_or(u32::MAX),
            polls: self.polls,
            timeline: self.timeline,
            campaigns,
            end,
            expectations: Vec::new(),
        };
        report.expectations =
            self.script.expectations.iter().map(|expected| report.meets(expected)).collect();
        report
    }

    /// The fleet as it is now.
    fn census(&self) -> Census {
        let mut census = Census::default();
        for board in &self.boards {
            census.offered += usize::from(!board.record.trials.is_empty());
            match board.end.filter(|end| end.at <= self.now) {
                Some(end) if end.works => census.unreachable += 1,
                Some(_) => census.bricked += 1,
                None => {
                    census.off += usize::from(board.is_away(self.now));
                    let version = self.versions.get(board.runs).map(ToString::to_string).unwrap_or_default();
                    *census.running.entry(version).or_default() += 1;
                }
            }
        }
        census
    }
}

impl Report {
    /// Whether it has come to what is expected.
    fn meets(&self, expected: &Expectation) -> Met {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let found = match &expected.of {
            Figure::State(campaign) => {
                let course = self.campaigns.iter().find(|course| course.campaign == *campaign);
                let found = course.map_or("no such campaign", |course| course.state);
                let met = expected.is == Bound::State(found);
                return Met { line: expected.line, expected: expected.to_string(), found: found.into(), met };
            }
            Figure::Lost => count(self.end.lost()),
            Figure::Offered => count(self.end.offered),
            Figure::FalseSilence => count(self.end.false_silence),
            Figure::Running(version) => count(self.end.running.get(version.as_str()).copied().unwrap_or(0)),
        };
        let met = match expected.is {
            Bound::AtMost(most) => found <= most,
            Bound::AtLeast(least) => found >= least,
            Bound::State(_) => false,
        };
        Met { line: expected.line, expected: expected.to_string(), found: found.to_string(), met }
    }
}
