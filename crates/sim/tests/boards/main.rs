//! Virtual boards against servers on loopback: real sockets, real TLS, real flash images.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod anti_rollback;
mod board;
mod http_update;
mod power;
mod raw_server;
mod slots;
mod tls;
