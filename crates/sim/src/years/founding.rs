//! How a fleet comes about: every kind of board, clock and sleep that otary promises not to lose, by chance from a seed.
//!
//! The promise is [`otary_fleet::Patience`]'s: a device that takes an update at least once in three years. A board whose
//! firmware was given the next root in advance may take none for longer than that.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use otary_fleet::{Device, Mac, Time};
use rand::Rng;
use rand::rngs::StdRng;

use super::board::{Board, Nap};
use super::clock::{BoardClock, DAY, Fault, FaultKind, YEAR};
use super::firmware::{Line, Shelf};
use super::queue::{Event, Queue};

/// The span of a run.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// When it begins.
    pub start: Time,
    /// When it ends.
    pub end: Time,
}

impl Span {
    fn moment(self, chance: &mut StdRng) -> Time {
        let millis = u64::try_from(self.end.since(self.start).as_millis()).unwrap_or(u64::MAX);
        self.start + Duration::from_millis(chance.random_range(0..millis.max(1)))
    }
}

/// The board with this number, and what is going to happen to it.
pub fn board(
    number: usize,
    shelf: &Shelf,
    span: Span,
    chance: &mut StdRng,
    queue: &mut Queue,
) -> Option<Board> {
    let place = number % shelf.lines.len().max(1);
    let line = shelf.lines.get(place)?;
    let bytes = u32::try_from(number).ok()?.to_be_bytes();
    let mac = Mac::new([0x24, 0x6F, bytes[0], bytes[1], bytes[2], bytes[3]]).ok()?;
    let sleep = chance.random_bool(0.15).then(|| nap(chance));
    let awake = sleep.is_none();
    let rhythm = Duration::from_secs(between(chance, 60.0, 172_800.0));
    let began = span.start + rhythm.mul_f64(chance.random_range(0.0..1.0));
    let board = Board {
        mac,
        line: place,
        firmware: line.newest,
        clock: clock(chance),
        rhythm,
        sleep,
        holds_back: (awake && chance.random_bool(0.12)).then(|| holding_back(line, span, chance)),
        proven: chance.random_bool(0.2),
        strangers: chance.random_bool(0.04).then(|| strangers(span, chance)),
        source: IpAddr::V4(Ipv4Addr::from(0x0A00_0000 | u32::from_be_bytes(bytes) << 4)),
        awake,
        polled: began - rhythm,
        due: awake.then_some(began),
        accepted: false,
        record: Device::new(mac, span.start),
        deaf: None,
        misled: None,
    };
    foresee(number, &board, span, chance, queue);
    Some(board)
}

/// Plans what happens to a board from outside, and its first poll.
fn foresee(number: usize, board: &Board, span: Span, chance: &mut StdRng, queue: &mut Queue) {
    match board.sleep {
        Some(nap) => {
            queue.plan(span.start + nap.longest.mul_f64(chance.random_range(0.0..1.0)), Event::Wake(number));
        }
        None => queue.plan(board.polled + board.rhythm, Event::Poll(number)),
    }
    if let Some((from, _)) = board.strangers {
        queue.plan(from, Event::Stranger(number));
    }
    if board.holds_back.is_none() && board.sleep.is_none() && chance.random_bool(0.05) {
        queue.plan(span.moment(chance), Event::Cable(number));
    }
}

/// From a week to three years.
fn nap(chance: &mut StdRng) -> Nap {
    let longest = DAY * u32::try_from(between(chance, 7.0, 1_095.0)).unwrap_or(7);
    let awake = [Duration::ZERO, Duration::from_hours(3), DAY * 2];
    Nap { longest, awake: awake[chance.random_range(0..awake.len())] }
}

fn clock(chance: &mut StdRng) -> BoardClock {
    let years = YEAR * chance.random_range(1..8);
    match chance.random_range(0..100) {
        0 => BoardClock::NeverSet,
        1 => BoardClock::Ahead(years),
        2 => BoardClock::Behind(years),
        3..40 => BoardClock::Ntp,
        _ => BoardClock::Right,
    }
}

/// Up to six years without an update; where the firmware may hold the current root alone up to five, over the bridge,
/// and up to two where dates are looked at, since a bridge ends with its root.
fn holding_back(line: &Line, span: Span, chance: &mut StdRng) -> (Time, Time) {
    let from = span.moment(chance);
    let longest = match (line.current_alone, line.stack.checks_dates()) {
        (true, true) => 730,
        (true, false) => 2_000,
        (false, _) => 2_190,
    };
    (from, from + DAY * chance.random_range(90..longest))
}

fn strangers(span: Span, chance: &mut StdRng) -> (Time, Time) {
    let from = span.moment(chance);
    (from, from + DAY * chance.random_range(300..1_800))
}

/// A number between two, small ones as often as large ones.
fn between(chance: &mut StdRng, least: f64, most: f64) -> u64 {
    let number = (chance.random_range(least.ln()..most.ln())).exp();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between two small positive numbers"
    )]
    let number = number as u64;
    number
}

/// When the server's clock is wrong: after a power cut each year or so, for weeks where no time server can be reached, and
/// now and then because somebody set it back ten years.
pub fn faults(span: Span, chance: &mut StdRng) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut from = span.start + DAY * chance.random_range(20..400);
    while from < span.end {
        let kind = if faults.len() % 6 == 2 { FaultKind::SetBack } else { FaultKind::Boot };
        let days = if faults.len() % 3 == 2 { 20..60 } else { 1..4 };
        let until = from + DAY * chance.random_range(days);
        faults.push(Fault { from, until, kind });
        from = until + DAY * chance.random_range(200..500);
    }
    faults
}
