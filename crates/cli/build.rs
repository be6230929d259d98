//! Tells the binary when it was built: no clock that shows an earlier time is right.
//!
//! `SOURCE_DATE_EPOCH` takes the place of the build's own time, so that builds can be reproduced.

use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo:rerun-if-changed=src");
    let built: u64 = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(given) => given.parse().unwrap_or_else(|_| panic!("SOURCE_DATE_EPOCH is {given:?} and no number")),
        Err(_) => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
    };
    println!("cargo:rustc-env=OTARY_BUILT={built}");
}
