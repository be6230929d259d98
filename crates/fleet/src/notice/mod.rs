//! Notices: what is worth telling a person who does not look, when, and once.
//!
//! [`notices`] is the one place that decides it: webhooks, mail and whatever comes later carry what it says. It is told how
//! things stand ([`Situation`]) and what was told before ([`Told`], which is kept), and notes there what it tells now.
//!
//! - **An event is told once**: a campaign that stopped or finished.
//! - **A state is told when it begins and when it gets worse**, not while it lasts: devices that are missed or loop, a disk that
//!   fills, trust that waits for a person. What is over is forgotten, so that the next time is told again.
//! - **Many are told as one.** Devices of a site are a number and a few addresses; whatever falls silent within a while is one
//!   notice, of at most [`Missing::MAX_PLACES`] sites, and the next one comes an hour later at the earliest. A power cut of
//!   a thousand lamps is one notice.
//! - **Strangers are no news.** Only devices that otary updated, or that a person spoke of, are missed.

mod dispatch;
mod places;
mod rules;
mod subject;
mod told;
mod webhook;

pub use dispatch::{Attempt, Dispatch, Progress};
pub use places::{Missing, Place, Roll};
pub use rules::{Situation, Space, notices};
pub use subject::{Notice, Subject};
pub use told::Told;
pub use webhook::{HiddenText, Webhook};
