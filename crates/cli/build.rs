//! Tells the binary when it was built: no clock that shows an earlier time is right.
//!
//! `SOURCE_DATE_EPOCH` takes the place of the build's own time, so that builds can be reproduced.

use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo:rerun-if-changed=src");
    let given = std::env::var("SOURCE_DATE_EPOCH").ok();
    let built = given.unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        since.as_secs().to_string()
    });
    println!("cargo:rustc-env=OTARY_BUILT={built}");
}
