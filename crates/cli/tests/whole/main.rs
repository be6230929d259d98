//! The whole: the built binary, servers on loopback, and virtual boards that start what they downloaded.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cert;
mod clock;
mod crash;
mod ddns;
mod demo;
mod house;
mod names;
mod provider;
mod renewal;
mod serve;
mod settings;
mod sim;
mod trust;
