//! Verification: whether the audit log is still what it was, and if not, at which entry it broke.

use std::fmt;

use otary_fleet::{Mac, ProductName};
use serde::{Deserialize, Serialize};

use crate::audit::{AuditEntry, Head, NotedHead};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verification {
    /// Entries that were looked at.
    pub entries: u64,
    /// Of those, the ones that were forgotten: their leaves alone are left.
    pub forgotten: u64,
    /// Where the log begins: what prune left of the entries before it.
    pub checkpoint: Head,
    /// Where it ends, as far as it holds.
    pub head: Head,
    /// Whether it holds.
    pub finding: Finding,
}

/// Whether the log holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "finding", rename_all = "kebab-case")]
pub enum Finding {
    /// It holds in itself, and no head was given to hold it against.
    Consistent,
    /// Everything up to the head is what it was when the head was noted.
    Confirmed {
        /// Entries that came since.
        newer: u64,
    },
    /// The record of an entry is not the one that was written.
    Altered {
        /// The entry.
        number: u64,
    },
    /// An entry does not follow on the one before it.
    Broken {
        /// The entry.
        number: u64,
        /// The one before it.
        before: u64,
    },
    /// The last entries are missing.
    CutOff {
        /// The last one that is there.
        last: u64,
        /// The last one that there was.
        head: u64,
    },
    /// The log holds in itself, and is not the one that the head was noted of.
    Rewritten {
        /// The entry of the head, which has another chain.
        number: u64,
    },
    /// No entry has the chain that was given, and without its number nothing more can be told.
    NotFound,
    /// The entries up to the head were pruned.
    Pruned {
        /// The last one that went.
        checkpoint: u64,
    },
}

impl Finding {
    /// Whether nothing speaks against the log.
    pub const fn holds(&self) -> bool {
        matches!(self, Self::Consistent | Self::Confirmed { .. })
    }
}

impl fmt::Display for Finding {
    /// One sentence for people, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Consistent => f.write_str(
                "the log holds in itself; only a head that was noted elsewhere can show that it was not rewritten as a whole",
            ),
            Self::Confirmed { newer } => {
                write!(f, "everything up to the head is as it was written; {newer} entries came since")
            }
            Self::Altered { number } => write!(f, "entry {number} was altered: its record is not the one that was written"),
            Self::Broken { number, before } if before + 1 < number => write!(
                f,
                "the chain broke at entry {number}: it does not follow on entry {before}, what stood between them was removed"
            ),
            Self::Broken { number, before } => {
                write!(f, "the chain broke at entry {number}: it does not follow on entry {before}, one of them was rewritten")
            }
            Self::CutOff { last, head } => {
                write!(f, "the log was cut off: it ends at entry {last}, and it went on to entry {head}")
            }
            Self::Rewritten { number } => write!(
                f,
                "the log was rewritten: it holds in itself, but entry {number} is another one than when the head was noted"
            ),
            Self::NotFound => f.write_str(
                "no entry has this hash: the log was cut off before it, or rewritten, or pruned; the number that stands before the hash in a head tells which",
            ),
            Self::Pruned { checkpoint } => write!(
                f,
                "this cannot be told any more: the entries up to {checkpoint} were pruned, and the head is older than that"
            ),
        }
    }
}

/// An entry with the columns that stand beside its record.
pub(crate) struct Row {
    pub(crate) entry: AuditEntry,
    pub(crate) device: Option<Mac>,
    pub(crate) product: Option<ProductName>,
}

/// Goes along the log, from its checkpoint on.
pub(crate) struct Walk {
    noted: Option<NotedHead>,
    /// Whether the chain that was noted was met.
    met: Option<Head>,
    found: Verification,
}

impl Walk {
    pub(crate) fn from(checkpoint: Head, noted: Option<NotedHead>) -> Self {
        let found = Verification {
            entries: 0,
            forgotten: 0,
            checkpoint,
            head: checkpoint,
            finding: Finding::Consistent,
        };
        let mut walk = Self { noted, met: None, found };
        walk.meet();
        walk
    }

    /// Takes the next entry. Returns whether the log holds so far.
    pub(crate) fn step(&mut self, row: &Row) -> bool {
        let AuditEntry { number, leaf, chain, ref record, .. } = row.entry;
        let before = self.found.head.number;
        let next = self.found.head.then(number, &leaf);
        if next.chain != chain || number <= before {
            self.found.finding = Finding::Broken { number, before };
        } else if !row.is_as_written() {
            self.found.finding = Finding::Altered { number };
        } else {
            self.found.head = next;
            self.found.entries += 1;
            self.found.forgotten += u64::from(record.is_none());
            self.meet();
        }
        self.found.finding.holds()
    }

    fn meet(&mut self) {
        if self.noted.is_some_and(|noted| noted.chain == self.found.head.chain) {
            self.met = Some(self.found.head);
        }
    }

    /// The end of the log, which the store believes to be at `head`.
    pub(crate) fn end(mut self, head: Head) -> Verification {
        if self.found.finding.holds() {
            self.found.finding = self.verdict(head);
        }
        self.found
    }

    fn verdict(&self, head: Head) -> Finding {
        let (last, checkpoint) = (self.found.head.number, self.found.checkpoint.number);
        match self.noted {
            _ if last < head.number => Finding::CutOff { last, head: head.number },
            _ if self.found.head != head => Finding::Rewritten { number: last },
            None => Finding::Consistent,
            Some(noted) => match (self.met, noted.number) {
                (Some(met), number) if number.is_none_or(|number| number == met.number) => {
                    Finding::Confirmed { newer: last.saturating_sub(met.number) }
                }
                (_, None) => Finding::NotFound,
                (_, Some(number)) if number > last => Finding::CutOff { last, head: number },
                (_, Some(number)) if number < checkpoint => Finding::Pruned { checkpoint },
                (_, Some(number)) => Finding::Rewritten { number },
            },
        }
    }
}

impl Row {
    /// Whether the record is the one of the leaf, and the columns say what it says. Of a forgotten entry the columns are
    /// empty.
    fn is_as_written(&self) -> bool {
        let AuditEntry { record, leaf, at, .. } = &self.entry;
        let Some(record) = record else { return self.device.is_none() && self.product.is_none() };
        let says = |event: otary_fleet::Event| {
            (event.at, event.device, event.product) == (*at, self.device, self.product.clone())
        };
        record.leaf() == *leaf && record.event().is_ok_and(says)
    }
}
