//! Tells the crate when it was built: no clock that shows an earlier time is believed.

use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let reproducible = std::env::var("SOURCE_DATE_EPOCH").ok();
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()).to_string();
    println!("cargo::rustc-env=OTARY_BUILT={}", reproducible.unwrap_or_else(now));
}
