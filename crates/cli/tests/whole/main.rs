//! The whole: the built binary, servers on loopback, and virtual boards that start what they downloaded.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod adoption;
mod agent;
mod api;
mod audit;
mod bad_input;
mod cert;
mod clock;
mod cosign;
mod crash;
mod ddns;
mod demo;
mod export;
mod house;
mod keys;
mod lamp;
mod names;
mod order;
mod provider;
mod renewal;
mod risks;
mod rollover;
mod serve;
mod settings;
mod signals;
mod signing;
mod sim;
mod thief;
mod trust;
