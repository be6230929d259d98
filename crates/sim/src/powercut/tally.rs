//! What was tried, and what came of it.

use std::fmt;

use super::device::Breach;

/// So many broken promises are told in full.
const TOLD: usize = 5;

/// Counts of cuts and of what became of the board.
#[derive(Debug, Default)]
pub struct Tally {
    /// Operations of the run without a cut.
    pub operations: u64,
    /// Cuts, or pairs of them, that were tried.
    pub tried: u64,
    /// Different states that they left, each lived through.
    pub states: u64,
    /// Boards that did not start any more.
    pub bricked: u64,
    /// Boards that started something that is no whole release.
    pub mixed: u64,
    /// Boards that broke another promise, most often by not completing the scenario.
    pub unfinished: u64,
    /// The first broken promises.
    pub told: Vec<String>,
}

impl Tally {
    /// Whether every board started whole images alone and completed the scenario.
    pub const fn holds(&self) -> bool {
        self.bricked == 0 && self.mixed == 0 && self.unfinished == 0 && self.tried > 0
    }

    pub(super) fn note(&mut self, what: impl fmt::Display, result: Result<(), Breach>) {
        let Err(breach) = result else { return };
        match breach {
            Breach::Bricked(_) => self.bricked += 1,
            Breach::Mixed { .. } => self.mixed += 1,
            _ => self.unfinished += 1,
        }
        if self.told.len() < TOLD {
            self.told.push(format!("{what}: {breach}"));
        }
    }

    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.operations = self.operations.max(other.operations);
        self.tried += other.tried;
        self.states += other.states;
        self.bricked += other.bricked;
        self.mixed += other.mixed;
        self.unfinished += other.unfinished;
        self.told.extend(other.told);
        self.told.truncate(TOLD);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operations, tried, states, bricked, mixed, unfinished, told } = self;
        write!(
            f,
            "{operations} operations, {tried} tried ({states} states), {bricked} bricked, {mixed} mixed, "
        )?;
        match unfinished {
            0 => f.write_str("all completed")?,
            _ => write!(f, "{unfinished} unfinished")?,
        }
        told.iter().try_for_each(|told| write!(f, "\n  {told}"))
    }
}
