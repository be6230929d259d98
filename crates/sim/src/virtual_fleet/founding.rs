//! A fleet as its script describes it: which board is of which kind, at which site, off at which times, and what each release
//! would do to it. All of it is drawn from the seed, and each part of it for itself.

use std::time::Duration;

use otary_fleet::{Time, Version};

use super::board::{Board, NEVER};
use super::chance::Chance;
use super::script::{Boards, Fault, Ppm, Script};

const DAY: Duration = Duration::from_hours(24);
const DAYS_IN_A_WEEK: u32 = 7;
/// Who falls silent by itself and comes back, is away for no longer.
const LONGEST_ABSENCE: Duration = Duration::from_hours(14 * 24);

/// What is drawn, each from a stream of its own. Boards have the numbers below.
const SITES: u64 = 1 << 40;
const KINDS: u64 = 2 << 40;
const FAULTS: u64 = 3 << 40;
const ABSENCES: u64 = 4 << 40;

/// All boards of a script; the script begins at `begins`.
pub(super) fn boards(script: &Script, begins: Time) -> Vec<Board> {
    let start = begins - script.before;
    let end = begins + script.lasts;
    let mut sites = Chance::new(script.seed, SITES);
    let Some(first) = script.releases.first() else { return Vec::new() };
    let kinds = kinds(script);
    let mut boards: Vec<Board> = (0..script.fleet)
        .zip(kinds)
        .filter_map(|(number, kind)| {
            let site = u32::try_from(sites.below(script.sites.into())).unwrap_or(0);
            let chance = Chance::new(script.seed, number.into());
            let mut board = Board::new(number, kind, site, &first.version, start, chance)?;
            let mut absences = Chance::new(script.seed, ABSENCES + u64::from(number));
            board.away = self::absences(script.background, start, end, &mut absences);
            Some(board)
        })
        .collect();
    for (place, issue) in script.releases.iter().enumerate() {
        for board in &mut boards {
            board.flaws.push(None);
        }
        for (number, fault) in (0..).zip(&issue.faults) {
            spoil(&mut boards, place, fault, script.seed, number);
        }
    }
    boards
}

/// The versions of a script, by their places.
pub(super) fn versions(script: &Script) -> Vec<Version> {
    script.releases.iter().map(|release| release.version.clone()).collect()
}

/// Each board's kind: as many as the shares say, the odd ones to the largest remainders, in an order by chance.
pub(super) fn kinds(script: &Script) -> Vec<&Boards> {
    let fleet = u64::from(script.fleet);
    let exact = |boards: &Boards| u64::from(boards.share) * fleet;
    let mut counts: Vec<(u64, u64)> =
        script.boards.iter().map(|boards| (exact(boards) / 1_000_000, exact(boards) % 1_000_000)).collect();
    let mut left = fleet.saturating_sub(counts.iter().map(|(whole, _)| whole).sum());
    let mut by_remainder: Vec<usize> = (0..counts.len()).collect();
    by_remainder.sort_by_key(|place| std::cmp::Reverse(counts.get(*place).map_or(0, |count| count.1)));
    for place in by_remainder {
        if let Some((whole, _)) = counts.get_mut(place).filter(|_| left > 0) {
            (*whole, left) = (*whole + 1, left - 1);
        }
    }
    let of_kind = |(boards, (count, _)): (_, &(u64, u64))| {
        std::iter::repeat_n(boards, usize::try_from(*count).unwrap_or(0))
    };
    let mut kinds: Vec<&Boards> = script.boards.iter().zip(&counts).flat_map(of_kind).collect();
    shuffle(&mut kinds, &mut Chance::new(script.seed, KINDS));
    kinds
}

/// Fisher and Yates.
fn shuffle<T>(things: &mut [T], chance: &mut Chance) {
    for last in (1..things.len()).rev() {
        let other = usize::try_from(chance.below(last as u64 + 1)).unwrap_or(last);
        things.swap(last, other);
    }
}

/// Lets a release do this to as many boards as the fault says, of those to which it does nothing else yet.
fn spoil(boards: &mut [Board], release: usize, fault: &Fault, seed: u64, number: u64) {
    let is_of_chip = |board: &&mut Board| fault.chip.is_none() || fault.chip == board.says.chip;
    let mut of_chip: Vec<&mut Board> = boards.iter_mut().filter(is_of_chip).collect();
    let count = share_of(of_chip.len(), fault.share);
    shuffle(&mut of_chip, &mut Chance::new(seed, FAULTS + ((release as u64) << 16) + number));
    let flaws = of_chip.into_iter().filter_map(|board| board.flaws.get_mut(release));
    for flaw in flaws.filter(|flaw| flaw.is_none()).take(count) {
        *flaw = Some(fault.harm);
    }
}

/// So many of these, rounded to the nearest.
fn share_of(all: usize, share: Ppm) -> usize {
    let parts = all as u64 * u64::from(share);
    usize::try_from((parts + 500_000) / 1_000_000).unwrap_or(all)
}

/// Background silence: in each week so many boards fall silent by themselves, half of them for good, half for one to fourteen
/// days.
fn absences(weekly: Ppm, start: Time, end: Time, chance: &mut Chance) -> Vec<(Time, Time)> {
    let daily = weekly / DAYS_IN_A_WEEK;
    let (mut absences, mut day) = (Vec::new(), start);
    while daily > 0 && day < end {
        if !chance.happens(daily) {
            day = day + DAY;
            continue;
        }
        let from = day + chance.between(Duration::ZERO, DAY);
        let back = from + chance.between(DAY, LONGEST_ABSENCE);
        let is_for_good = chance.happens(500_000);
        absences.push((from, if is_for_good { NEVER } else { back }));
        if is_for_good {
            break;
        }
        day = back;
    }
    absences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Script {
        Script::parse(text).unwrap()
    }

    const MIX: &str = "fleet 1001 at 7 sites\nboards 33.3% arduino-esp32 on esp32 every 1h\n\
        boards 66.7% arduino-esp32 on esp32c3 every 1h\nrelease 1.0\nrelease 2.0\n";

    #[test]
    fn shares_are_kept_to_the_board() {
        let boards = boards(&script(MIX), Time::from_secs(1_795_000_000));
        let count =
            |chip: &str| boards.iter().filter(|board| board.says.chip.unwrap().name() == chip).count();
        assert_eq!((boards.len(), count("esp32"), count("esp32c3")), (1001, 333, 668));
        let at_first_site = boards.iter().filter(|board| board.site == 0).count();
        assert!((100..190).contains(&at_first_site), "{at_first_site}");
    }

    #[test]
    fn a_fault_is_of_as_many_boards_as_it_says_and_none_has_two() {
        let script =
            script(&format!("{MIX}fault 2.0 bricks 5% of esp32c3\nfault 2.0 loops 100% of esp32c3\n"));
        let boards = boards(&script, Time::from_secs(1_795_000_000));
        let count = |harm: &str| {
            let flaws = boards.iter().filter_map(|board| board.flaws[1]);
            flaws.filter(|flaw| format!("{flaw:?}").starts_with(harm)).count()
        };
        assert_eq!((count("Bricks"), count("Loops")), (33, 635));
        assert!(boards.iter().all(|board| board.flaws[0].is_none()));
    }

    #[test]
    fn so_many_fall_silent_in_a_week_as_is_said() {
        let (start, week) = (Time::from_secs(1_795_000_000), DAY * 7);
        let silent = (0..10_000).filter(|seed| {
            let absences = absences(50_000, start, start + week, &mut Chance::new(*seed, 0));
            absences.iter().any(|(from, _)| from.since(start) < week)
        });
        let silent = silent.count();
        assert!((440..560).contains(&silent), "{silent}");
        assert_eq!(absences(0, start, start + week, &mut Chance::new(1, 0)), []);
    }
}
