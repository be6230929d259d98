//! Scenarios: a fleet, its sites and what befalls it, all by one seed.

use std::time::Duration;

use otary_fleet::Time;

use crate::board::Board;
use crate::chance::Chance;

/// Days before the campaign from which on the fleet is simulated.
pub const HISTORY: u64 = 45;
/// Days after its beginning at which a campaign that goes on is given up.
pub const LAST_DAY: u64 = 150;
pub const DAY: u64 = 24 * 3600;

/// What a release does to the devices that it is bad for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// They never ask again after the update.
    AtOnce,
    /// They ask for so many hours, and then never again.
    After(u64),
}

/// A release on trial: for which share of devices it is bad, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    pub bad_for: f64,
    pub harm: Harm,
    pub soak: Duration,
}

pub struct Scenario {
    pub seed: u64,
    pub begins: Time,
    pub boards: Vec<Board>,
    /// Which site is off, from when to when.
    pub outage: Option<(u32, Time, Time)>,
}

impl Scenario {
    /// A fleet of `size`; half of the seeds have an outage.
    pub fn new(seed: u64, size: usize, candidate: &Candidate) -> Self {
        let mut chance = Chance::new(seed.wrapping_mul(0x5851_F42D_4C95_7F2D));
        let begins = Time::from_secs(1_795_000_000);
        let weekly = chance.within(0.0, 0.10);
        let sleepers = chance.within(0.0, 0.30);
        let gap = whole(chance.logarithmic(10.0, 86_400.0));
        let asks_at_start = chance.happens(0.5);
        let site_size = chance.logarithmic(1.0, 60.0);
        let sites = ((size as f64 / site_size).ceil() as u32).max(1);
        let outage = (seed % 2 == 1).then(|| {
            let from = begins + seconds(chance.logarithmic(600.0, 14.0 * 86_400.0));
            let place = (chance.number() % u64::from(sites)) as u32;
            (place, from, from + seconds(chance.within(2.0, 24.0) * 3600.0))
        });
        let boards = (0..size).map(|number| {
            let gap = if chance.happens(sleepers) {
                whole(chance.logarithmic(3_600.0, 7.0 * 86_400.0))
            } else {
                gap
            };
            let place = (chance.number() % u64::from(sites)) as u32;
            let harmed = chance.happens(candidate.bad_for);
            let mut board = Board::new(number as u32, place, gap, begins, &mut chance);
            board.asks_at_start = asks_at_start;
            board.harm = harmed.then_some(candidate.harm);
            board.away = absences(weekly, begins, &mut chance);
            board
        });
        let boards = boards.collect();
        Self { seed, begins, boards, outage }
    }

    /// Whether a board is switched on and its site is there.
    pub fn reaches(&self, board: &Board, at: Time) -> bool {
        let off = self.outage.is_some_and(|(site, from, to)| site == board.site && from <= at && at < to);
        !off && !board.away.iter().any(|(from, to)| *from <= at && at < *to)
    }
}

/// Background silence: `weekly` of the devices fall silent in a week, half of them for good, half for one to fourteen days.
fn absences(weekly: f64, begins: Time, chance: &mut Chance) -> Vec<(Time, Time)> {
    let (mut absences, end) = (Vec::new(), begins + Duration::from_secs(LAST_DAY * DAY));
    let mut at = begins - Duration::from_secs(HISTORY * DAY);
    loop {
        at = at + seconds(chance.until(weekly.max(1e-9) / (7.0 * 86_400.0)).min(1e10));
        if at > end {
            return absences;
        }
        let for_good = chance.happens(0.5);
        let back = at + seconds(chance.within(1.0, 14.0) * 86_400.0);
        absences.push((at, if for_good { Time(u64::MAX) } else { back }));
        if for_good {
            return absences;
        }
        at = back;
    }
}

fn whole(number: f64) -> u64 {
    number.round() as u64
}

fn seconds(number: f64) -> Duration {
    Duration::from_secs(whole(number))
}
