//! ESP images, partition tables and otadata: bytes to facts and back.
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]

mod chip;
mod error;
mod foreign;

pub use chip::Chip;
pub use error::{Error, Fault, Part};
pub use foreign::Foreign;
