//! When each board of a crowd asks: out of step, and the same for the same addresses.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use otary_fleet::{Mac, Sha256};

/// Who is due when, since the crowd was switched on. Each board has a number.
#[derive(Debug, Default)]
pub(super) struct Schedule(BinaryHeap<Reverse<(Duration, usize)>>);

impl Schedule {
    pub(super) fn add(&mut self, due: Duration, board: usize) {
        self.0.push(Reverse((due, board)));
    }

    /// Takes the board that is due first.
    pub(super) fn take(&mut self) -> Option<(Duration, usize)> {
        self.0.pop().map(|Reverse(first)| first)
    }
}

/// When a board asks for the first time: somewhere in the first interval.
pub(super) fn phase(board: Mac, every: Duration) -> Duration {
    every.mul_f64(fraction(board, 0))
}

/// How long a board waits after its `polls`th poll: an interval, up to a tenth more or less.
pub(super) fn pause(board: Mac, polls: u32, every: Duration) -> Duration {
    every.mul_f64(0.9 + 0.2 * fraction(board, polls))
}

/// A number from 0 to 1 that differs from board to board and from poll to poll.
fn fraction(board: Mac, polls: u32) -> f64 {
    let digest = Sha256::of(&[&board.bytes()[..], &polls.to_le_bytes()].concat()).0;
    let drawn = digest.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    f64::from(drawn) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn board(number: u8) -> Mac {
        Mac::new([2, 0, 0, 0, 0, number]).unwrap()
    }

    #[test]
    fn phases_fill_the_interval_evenly() {
        let mut quarters = [0; 4];
        for number in 0..200 {
            let phase = phase(board(number), MINUTE);
            quarters[usize::try_from(phase.as_secs() / 15).unwrap().min(3)] += 1;
        }
        assert!(quarters.iter().all(|boards| (30..=70).contains(boards)), "{quarters:?}");
    }

    #[test]
    fn pauses_are_an_interval_give_or_take_a_tenth_and_never_the_same() {
        let pauses: Vec<_> = (1..50).map(|polls| pause(board(7), polls, MINUTE)).collect();
        assert!(pauses.iter().all(|pause| (54..=66).contains(&pause.as_secs())), "{pauses:?}");
        assert!(pauses.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(pauses[3], pause(board(7), 4, MINUTE), "the same in each run");
    }

    #[test]
    fn who_is_due_first_is_first() {
        let mut schedule = Schedule::default();
        for (seconds, board) in [(30, 0), (10, 1), (20, 2)] {
            schedule.add(Duration::from_secs(seconds), board);
        }
        let order: Vec<_> = std::iter::from_fn(|| schedule.take()).map(|(_, board)| board).collect();
        assert_eq!(order, [1, 2, 0]);
    }
}
