//! Listeners, the client dialects and the operator API.
//!
//! [`Server::bind`] listens, [`Server::run`] serves until its [`Handle`] says stop. What the device side promises:
//!
//! - **Stock clients work unchanged**: HTTP/1.0, `Content-Length` and never chunked, no redirects, 304 for "no update",
//!   head and first bytes in one write.
//! - **Every check-in is on record** when its answer goes out, and has one line in the log with the reason.
//! - **A download that was begun is finished**, also when the server stops; what was handed over is counted.
//! - **What a device cannot say is said here**: why its handshake failed.
//! - **A private product is for its devices**: whoever does not prove to be one is answered, on every route, as if there
//!   were no such product.
//! - **A certificate is replaced while it is shown**: open connections stay, the next handshake sees the new one.
//! - **Strangers cannot use up the server**: connections, heads, new devices and log lines are bounded
//!   ([`Limits`]).
//!
//! One single-threaded runtime per processor serves devices, each with a listening socket of its own; operators have a
//! thread to themselves.

mod activity;
mod anchor;
mod artifact;
mod begun;
mod census;
mod check_in;
mod client_certificate;
mod clock;
mod custody;
mod dialect;
mod drain;
mod engine;
mod error;
mod every;
mod evidence;
pub mod fetch;
mod front;
mod gate;
mod handshake;
mod http1;
mod identity;
mod legacy_digest;
mod limits;
mod link;
mod listener;
mod metrics;
pub mod mirror;
mod newcomers;
pub mod notify;
pub mod operator;
mod operators;
mod options;
mod pacer;
mod page;
mod peer;
mod placed;
mod platform;
mod ranges;
mod reception;
pub mod recording;
mod rollout;
mod sending;
mod server;
mod shown;
mod signing;
pub mod sketch;
mod socket;
mod sockets;
mod span;
mod supervisor;
mod tally;
mod tls;
mod trouble;
mod visit;
mod worker;

pub use activity::{Activity, Period};
pub use census::{Answers, Census, Channels, Chips, Count, Products, Running, SeenWithin};
pub use clock::Clock;
pub use custody::{Custody, Elsewhere, Held};
pub use engine::Engine;
pub use error::ServeError;
pub use identity::Identity;
pub use limits::Limits;
pub use link::LinkToken;
pub use metrics::Counters;
pub use options::{Options, TlsRules};
pub use platform::{create_private_file, raise_descriptor_limit};
pub use rollout::Rollout;
pub use server::{Addresses, Handle, Server};
pub use signing::{BrokenChain, Signing};
pub use span::SPANS;
