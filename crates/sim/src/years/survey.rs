//! Who could not be reached now, whether it asks or sleeps: the count that the proof is about.
//!
//! Cut off is a device that, with its anchors and a clock that is right, does not accept what it is shown from some day on
//! until the end. One that only its own clock misleads is counted apart: it is lost without otary too.

use std::collections::HashMap;

use otary_fleet::Time;

use super::chain::{Chain, Held, Path, Refusal};
use super::report::{Census, Victim};
use super::run::Years;
use super::stack::Stack;

/// What a board says of what it is shown.
struct Said {
    by_right_clock: Result<Path, Refusal>,
    by_its_own: bool,
}

impl Years {
    /// Looks at every board, and at those that are awake and wait for something to change.
    pub fn survey(&mut self, now: Time) {
        let mut chains = HashMap::new();
        for place in 0..self.boards.len() {
            let Some(said) = self.hear(place, now, &mut chains) else { continue };
            self.note(place, &said, now);
            let waits = self.boards.get(place).is_some_and(|board| !board.accepted);
            if waits && said.by_its_own {
                self.concern(place, now);
            }
        }
    }

    fn hear(
        &self,
        place: usize,
        now: Time,
        chains: &mut HashMap<Option<String>, Option<Chain>>,
    ) -> Option<Said> {
        let board = self.boards.get(place)?;
        let firmware = self.shelf.firmware(board.firmware)?;
        if !chains.contains_key(&firmware.asks) {
            let chain = self.server.chain(firmware.asks.as_deref()).map(|(_, chain)| chain);
            chains.insert(firmware.asks.clone(), chain);
        }
        let chain = chains.get(&firmware.asks).copied().flatten()?;
        let (stack, held): (Stack, Held) = (self.shelf.lines.get(board.line)?.stack, firmware.held);
        let judge = |clock| chain.judge(stack, held, self.server.roots(), clock);
        Some(Said { by_right_clock: judge(now), by_its_own: judge(board.clock.shown(now)).is_ok() })
    }

    fn note(&mut self, place: usize, said: &Said, now: Time) {
        let Some(board) = self.boards.get_mut(place) else { return };
        match (&said.by_right_clock, said.by_its_own) {
            (_, true) => board.misled = None,
            (Ok(_), false) => board.misled = board.misled.or(Some(now)),
            (Err(_), false) => {}
        }
        if said.by_right_clock.is_ok() {
            if let Some(since) = board.deaf.take() {
                let counts = &mut self.report.counts;
                counts.recovered += 1;
                counts.longest_gap = counts.longest_gap.max(now.since(since));
            }
        } else if board.misled.is_none() {
            board.deaf = board.deaf.or(Some(now));
        }
    }

    /// Where everybody is at the end.
    pub fn take_census(&mut self, now: Time) {
        self.survey(now);
        let mut chains = HashMap::new();
        let mut census = Census { devices: self.boards.len(), ..Census::default() };
        let mut victims = Vec::new();
        for (place, board) in self.boards.iter().enumerate() {
            let held = self.shelf.firmware(board.firmware).map(|firmware| firmware.held).unwrap_or_default();
            *census.holding.entry(held.to_string()).or_default() += 1;
            match board.deaf {
                Some(since) => victims.extend(self.victim(place, since, now, &mut chains)),
                None if board.misled.is_some() => census.wrong_clock += 1,
                None => {
                    census.reached += 1;
                    census.asleep += usize::from(!board.awake);
                }
            }
        }
        victims.sort_by_key(|victim| (victim.since, victim.device));
        census.cut_off = victims.len();
        self.report.census = census;
        self.report.victims = victims;
    }

    fn victim(
        &self,
        place: usize,
        since: Time,
        now: Time,
        chains: &mut HashMap<Option<String>, Option<Chain>>,
    ) -> Option<Victim> {
        let board = self.boards.get(place)?;
        let line = self.shelf.lines.get(board.line)?;
        let refusal = self.hear(place, now, chains)?.by_right_clock.err()?;
        Some(Victim {
            device: board.mac,
            product: line.name.to_string(),
            stack: line.stack.to_string(),
            since,
            last_seen: (board.record.polls > 0).then_some(board.record.last_seen),
            because: refusal.to_string(),
        })
    }
}
