//! Self-signed certificates: what is asked for, by names or by a request file, is what is in them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod description;
mod names;
mod openssl;
mod refusals;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use otary_fleet::Time;
use otary_trust::{Certificate, Clock, Request, TrustedTime};

/// 2026-11-23.
const TODAY: Time = Time::from_secs(1_795_392_000);

fn trusted(now: Time) -> TrustedTime {
    Clock { now, built: TODAY - Duration::from_hours(24), newest: Time::default() }.check().unwrap()
}

fn made(request: &Request, days: u32) -> Certificate {
    request.self_sign(days, trusted(TODAY)).unwrap().0
}

/// What a program prints; none, with a word why, if it is not installed.
fn printed(program: &str, arguments: &[&str], dir: &Path) -> Option<String> {
    match Command::new(program).args(arguments).current_dir(dir).output() {
        Err(error) => {
            println!("skipped: {program} cannot be run: {error}");
            None
        }
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
    }
}
