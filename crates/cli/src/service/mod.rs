//! otary as a service of systemd: the unit, and how it is put there and taken away.
//!
//! The unit gives the server one folder to write to and takes everything else away that it does not use (systemd.exec(5)):
//! `systemd-analyze security` says how much is left, from 0 (nothing) to 10.

mod exposure;
mod unit;

pub use exposure::exposure;
pub use unit::{Account, STATE, Unit};
