//! Virtual boards: flash, bootloader, link, and the stock clients' dialects.
//!
//! A [`Board`] is a [`Flash`] that behaves like NOR, a boot ROM and second-stage bootloader that choose and check a slot as
//! ESP-IDF's do, and a [`Sketch`]: the tutorial's, on Arduino's `HTTPUpdate`, over a real socket and real TLS. What it
//! sends, checks and prints, and which number it fails with, is what the device does; what the device cannot know (why
//! it was refused) is in the [`Poll`] beside it. In the sketch's place the board can run a firmware with otary's own agent
//! ([`AgentApp`], [`Board::run_agent`]).
//!
//! A [`crowd`] is hundreds of boards at once, each of them light.
//!
//! [`years`] is another matter: whole fleets of plain records through decades, in seconds, without a socket. So is
//! [`powercut`]: otary's own agent on a board by value, cut at every operation of its flash.
//!
//! Everything else is blocking and runs in the caller's thread. A [`Pace`] says how long the sketch's delays are, and its
//! [`Stop`] is the power switch.

mod agent;
mod board;
mod bootloader;
mod clock;
mod console;
pub mod crowd;
pub mod dns;
mod factory;
mod faulty;
mod flash;
mod http_update;
mod link;
mod nor_flash;
mod pace;
pub mod powercut;
mod rom;
pub mod sample;
mod sketch;
mod slots;
pub mod tls;
mod url;
pub mod virtual_fleet;
pub mod years;

pub use agent::{AgentApp, AgentError, AgentPoll, AgentReport};
pub use board::{Board, Identity};
pub use bootloader::{BootError, Refusal, Silicon, start};
pub use clock::Ntp;
pub use console::Console;
pub use factory::{FactoryError, Firmware, Layout};
pub use faulty::{Cut, Faulty, LeftOut, Operation, When};
pub use flash::{FOUR_MEGABYTES, Flash, FlashError, Nor, Operations, SECTOR};
pub use http_update::{Code, Core};
pub use link::{ConnectError, Link, Timeouts};
pub use nor_flash::AppFault;
pub use pace::{Pace, Stop};
pub use sketch::{Poll, Sketch, Until};
pub use slots::{ActivateError, Slots};
