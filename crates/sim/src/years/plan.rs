//! What a run is asked for: how long, how many, by which policy, and what happens to the server meanwhile.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::clock::{DAY, YEAR};

/// What to simulate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// For how many years.
    pub years: u32,
    /// How many devices.
    pub devices: usize,
    /// The fleet, its firmware and its sleep follow from it.
    pub seed: u64,
    /// What keeps devices from being cut off.
    pub policy: Policy,
    /// What happens to the server.
    pub plan: Plan,
}

/// What keeps devices from being cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// otary's: a next root in advance, bridges, and a ledger that refuses.
    Overlap,
    /// Broken: the same, and nobody heeds the ledger.
    Unheeded,
    /// Broken: a new root at once, which no device was given in advance; no bridge, no ledger.
    None,
}

/// How a rollover is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether the old root's key cross-signs the new root.
    pub bridge: bool,
    /// Whether the new generation gets a host name of its own.
    pub own_name: bool,
}

/// When the operator does what is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Haste {
    /// On the last possible day.
    LastDay,
    /// As soon as it is allowed.
    AtOnce,
}

/// What happens to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How old the authority is when the run begins.
    pub age: Duration,
    /// How the planned rollovers are made, in turns.
    pub styles: Vec<Style>,
    /// When the operator does what is due.
    pub haste: Haste,
    /// When the current root's key is stolen, from the beginning of the run; and whether the new generation then gets a
    /// name of its own. There is no bridge from a stolen key.
    pub theft: Option<(Duration, bool)>,
}

impl Plan {
    /// An authority of 18 years, so that two planned rollovers fall into the next 17; then its root is stolen. The
    /// operator does everything on the last possible day.
    pub fn standard() -> Self {
        let shared = Style { bridge: true, own_name: false };
        Self {
            age: YEAR * 18,
            styles: vec![shared, Style { own_name: true, ..shared }],
            haste: Haste::LastDay,
            theft: Some((YEAR * 19, false)),
        }
    }

    /// Another one, by chance: any age, any style that a careful operator may choose, a theft at any time or none.
    pub fn random(seed: u64) -> Self {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut style = || Style { bridge: true, own_name: chance.random_bool(0.5) };
        let styles = vec![style(), style(), style()];
        let stolen = chance.random_bool(0.7);
        let at = DAY * chance.random_range(30..365 * 25);
        Self {
            age: DAY * chance.random_range(0..365 * 20),
            styles,
            haste: if chance.random_bool(0.7) { Haste::LastDay } else { Haste::AtOnce },
            theft: stolen.then(|| (at, chance.random_bool(0.3))),
        }
    }
}
