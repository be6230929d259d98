//! Decades of a fleet and its server, in seconds: the proof that no device is ever cut off, or the name of the one that is.
//!
//! The decisions are the real ones: [`otary_fleet`] says who is offered what, what is learnt from it, what each device
//! holds, which step of a rollover is refused, and what is due; [`otary_trust`] says how long certificates live, when a
//! leaf is made anew, and which clock is not believed. What is simulated is the world around them: boards with their
//! firmware, clocks and sleep, an operator, strangers, and certificates as plain dates ([`Chain`]) instead of X.509.
//!
//! Time goes by events, not by ticks. A board that polls every minute and is answered the same is polled when something
//! changes, and its record is brought up to date whenever somebody reads it, as all the polls in between would have.
//! The same [`Options`] give the same [`Report`].

mod board;
mod chain;
mod clock;
mod firmware;
mod founding;
mod operator;
mod plan;
mod poll;
mod queue;
mod report;
mod run;
mod server;
mod stack;
mod survey;

pub use chain::{Bridge, Chain, Held, Path, Refusal};
pub use plan::{Haste, Options, Plan, Policy, Style};
pub use report::{Census, Counts, Entry, Report, Victim, What};
pub use run::run;
pub use server::Server;
pub use stack::Stack;
