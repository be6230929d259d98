//! Firmware that the operator publishes, and the anchors that it is built with.

use otary_fleet::{Anchor, Patience, Time};

use crate::years::clock::DAY;
use crate::years::plan::Policy;
use crate::years::report::What;
use crate::years::run::Years;

impl Years {
    /// The releases that are made anyway, and those that a rollover asks for.
    pub(super) fn release(&mut self, now: Time) {
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

    pub(super) fn publish(&mut self, line: usize, now: Time) {
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
}
