//! The authority as its server and its operator meet it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod backup;
mod clock;
mod folder;
mod keys;
mod passphrase;
mod profile;
mod renewal;
mod rollover;
mod signing;

use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;

use otary_fleet::Time;
use otary_trust::{Authority, Certificate, Clock, Error, Name};
use tempfile::TempDir;

const DAY: Duration = Duration::from_hours(24);
/// 2026-11-23.
const TODAY: Time = Time::from_secs(1_795_392_000);

/// A place for one installation, with the names that it is reached by.
struct Place {
    dir: TempDir,
    names: Vec<Name>,
}

impl Place {
    fn new() -> Self {
        Self { dir: TempDir::new().unwrap(), names: names(&["serverota.local", "192.168.1.5"]) }
    }

    fn trust(&self) -> PathBuf {
        self.dir.path().join("trust")
    }

    fn start(&self, now: Time) -> Result<Authority, Error> {
        Authority::open_or_create(&self.trust(), &self.names, &clock(now))
    }
}

fn names(texts: &[&str]) -> Vec<Name> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A clock of a program that was built a month before today, beside an empty store.
fn clock(now: Time) -> Clock {
    Clock { now, built: TODAY - DAY * 30, newest: Time::default() }
}

fn leaf(authority: &Authority) -> &Certificate {
    authority.leaf().unwrap().certificate()
}

/// The error as the command line prints it: each cause behind its consequence.
fn full_text(error: &Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
