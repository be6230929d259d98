//! The device side over real sockets: raw requests to the real listeners, on a clock that the tests move.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod agent;
mod artifacts;
mod board;
mod census;
mod chains;
mod ddi;
mod decision_table;
mod dialects;
mod drain;
mod handshakes;
mod hidden;
mod listeners;
mod log;
mod openssl;
mod placed;
mod plain_http;
mod private;
mod probe;
mod proofs;
mod protocol;
mod rollouts;
mod site;
mod stacks;
mod stalled;
mod strangers;
mod transfers;
mod wire;
