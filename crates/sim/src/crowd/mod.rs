//! A crowd: hundreds of boards at once, against a real server, over real sockets and real TLS.
//!
//! A board of a crowd is what it tells of itself and what became of its polls, a few hundred bytes. When it is due, a thread
//! lends it a seat, which is a flash chip of its own, for the time of one poll. So the client, its checks and its numbers are
//! those of a [`Board`](crate::Board), while a crowd of 500 needs the memory of sixteen.
//!
//! No two boards ask in step: each has its phase within the first interval, and every later poll comes up to a tenth of
//! an interval earlier or later.

mod member;
mod run;
mod schedule;
mod seat;
mod tally;

pub use run::{Plan, run};
pub use seat::CrowdError;
pub use tally::{Fate, Tally};
