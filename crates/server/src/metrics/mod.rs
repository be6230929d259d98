//! What Prometheus reads of a server: counters that serving adds to, and a page that is written when somebody asks for it.
//!
//! - Counting takes no lock and no memory on the way of a check-in: an atomic number for each dialect and verdict.
//! - Names follow the conventions of Prometheus: base units, `_total` on what only grows. Labels have few values, none of which
//!   a stranger chooses: products and campaigns are the operator's, everything else is a word of this program.
//! - A page asks the store for its sizes and the campaigns for their last look. Once the fleet was counted, no device's
//!   record is read.

mod counters;
mod facts;
mod page;

pub use counters::Counters;
pub(crate) use counters::{Attempted, Totals, Transferred};
pub(crate) use facts::{CampaignFacts, CertificateFacts, DiskFacts, Facts, StoreFacts};
pub(crate) use page::{CONTENT_TYPE, write};
