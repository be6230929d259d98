//! What is tried: in minutes with every change, and in hours when asked for.

use std::fmt;

use otary_image::Rollback;

use super::case::Case;
use super::proof::{cut_once, cut_twice};
use super::scenario::{SCENARIOS, SELF_TEST_FAILS, Scenario, TWO_UPDATES, UPDATE};
use super::tally::Tally;
use crate::factory::FactoryError;

const KIB: u32 = 1024;
const MIB: u32 = 1024 * KIB;
/// A TCP segment: pieces that lie across words and sectors.
const SEGMENT: usize = 1460;
/// As much as an agent takes at once.
const LARGEST_PIECE: usize = 4096;
const BOTH: [Rollback; 2] = [Rollback::Enabled, Rollback::Disabled];

/// How many cuts a board lives through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cuts {
    /// One, anywhere.
    One,
    /// Two, each anywhere.
    Two,
}

/// One line of the proof.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// What happens.
    pub scenario: Scenario,
    /// The bootloader.
    pub rollback: Rollback,
    /// Whether the bootloader also knows anti-rollback.
    pub guarded: bool,
    /// The most bytes of an image.
    pub size: u32,
    /// Bytes of a payload that arrive at once.
    pub piece: usize,
    /// How many cuts.
    pub cuts: Cuts,
    /// One torn operation for each.
    pub seeds: &'static [u64],
}

impl Row {
    /// Makes the case and tries every cut.
    pub fn run(&self) -> Result<Tally, FactoryError> {
        let case = Case::new(self.scenario, self.rollback, self.size, self.piece)?;
        let case = if self.guarded { case.guarded() } else { case };
        Ok(match self.cuts {
            // Several more starts of a large image would take longer than everything before them.
            Cuts::One => cut_once(&case, self.seeds, self.size < MIB),
            Cuts::Two => cut_twice(&case, self.seeds),
        })
    }

    const fn new(scenario: Scenario, rollback: Rollback) -> Self {
        let (size, piece, cuts) = (64 * KIB, LARGEST_PIECE, Cuts::One);
        Self { scenario, rollback, guarded: false, size, piece, cuts, seeds: &[1] }
    }

    const fn of_1_mib(self) -> Self {
        Self { size: MIB, piece: SEGMENT, ..self }
    }
}

/// With every change: single cuts of an update of 1 MiB, of every scenario in pieces of odd lengths, and behind a bootloader
/// with anti-rollback; pairs of cuts of every scenario with images of 64 KiB.
pub fn daily() -> Vec<Row> {
    let mut rows: Vec<Row> = BOTH.iter().map(|&rollback| Row::new(UPDATE, rollback).of_1_mib()).collect();
    rows.push(Row::new(SELF_TEST_FAILS, Rollback::Disabled).of_1_mib());
    rows.push(Row { guarded: true, ..Row::new(TWO_UPDATES, Rollback::Enabled) });
    rows.extend(every().map(|row| Row { piece: SEGMENT, seeds: &[2, 3], ..row }));
    rows.extend(every().map(|row| Row { cuts: Cuts::Two, ..row }));
    rows
}

/// More: every scenario with 1 MiB, with more ways to tear; pairs with twice the size in odd pieces.
pub fn exhaustive() -> Vec<Row> {
    let torn = &[11, 12, 13, 14, 15, 16, 17, 18];
    let mut rows: Vec<Row> = every().map(Row::of_1_mib).collect();
    rows.extend(every().map(|row| Row { piece: SEGMENT, seeds: torn, ..row }));
    rows.extend(every().map(|row| Row { guarded: true, cuts: Cuts::Two, ..row }));
    rows.extend(every().map(|row| Row { cuts: Cuts::Two, size: 128 * KIB, piece: SEGMENT, ..row }));
    rows.extend(every().map(|row| Row { cuts: Cuts::Two, seeds: torn, ..row }));
    rows
}

fn every() -> impl Iterator<Item = Row> {
    SCENARIOS.iter().flat_map(|scenario| BOTH.map(|rollback| Row::new(*scenario, rollback)))
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cuts = if self.cuts == Cuts::One { "single cuts" } else { "pairs of cuts" };
        let bootloader = match (self.rollback, self.guarded) {
            (_, true) => "anti-rollback",
            (Rollback::Enabled, _) => "rollback",
            (Rollback::Disabled, _) => "no rollback",
        };
        write!(f, "{}, {bootloader}, {} KiB, {cuts}", self.scenario.name, self.size / KIB)
    }
}
