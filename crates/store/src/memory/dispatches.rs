//! Notices on their way, in the order in which they were made.

use otary_fleet::Time;
use otary_fleet::notice::Dispatch;

use crate::MAX_DISPATCHES;

/// The delivery log.
#[derive(Debug, Default)]
pub(super) struct Dispatches(Vec<Dispatch>);

impl Dispatches {
    pub(super) fn add(&mut self, dispatches: &[Dispatch]) {
        for dispatch in dispatches {
            self.0.push(dispatch.clone());
            let to = dispatch.to.as_str();
            let kept = self.0.iter().filter(|kept| kept.to == to).count();
            if kept > MAX_DISPATCHES
                && let Some(oldest) = self.0.iter().position(|kept| kept.to == to)
            {
                self.0.remove(oldest);
            }
        }
    }

    pub(super) fn put(&mut self, dispatch: &Dispatch) {
        if let Some(kept) = self.0.iter_mut().find(|kept| kept.id == dispatch.id) {
            kept.clone_from(dispatch);
        }
    }

    pub(super) fn forget(&mut self, to: &str) {
        self.0.retain(|kept| kept.to != to);
    }

    pub(super) fn of(&self, to: &str, limit: usize) -> Vec<Dispatch> {
        self.0.iter().rev().filter(|kept| kept.to == to).take(limit).cloned().collect()
    }

    pub(super) fn due(&self, now: Time, limit: usize) -> Vec<Dispatch> {
        let due = |kept: &&Dispatch| kept.due().is_some_and(|due| due <= now);
        self.0.iter().filter(due).take(limit).cloned().collect()
    }
}
