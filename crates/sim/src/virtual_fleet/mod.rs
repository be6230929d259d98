//! Simulated fleets: a script says what there is and what happens, and days of thousands of boards pass in seconds, without a
//! socket.
//!
//! What is decided is decided by the engine itself: every answer is `fleet::decide`'s, every record that of `observe` and
//! `delivered`, every step of a campaign `advance`'s from `Roster::tally`, and how much may be begun is `opening`'s. What is
//! simulated is the world around it: boards with their rhythms, links and absences, releases with faults, sites without power,
//! a server that is off, strangers, and an operator who does what the script says.
//!
//! Time goes by events, not by ticks. All chance is drawn from the script's seed, by integers alone: the same [`Script`] gives the
//! same [`Report`] on every machine. [`limits`] says how much may be asked for.

mod board;
mod campaigns;
mod chance;
mod ending;
mod founding;
pub mod limits;
mod operator;
mod outages;
mod poll;
mod report;
mod run;
mod script;
mod shelf;
mod strangers;

pub use report::{Census, Course, Entry, Met, Report, Seen, What, duration};
pub use run::{News, run};
pub use script::{
    Act, Asks, Begin, Boards, Bound, Expectation, Fault, Figure, Harm, Issue, Ppm, Scheduled, Script,
    ScriptError, Strangers, Word,
};
