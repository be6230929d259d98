//! The cohorts of the devices on record, each once in memory. Bounded by the devices: those that nobody is of any more go.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use otary_fleet::{Cohort, Device};

use super::lock;

/// Fewer are not worth looking through for those that nobody is of.
const FEW: usize = 1024;

/// Cohorts, each once.
#[derive(Debug, Default)]
pub(super) struct Cohorts(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    cohorts: HashSet<Arc<Cohort>>,
    /// How many were left when they were last looked through.
    left: usize,
}

impl Cohorts {
    /// The cohort that a device is of.
    pub(super) fn of(&self, device: &Device) -> Arc<Cohort> {
        let cohort = Cohort::of(device);
        let mut known = lock(&self.0);
        if let Some(found) = known.cohorts.get(&cohort) {
            return Arc::clone(found);
        }
        // Whoever changes its words at each poll makes a new one each time.
        if known.cohorts.len() > known.left.saturating_mul(2).max(FEW) {
            known.sweep();
        }
        let cohort = Arc::new(cohort);
        known.cohorts.insert(Arc::clone(&cohort));
        cohort
    }

    /// Lets go of those that nobody is of.
    pub(super) fn sweep(&self) {
        lock(&self.0).sweep();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        lock(&self.0).cohorts.len()
    }
}

impl Known {
    fn sweep(&mut self) {
        self.cohorts.retain(|cohort| Arc::strong_count(cohort) > 1);
        self.left = self.cohorts.len();
    }
}
