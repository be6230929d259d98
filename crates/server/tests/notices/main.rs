//! Notices on their way out: real requests to a real receiver, real mail to a real mail server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod mail;
mod office;
mod receiver;
mod sink;
mod webhooks;
