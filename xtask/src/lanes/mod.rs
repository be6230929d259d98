//! What must hold, one file a lane.

mod clippy;
mod demo;
mod directions;
mod docs;
mod format;
mod licences;
mod no_std;
mod sizes;
pub mod tests;

use crate::lane::Lane;

/// What a change can be held against while one works on it. The cheap lanes come first, and those that
/// compile share what they built.
pub const QUICK: &[Lane] = &[
    Lane { name: "format", run: format::run },
    Lane { name: "directions", run: directions::run },
    Lane { name: "licences", run: licences::run },
    Lane { name: "sizes", run: sizes::run },
    Lane { name: "no_std", run: no_std::run },
    Lane { name: "clippy", run: clippy::run },
    Lane { name: "docs", run: docs::run },
    Lane { name: "unit tests", run: tests::run_units },
];

/// What must hold before a change is merged. All tests include the unit tests.
pub const FULL: &[Lane] = &[
    Lane { name: "format", run: format::run },
    Lane { name: "directions", run: directions::run },
    Lane { name: "licences", run: licences::run },
    Lane { name: "sizes", run: sizes::run },
    Lane { name: "no_std", run: no_std::run },
    Lane { name: "clippy", run: clippy::run },
    Lane { name: "docs", run: docs::run },
    Lane { name: "tests", run: tests::run_every },
    Lane { name: "demo", run: demo::run },
];
