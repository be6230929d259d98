#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]

mod cause;
mod cbor;
mod check_in;
mod cose;
mod digest;
mod error;
mod key;
mod list;
mod manifest;
mod offer;
mod order;
mod refusal;
mod report;
mod root;
#[cfg(feature = "sign")]
pub mod sign;
mod time;
mod trusted;
mod verify;

pub use cause::Cause;
pub use check_in::CheckIn;
pub use digest::Digest;
pub use error::{Error, Fault};
pub use key::PublicKey;
pub use list::{Full, List};
pub use manifest::{Encoding, Kind, Manifest, Payload};
pub use offer::Offer;
pub use order::{Action, Order};
pub use refusal::Refusal;
pub use report::{Outcome, Report};
pub use root::{ReleaseKey, RootRecord};
pub use time::{Clock, ClockState, UnixSeconds};
pub use trusted::{Root, Trusted};
pub use verify::{Identity, Stored, Verdict, hear, verify};

/// The most bytes of a product's name, as in `otary push`.
pub const MAX_PRODUCT: usize = 64;
/// The most bytes of a hardware's name.
pub const MAX_HARDWARE: usize = 32;
/// The most bytes of a version text, as in an image's descriptor.
pub const MAX_VERSION: usize = 32;
