//! A driver of `otary-agent` for devices: it has the clock, the sockets and the flash that the agent asks for.
//!
//! The agent is a state machine without I/O: it says what it needs next, and this crate does it, over whatever network stack
//! has the traits of edge-nal, whatever clock drives embassy-time, and whatever board implements [`Board`].
//!
//! | module | says |
//! |---|---|
//! | [`settings`] | what is compiled in, from the environment of the build |
//! | [`board`], `chip` | what a board is, and an Espressif chip as one |
//! | [`network`] | names, connections, datagrams |
//! | [`driver`] | the loop: does what the agent says next |
//! | [`device`] | what the agent is told of the board |
//! | `exchange` | one request and its answer |
//! | [`tls`], `anchors` | who is spoken with |
//! | [`http`] | what is said |
//! | [`clock`], [`sntp`], [`calendar`] | the time that dates are judged by |
//! | [`sketch`] | what the serial monitor shows |
//! | `stub`, `stack` | what is measured with: the features `stubbed` and `painted` |

#![no_std]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod anchors;
pub mod board;
pub mod calendar;
#[cfg(feature = "chip")]
pub mod chip;
pub mod clock;
pub mod device;
pub mod driver;
mod exchange;
pub mod http;
pub mod network;
pub mod settings;
pub mod sketch;
pub mod sntp;
#[cfg(feature = "painted")]
mod stack;
#[cfg(feature = "stubbed")]
mod stub;
pub mod tls;

pub use board::Board;
pub use device::Device;
pub use driver::{Driver, Unfit};
pub use exchange::Piece;
pub use network::Network;
pub use otary_image::Chip as Family;
pub use settings::Settings;
