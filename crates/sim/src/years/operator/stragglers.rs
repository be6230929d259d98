//! Those who stand in the way of a step, and what the operator does for them: what otary's messages propose.

use std::collections::BTreeMap;

use otary_fleet::{
    Entry as Known, Generations, GivenUp, Patience, Phase, Reason, Step, Straggler, Time, cut_off,
};

use crate::years::board::Board;
use crate::years::clock::DAY;
use crate::years::report::What;
use crate::years::run::Years;

/// Between two looks at who has not moved yet.
const QUARTER: u32 = 91;
/// Between two releases of a product at least, if they are only to move devices.
const HALF_A_YEAR: u32 = 180;

impl Years {
    /// Whom a step would cut off, by the ledger, and how many of them are given up by name: those who were not heard of
    /// for longer than any device is promised to be waited for.
    pub(super) fn stragglers(&self, step: Step, now: Time) -> (usize, Vec<(usize, Straggler)>) {
        let then = self.server.generations.after(step, now);
        then.map_or_else(|_| (0, Vec::new()), |then| self.would_lose(&then, now))
    }

    fn would_lose(&self, then: &Generations, now: Time) -> (usize, Vec<(usize, Straggler)>) {
        let generations = &self.server.generations;
        let heard = self.boards.iter().enumerate().filter(|(_, board)| board.record.polls > 0);
        let named = heard.filter_map(|(place, board)| {
            let known = Known::of(&board.record, &self.shelf.catalogue, generations);
            Some((place, cut_off(&known, generations, then)?))
        });
        let mut named: Vec<_> = named.collect();
        let unheard = named.iter().filter(|(_, straggler)| straggler.is_overdue(now, Patience::default()));
        let devices = unheard.map(|(_, straggler)| straggler.device).collect();
        let given_up = GivenUp { devices, strangers: false };
        named.retain(|(_, straggler)| given_up.spares(straggler));
        (given_up.devices.len(), named)
    }

    /// What otary's messages propose to do for those who would be lost.
    pub(super) fn look_after(&mut self, stragglers: &[(usize, Straggler)], now: Time) {
        let mut lines: BTreeMap<usize, u32> = BTreeMap::new();
        for (place, _) in stragglers {
            self.resume(*place, now);
            self.make_known(*place, now);
            if let Some(board) = self.boards.get(*place) {
                let ahead = lines.entry(board.line).or_default();
                *ahead = version(board).max(*ahead);
            }
        }
        for (line, ahead) in lines {
            self.move_on(line, ahead, now);
        }
    }

    /// Each quarter of a rollover, once there is firmware for it, the operator looks at who has not moved yet: a bridge
    /// ends with its root, and who holds nothing else and looks at dates must have moved by then.
    pub(super) fn look_at_status(&mut self, now: Time) {
        let generations = &self.server.generations;
        let Some(rollover) = generations.rollover else { return };
        if self.operator.publish_by.is_some() || now < self.operator.look {
            return;
        }
        let switched = match rollover.phase {
            Phase::Begun => generations.after(Step::Switch, now).ok(),
            Phase::Switched => Some(generations.clone()),
        };
        let Some(then) = switched.and_then(|switched| switched.after(Step::Finish, now).ok()) else { return };
        self.operator.look = now + DAY * QUARTER;
        self.catch_up_all(now);
        let (_, stragglers) = self.would_lose(&then, now);
        self.look_after(&stragglers, now);
    }

    /// A board that waits because it was flashed by cable is told to update all the same.
    fn resume(&mut self, place: usize, now: Time) {
        let Some(board) = self.boards.get_mut(place) else { return };
        let reason = board.record.standing.as_ref().map(|standing| &standing.decision.reason);
        if matches!(reason, Some(Reason::Reflashed { .. })) {
            board.record.resume();
            self.report.counts.resumed += 1;
            self.concern(place, now);
        }
    }

    /// The files of firmware that was flashed by cable are looked for and pushed, so that their certificates are known.
    fn make_known(&mut self, place: usize, now: Time) {
        let Some(board) = self.boards.get(place) else { return };
        for seen in &board.record.builds {
            let Some(firmware) = seen.build.sha256.and_then(|digest| self.shelf.find(&digest)) else {
                continue;
            };
            let held = self.shelf.firmware(firmware).map(|firmware| firmware.held).unwrap_or_default();
            let anchors = self.server.anchors(held);
            if self.shelf.add(firmware, &anchors, now) {
                self.report.counts.made_known += 1;
            }
        }
    }

    /// Publishes firmware that brings a product's stragglers on, with a version above `ahead`.
    fn move_on(&mut self, line: usize, ahead: u32, now: Time) {
        let Some(product) = self.shelf.lines.get_mut(line) else { return };
        let unclear = !product.recognisable;
        if now.since(product.published) < DAY * HALF_A_YEAR && !unclear {
            return;
        }
        product.version = product.version.max(ahead);
        if unclear {
            product.recognisable = true;
            let product = product.name.to_string();
            self.happened(now, What::MadeRecognisable { product });
        }
        self.publish(line, now);
    }
}

/// The leading number of the version that a board says that it runs; zero if it says none.
fn version(board: &Board) -> u32 {
    let said = board.record.last.as_ref().and_then(|last| last.version.as_deref());
    said.and_then(|version| version.split('.').next()?.parse().ok()).unwrap_or_default()
}
