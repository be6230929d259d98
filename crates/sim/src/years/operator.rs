//! The operator: does what is due, heeds what is refused, and gives up nobody who was heard of within the four years that
//! [`Patience`] asks for.
//!
//! Refused, the operator waits for a month and meanwhile does what otary's messages propose: publishes firmware with the
//! anchors of today, in a form in which they can be recognised; pushes what boards were flashed with by cable, so that it
//! is known; and lets those boards update. Without that, no fleet of ten thousand would ever come to a `finish`: somebody
//! always runs a build of which otary knows nothing.

mod publishing;
mod stragglers;

use otary_fleet::{Act, Due, Patience, Step, Straggler, Time, due};
use otary_trust::TrustedTime;

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

    fn refuse(&mut self, step: Step, stragglers: &[(usize, Straggler)], now: Time) {
        self.operator.again = now + DAY * MONTH;
        self.operator.refused += 1;
        self.report.counts.refused += 1;
        self.write_refusal(step, stragglers, now);
        self.look_after(stragglers, now);
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
