//! The operator: does what is due, heeds what is refused, and gives up nobody who was heard of within the four years that
//! [`Patience`] asks for.
//!
//! Refused, the operator waits for a month and meanwhile does what otary's messages propose: publishes firmware with the
//! anchors of today, in a form in which they can be recognised; pushes what boards were flashed with by cable, so that it
//! is known; and lets those boards update. Without that, no fleet of ten thousand would ever come to a `finish`: somebody
//! always runs a build of which otary knows nothing.

use std::collections::BTreeMap;

use otary_fleet::{
    Act, Anchor, Due, Entry as Known, Generations, GivenUp, Patience, Phase, Reason, Step, Straggler, Time,
    cut_off, due,
};
use otary_trust::TrustedTime;

use super::board::Board;
use super::clock::{DAY, Fault, year};
use super::plan::{Haste, Policy, Style};
use super::report::{Entry, What};
use super::run::Years;

/// What the operator has in mind.
#[derive(Debug, Default)]
pub struct Operator {
    /// A step that was refused is tried again then.
    again: Time,
    /// Who has not moved yet is looked at then.
    look: Time,
    /// How often it was refused in a row.
    refused: u32,
    /// Firmware with the new anchors is published then, at the latest.
    publish_by: Option<Time>,
    /// Whether the root's key was stolen once.
    stolen: bool,
    /// Whether this rollover is on that account.
    emergency: bool,
    /// Rollovers that were begun by plan.
    planned: usize,
    /// What the timeline calls late already.
    late: Option<Due>,
}

/// Between two attempts at a step.
const MONTH: u32 = 30;
/// Between two looks at who has not moved yet.
const QUARTER: u32 = 91;
/// Between two releases of a product at least, if they are only to move devices.
const HALF_A_YEAR: u32 = 180;

impl Years {
    /// One day of the server and its operator.
    pub fn day(&mut self, now: Time) {
        let shown = Fault::shown(&self.faults, now);
        if self.renew(now) > 0 {
            self.survey(now);
        }
        self.report.counts.postponed += u32::from(!self.server.due(now).is_empty());
        // What is due is done by a server that knows what time it is.
        let Some(trusted) = self.server.trusted(shown) else {
            self.report.counts.wrong_days += 1;
            return;
        };
        self.outlive(now);
        self.suffer_theft(trusted);
        for due in due(&self.server.generations, self.server.next_key_here, Patience::default()) {
            self.see_to(due, trusted);
        }
        self.release(now);
        if self.options.policy == Policy::Overlap {
            self.look_at_status(now);
        }
    }

    /// Makes the leaves anew that the server finds due, by its own clock.
    fn renew(&mut self, now: Time) -> u32 {
        let made = self.server.refresh(Fault::shown(&self.faults, now));
        if made > 0 {
            self.report.counts.renewals += made;
            *self.report.renewals.entry(year(now)).or_default() += made;
        }
        made
    }

    fn outlive(&mut self, now: Time) {
        let Some(rollover) = self.server.generations.rollover else { return };
        if self.server.generations.at(now) != self.server.generations {
            self.catch_up_all(now);
            self.server.outlive(now);
            self.happened(now, What::Outlived { from: rollover.from });
            self.changed(now);
        }
    }

    fn suffer_theft(&mut self, trusted: TrustedTime) {
        let now = trusted.time();
        let Some((after, own_name)) = self.options.plan.theft else { return };
        let steady = self.server.generations.rollover.is_none();
        if self.operator.stolen || !steady || now < self.report.start + after {
            return;
        }
        self.operator.stolen = true;
        self.operator.emergency = true;
        self.report.counts.emergencies += 1;
        self.happened(now, What::Stolen { generation: self.server.generations.current });
        self.begin(Style { bridge: false, own_name }, trusted);
        self.operator.publish_by = Some(now);
    }

    fn see_to(&mut self, due: Due, trusted: TrustedTime) {
        let now = trusted.time();
        let rolling = self.server.generations.rollover.is_some();
        let hurries = self.options.plan.haste == Haste::AtOnce || self.operator.emergency;
        if due.by > now + DAY && !(hurries && rolling) {
            return;
        }
        match due.act {
            Act::ExportNextKey => {
                self.server.next_key_here = false;
                self.happened(now, What::KeyExported);
            }
            Act::Begin => {
                self.note_lateness(due, now);
                self.begin_by_plan(trusted);
            }
            Act::Switch => self.attempt(Step::Switch, due, now),
            Act::Finish => self.attempt(Step::Finish, due, now),
        }
    }

    /// Says once that something comes too late: the operator never is, so something stood in the way.
    fn note_lateness(&mut self, due: Due, now: Time) {
        if now > due.by + DAY * MONTH && self.operator.late != Some(due) {
            self.operator.late = Some(due);
            self.happened(now, What::Late { act: due.act, by: due.by });
        }
    }

    fn begin_by_plan(&mut self, trusted: TrustedTime) {
        let now = trusted.time();
        let styles = &self.options.plan.styles;
        let style = styles.get(self.operator.planned % styles.len().max(1)).copied();
        let end =
            self.server.generations.get(self.server.generations.current).map(|old| old.anchor.not_after);
        self.operator.planned += 1;
        self.report.counts.planned += 1;
        self.begin(style.unwrap_or(Style { bridge: true, own_name: false }), trusted);
        let Patience { sleep, .. } = Patience::default();
        // The year of margin is for this, too: who sleeps longest still wakes before the end.
        let last_day = end.map_or(now, |end| end - sleep - DAY * MONTH).min(now + DAY * 330).max(now);
        let at_once = self.options.plan.haste == Haste::AtOnce;
        self.operator.publish_by = Some(if at_once { now } else { last_day });
    }

    fn begin(&mut self, style: Style, trusted: TrustedTime) {
        let now = trusted.time();
        self.catch_up_all(now);
        if self.options.policy == Policy::None {
            self.start_over(trusted);
            return;
        }
        let own_name = style.own_name.then(|| format!("ota{}.lan", self.server.roots().len()));
        if self.server.begin(style, own_name.clone(), trusted).is_err() {
            return;
        }
        self.operator.again = now;
        self.operator.refused = 0;
        if let Some(rollover) = self.server.generations.rollover {
            let (from, to, bridge) = (rollover.from, rollover.to, style.bridge);
            self.happened(now, What::Begun { from, to, bridge, own_name: own_name.clone() });
        }
        // Some products move to the new name, others keep theirs.
        let named = |asks: &str| asks.starts_with("ota");
        for line in &mut self.shelf.lines {
            let moves = !line.current_alone && line.asks.as_deref().is_some_and(named);
            if let Some(name) = own_name.as_ref().filter(|_| moves) {
                line.asks = Some(name.clone());
            }
        }
        self.changed(now);
    }

    /// The broken policy.
    fn start_over(&mut self, trusted: TrustedTime) {
        let now = trusted.time();
        if self.server.start_over(trusted).is_ok() {
            self.happened(now, What::StartedOver { to: self.server.generations.current });
            self.operator.emergency = false;
            self.changed(now);
        }
    }

    /// Tries a step; refused, looks after those who stand in the way and tries again in a month.
    fn attempt(&mut self, step: Step, due: Due, now: Time) {
        if now < self.operator.again {
            return;
        }
        self.catch_up_all(now);
        let (given_up, stragglers) = self.stragglers(step, now);
        if !stragglers.is_empty() && self.options.policy == Policy::Overlap {
            self.refuse(step, &stragglers, now);
            self.note_lateness(due, now);
            return;
        }
        let Some(rollover) = self.server.generations.rollover else { return };
        if self.server.step(step, now).is_err() {
            return;
        }
        self.operator.refused = 0;
        let unheeded = stragglers.len();
        self.report.counts.given_up += given_up;
        if step == Step::Switch {
            self.report.counts.switched += 1;
            self.happened(now, What::Switched { to: rollover.to, unheeded });
        } else {
            self.report.counts.finished += 1;
            self.operator.emergency = false;
            self.happened(now, What::Finished { from: rollover.from, unheeded });
        }
        self.changed(now);
    }

    /// Whom a step would cut off, by the ledger, and how many of them are given up by name: those who were not heard of
    /// for longer than any device is promised to be waited for.
    fn stragglers(&self, step: Step, now: Time) -> (usize, Vec<(usize, Straggler)>) {
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

    fn refuse(&mut self, step: Step, stragglers: &[(usize, Straggler)], now: Time) {
        self.operator.again = now + DAY * MONTH;
        self.operator.refused += 1;
        self.report.counts.refused += 1;
        self.write_refusal(step, stragglers, now);
        self.look_after(stragglers, now);
    }

    /// What otary's messages propose to do for those who would be lost.
    fn look_after(&mut self, stragglers: &[(usize, Straggler)], now: Time) {
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
    fn look_at_status(&mut self, now: Time) {
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

    fn write_refusal(&mut self, step: Step, stragglers: &[(usize, Straggler)], now: Time) {
        let count = stragglers.len();
        let refusals = self.report.timeline.iter_mut().rev();
        let again = refusals.map(|entry| &mut entry.what).find(|what| matches!(what, What::Refused { .. }));
        if let Some(What::Refused { step: before, times, until, last, .. }) = again
            && *before == step
            && self.operator.refused > 1
        {
            (*times, *until, *last) = (*times + 1, now, count);
            return;
        }
        let Some((_, first)) = stragglers.first() else { return };
        let (device, because) = (first.device, first.to_string());
        self.happened(
            now,
            What::Refused { step, times: 1, until: now, first: count, last: count, device, because },
        );
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

    /// The releases that are made anyway, and those that a rollover asks for.
    fn release(&mut self, now: Time) {
        if self.operator.publish_by.is_some_and(|by| by <= now) {
            self.operator.publish_by = None;
            self.publish_all(now);
            self.happened(now, What::Published { products: self.shelf.lines.len() });
        }
        for line in 0..self.shelf.lines.len() {
            // Each product at its own pace, from nine months to two years and a half.
            let pace = DAY * (270 + u32::try_from(line).unwrap_or(0) * 90);
            if self.shelf.lines.get(line).is_some_and(|line| now.since(line.published) >= pace) {
                self.publish(line, now);
            }
        }
    }

    /// Publishes firmware of every product, with the anchors of today.
    pub fn publish_all(&mut self, now: Time) {
        (0..self.shelf.lines.len()).for_each(|line| self.publish(line, now));
    }

    fn publish(&mut self, line: usize, now: Time) {
        let concerned = |years: &Self| {
            let boards = years.boards.iter().enumerate();
            boards.filter(|(_, board)| board.line == line).map(|(place, _)| place).collect::<Vec<_>>()
        };
        let places = concerned(self);
        for place in &places {
            self.catch_up(*place, now);
        }
        let anchors = self.anchors_for(line, now);
        let held = self.server.held(&anchors);
        if self.shelf.publish(line, held, &anchors, now).is_some() {
            self.report.counts.releases += 1;
        }
        for place in places {
            self.concern(place, now);
        }
    }

    /// The anchors that firmware of a product is built with at `now`: those that `trust export` prints, or the current
    /// one alone where its owner wants it so and `push` does not refuse it because it ends too soon.
    pub fn anchors_for(&self, line: usize, now: Time) -> Vec<Anchor> {
        let generations = &self.server.generations;
        let current = generations.get(generations.current).map(|generation| &generation.anchor);
        let Patience { sleep, margin } = Patience::default();
        let lives = current.is_some_and(|anchor| anchor.not_after > now + sleep + margin);
        let alone = self.shelf.lines.get(line).is_some_and(|line| line.current_alone) && lives;
        let alone = alone && generations.rollover.is_none() || self.options.policy == Policy::None;
        match current.filter(|_| alone) {
            Some(current) => vec![current.clone()],
            None => generations.to_embed().cloned().collect(),
        }
    }

    /// Something changed in what is presented.
    fn changed(&mut self, now: Time) {
        self.renew(now);
        (0..self.boards.len()).for_each(|place| self.concern(place, now));
        self.survey(now);
    }

    fn happened(&mut self, at: Time, what: What) {
        self.report.timeline.push(Entry { at, what });
    }
}

/// The leading number of the version that a board says that it runs; zero if it says none.
fn version(board: &Board) -> u32 {
    let said = board.record.last.as_ref().and_then(|last| last.version.as_deref());
    said.and_then(|version| version.split('.').next()?.parse().ok()).unwrap_or_default()
}
