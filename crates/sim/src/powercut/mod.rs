//! The power-cut proof: the real agent on a virtual board, against a server by value, cut at every flash operation.
//!
//! A [`Case`] is a [`Scenario`] with an image size and a bootloader. [`Device::run`] lives through it from any state of the
//! flash: bootloader, agent, exchanges and sleeps on a virtual clock, until the server knows that the last release runs.
//! [`cut_once`] and [`cut_twice`] do so again from every state that a power cut leaves: before, in the middle of and after
//! every operation, the bootloader's included. Each time the board has to start an image that is whole, and to complete the
//! scenario; [`Tally`] counts what was tried and what came of it.
//!
//! States that are the same bit for bit, with a server that knows the same, go on the same way and are lived through once.

mod case;
mod device;
mod exchange;
mod hitch;
mod link;
mod proof;
mod scenario;
mod server;
mod suite;
mod tally;
mod workshop;

pub use case::{Case, STORE_SECTORS};
pub use device::{Breach, Device, End};
pub use hitch::{Hitch, Trouble};
pub use link::{Losses, lose_link, trouble_in_answers, trouble_in_payloads};
pub use proof::{cut_once, cut_twice};
pub use scenario::{Behaviour, SCENARIOS, Scenario, SecondRoot};
pub use server::Heard;
pub use suite::{Cuts, Row, daily, exhaustive};
pub use tally::Tally;
