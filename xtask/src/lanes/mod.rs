//! What must hold, one file a lane.

mod clippy;
mod demo;
mod directions;
mod docs;
mod firmware;
mod format;
mod fuzz;
mod licences;
mod no_std;
mod package;
mod sizes;
pub mod tests;
mod wait;

use crate::lane::Lane;

const FORMAT: Lane = Lane { name: "format", run: format::run };
const DIRECTIONS: Lane = Lane { name: "directions", run: directions::run };
const LICENCES: Lane = Lane { name: "licences", run: licences::run };
const SIZES: Lane = Lane { name: "sizes", run: sizes::run };
const NO_STD: Lane = Lane { name: "no_std", run: no_std::run };
const CLIPPY: Lane = Lane { name: "clippy", run: clippy::run };
const DOCS: Lane = Lane { name: "docs", run: docs::run };
const UNITS: Lane = Lane { name: "units", run: tests::run_units };
const TESTS: Lane = Lane { name: "tests", run: tests::run_every };
const FUZZ: Lane = Lane { name: "fuzz", run: fuzz::run };
const FIRMWARE: Lane = Lane { name: "firmware", run: firmware::run };
const WAIT: Lane = Lane { name: "wait", run: wait::run };
const DEMO: Lane = Lane { name: "demo", run: demo::run };
const PACKAGE: Lane = Lane { name: "package", run: package::run };

/// What a change can be held against while one works on it. The cheap lanes come first, and those that
/// compile share what they built.
pub const QUICK: &[Lane] = &[FORMAT, DIRECTIONS, LICENCES, SIZES, NO_STD, CLIPPY, DOCS, UNITS];

/// What must hold before a change is merged. All tests include the unit tests.
pub const FULL: &[Lane] =
    &[FORMAT, DIRECTIONS, LICENCES, SIZES, NO_STD, CLIPPY, DOCS, TESTS, WAIT, FUZZ, DEMO, PACKAGE, FIRMWARE];

/// The lane of this name.
pub fn named(name: &str) -> Option<&'static Lane> {
    FULL.iter().chain(QUICK).find(|lane| lane.name == name)
}
