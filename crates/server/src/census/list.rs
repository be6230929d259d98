//! A page of a sorted list: one pass over the table, and no record is read.

use std::cmp::Ordering;

use otary_fleet::{Catalogue, Mac, Query, Time};

use super::cursor::{Cursor, Key, Sort};
use super::pass::Pass;
use super::{Look, Sees};

/// Which page of which list.
pub(crate) struct Wanted<'a> {
    pub(crate) sort: Sort,
    /// The other way round.
    pub(crate) descending: bool,
    pub(crate) after: Option<&'a Cursor>,
    /// At most so many.
    pub(crate) limit: usize,
    /// Only those that it finds.
    pub(crate) query: Option<&'a Query>,
    pub(crate) sees: Sees<'a>,
    pub(crate) catalogue: &'a Catalogue,
}

/// The page.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) macs: Vec<Mac>,
    /// Where the next one begins.
    pub(crate) next: Option<Cursor>,
    /// Devices that whoever asks may see.
    pub(crate) total: u64,
    /// Of those, devices that the query finds.
    pub(crate) matching: u64,
}

/// A device that may be on the page.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    mac: Mac,
    seen: Time,
    /// The number of its cohort.
    cohort: usize,
}

impl Wanted<'_> {
    /// Finds the page.
    pub(crate) fn find(&self, look: &Look<'_>) -> Found {
        let mut pass = Pass::new(self.catalogue, self.sees, look.now);
        let (mut total, mut matching) = (0, 0);
        let mut page = Page { rows: Vec::new(), most: self.limit.saturating_add(1), last: None };
        look.table.each(|brief| {
            let Some(cohort) = pass.meet(brief) else { return };
            total += 1;
            if !self.query.is_none_or(|query| pass.finds(query, brief, cohort)) {
                return;
            }
            matching += 1;
            let candidate = Candidate { mac: brief.mac, seen: brief.last_seen, cohort };
            if self.follows(&candidate, &pass) {
                page.add(candidate, |a, b| self.order(a, b, &pass));
            }
        });
        let mut rows = page.finish(|a, b| self.order(a, b, &pass));
        let is_last = rows.len() <= self.limit;
        rows.truncate(self.limit);
        let next = rows.last().filter(|_| !is_last).map(|last| Cursor::at(self.key(last, &pass), last.mac));
        Found { macs: rows.into_iter().map(|row| row.mac).collect(), next, total, matching }
    }

    fn key<'p>(&self, row: &Candidate, pass: &'p Pass<'_>) -> Key<'p> {
        let of = pass.cohort(row.cohort);
        match self.sort {
            Sort::Mac => Key::Mac,
            Sort::LastSeen => Key::Seen(row.seen),
            Sort::Version => Key::Version(of.and_then(|of| of.runs.version(&of.cohort))),
            Sort::Product => Key::Product(of.and_then(|of| Some(of.cohort.product()?.as_str()))),
            Sort::State => {
                Key::state(of.and_then(|of| of.cohort.answer()).map(|answer| (answer.verdict, answer.rule)))
            }
        }
    }

    fn order(&self, a: &Candidate, b: &Candidate, pass: &Pass<'_>) -> Ordering {
        let by_key = || match self.sort {
            Sort::Mac => Ordering::Equal,
            Sort::LastSeen => a.seen.cmp(&b.seen),
            _ if a.cohort == b.cohort => Ordering::Equal,
            _ => self.key(a, pass).order(&self.key(b, pass)),
        };
        self.turned(by_key().then_with(|| a.mac.cmp(&b.mac)))
    }

    /// Whether it comes behind the page before.
    fn follows(&self, row: &Candidate, pass: &Pass<'_>) -> bool {
        let Some(after) = self.after else { return true };
        let by_key = self.key(row, pass).order(&after.key());
        self.turned(by_key.then_with(|| row.mac.cmp(&after.mac()))) == Ordering::Greater
    }

    const fn turned(&self, order: Ordering) -> Ordering {
        if self.descending { order.reverse() } else { order }
    }
}

/// The first few of what comes in any order: what cannot be among them is let go at once.
struct Page {
    rows: Vec<Candidate>,
    most: usize,
    /// Nothing behind it is on the page.
    last: Option<Candidate>,
}

impl Page {
    fn add(&mut self, row: Candidate, order: impl Fn(&Candidate, &Candidate) -> Ordering) {
        if self.last.is_some_and(|last| order(&row, &last) == Ordering::Greater) {
            return;
        }
        self.rows.push(row);
        if self.rows.len() >= self.most.saturating_mul(2) {
            self.rows.select_nth_unstable_by(self.most - 1, &order);
            self.rows.truncate(self.most);
            self.last = self.rows.last().copied();
        }
    }

    fn finish(mut self, order: impl Fn(&Candidate, &Candidate) -> Ordering) -> Vec<Candidate> {
        self.rows.sort_unstable_by(order);
        self.rows.truncate(self.most);
        self.rows
    }
}
