//! One pass over the table: what holds of a whole cohort is worked out once for it.

use std::collections::HashMap;
use std::sync::Arc;

use otary_fleet::{Brief, BriefFacts, Catalogue, Cohort, ProductName, Query, Runs, Time};

/// Whether whoever asks may see the devices of a product; of none: those that belong to no product.
pub(crate) type Sees<'a> = &'a dyn Fn(Option<&ProductName>) -> bool;

/// What holds of a cohort in this pass.
pub(super) struct OfCohort<'a> {
    pub(super) cohort: Arc<Cohort>,
    pub(super) runs: Runs<'a>,
    pub(super) is_seen: bool,
}

/// The cohorts that a pass has met, by their numbers in it.
pub(super) struct Pass<'a> {
    catalogue: &'a Catalogue,
    sees: Sees<'a>,
    now: Time,
    numbers: HashMap<*const Cohort, usize>,
    met: Vec<OfCohort<'a>>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(catalogue: &'a Catalogue, sees: Sees<'a>, now: Time) -> Self {
        Self { catalogue, sees, now, numbers: HashMap::new(), met: Vec::new() }
    }

    /// The number of a device's cohort; none if whoever asks may not see it.
    pub(super) fn meet(&mut self, brief: &Brief) -> Option<usize> {
        let cohort = &brief.cohort;
        let number = *self.numbers.entry(Arc::as_ptr(cohort)).or_insert_with(|| {
            // Held until the pass ends, so its place in memory is no other's meanwhile.
            let (is_seen, runs) = ((self.sees)(cohort.product()), Runs::of(cohort, self.catalogue));
            self.met.push(OfCohort { cohort: Arc::clone(cohort), runs, is_seen });
            self.met.len() - 1
        });
        self.met.get(number).filter(|met| met.is_seen).map(|_| number)
    }

    pub(super) fn cohort(&self, number: usize) -> Option<&OfCohort<'a>> {
        self.met.get(number)
    }

    /// What a query is asked of, for a device of the cohort of this number.
    pub(super) fn facts<'b>(&self, brief: &'b Brief, number: usize) -> Option<BriefFacts<'b>>
    where
        'a: 'b,
    {
        let (catalogue, now) = (self.catalogue, self.now);
        self.cohort(number).map(|of| BriefFacts { brief, runs: of.runs, catalogue, now })
    }

    /// Whether a query finds a device of the cohort of this number.
    pub(super) fn finds(&self, query: &Query, brief: &Brief, number: usize) -> bool {
        self.facts(brief, number).is_some_and(|facts| query.finds_brief(&facts))
    }
}
