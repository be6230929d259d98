//! The page, as a person sees it: a server with its page, virtual boards behind it, and Chromium in front of it.
//!
//! Without Chromium and its driver these tests say that they were skipped, and pass.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod axe;
mod browser;
mod campaigns;
mod chromium;
mod fleet;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../whole/house.rs"]
mod house;
mod keyboard;
mod look;
mod person;
mod release;
mod screen;
mod street;
mod way_in;
mod webdriver;
