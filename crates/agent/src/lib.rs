#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]

mod agent;
mod backoff;
mod boot;
mod config;
mod flash;
mod layout;
mod moment;
mod pace;
mod slot;
mod step;
mod store;
mod timekeeper;

pub use agent::{Agent, Anchors};
pub use config::{Config, Policy};
pub use flash::{Fault, SECTOR};
pub use layout::{Layout, LayoutFault, Region, STORE_NAME};
pub use moment::{Millis, Moment};
pub use otary_wire as wire;
pub use step::{Fetch, Input, Lost, MAX_ANSWER, MAX_PIECE, Step};
pub use timekeeper::Dates;
