//! Every dependency may be shipped under a licence that asks for no more than a notice.
//!
//! Not cargo-deny: its licence check is this one, and installing it costs more than all other lanes.

use anyhow::Context as _;
use cargo_metadata::Package;
use spdx::{Expression, LicenseReq, ParseMode};

use crate::lane::Notes;
use crate::workspace::Workspace;

/// Of an expression such as `MIT OR GPL-2.0-only`, enough parts must be among these.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "OpenSSL",
    "Unicode-3.0",
    "Zlib",
];

pub fn run(workspace: &Workspace, _: &mut Notes) -> anyhow::Result<()> {
    let mut packages = workspace.metadata()?.packages;
    packages.extend(workspace.firmware_metadata()?.packages);
    let mut refused = 0;
    for package in packages.iter().filter(|package| package.source.is_some()) {
        if let Err(error) = judge(package) {
            println!("{} {}: {error:#}", package.name, package.version);
            refused += 1;
        }
    }
    anyhow::ensure!(refused == 0, "{refused} of {} packages are refused", packages.len());
    println!("{} packages", packages.len());
    Ok(())
}

fn judge(package: &Package) -> anyhow::Result<()> {
    let licence = package.license.as_deref().context("states no licence")?;
    anyhow::ensure!(is_allowed(licence)?, "{licence}");
    Ok(())
}

/// Older packages write `MIT/Apache-2.0` for "or", hence the lax reading.
fn is_allowed(expression: &str) -> anyhow::Result<bool> {
    let expression = Expression::parse_mode(expression, ParseMode::LAX)?;
    Ok(expression.evaluate(is_listed))
}

/// `Apache-2.0 WITH LLVM-exception` allows more than `Apache-2.0`, as every exception does.
fn is_listed(licence: &LicenseReq) -> bool {
    licence.license.id().is_some_and(|id| ALLOWED.contains(&id.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_allowed_choice_is_enough_but_every_part_of_a_sum_counts() {
        for allowed in
            ["MIT", "MIT/Apache-2.0", "Apache-2.0 OR GPL-2.0-only", "ISC AND (MIT OR GPL-3.0-only)"]
        {
            assert!(is_allowed(allowed).unwrap(), "{allowed}");
        }
        for refused in ["GPL-3.0-or-later", "MIT AND AGPL-3.0-only", "LicenseRef-own"] {
            assert!(!is_allowed(refused).unwrap(), "{refused}");
        }
    }

    #[test]
    fn a_text_that_names_no_licence_is_an_error() {
        assert!(is_allowed("see the file").is_err());
    }
}
