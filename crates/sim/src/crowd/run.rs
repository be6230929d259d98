//! The threads of a crowd: each takes the board that is due first, waits for it, and lends it its seat.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use otary_fleet::Mac;

use super::member::{Build, Member};
use super::schedule::{Schedule, pause, phase};
use super::seat::{CrowdError, Seat};
use super::tally::{Fate, Tally};
use crate::board::Identity;
use crate::factory::Firmware;
use crate::pace::Stop;
use crate::sketch::Sketch;

/// How many boards can ask at the same time. More would only wait for each other on a small machine.
const SEATS: u32 = 16;

/// A crowd to be.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// How many boards.
    pub boards: u32,
    /// The address of the first; the others follow it.
    pub first: Mac,
    /// What is flashed by cable.
    pub firmware: Firmware<'a>,
    /// The version that its sketch sends, if the image does not say it itself.
    pub version: Option<&'a str>,
    /// What the sketch does; how long it waits is said by `every`.
    pub sketch: &'a Sketch,
    /// Between two polls of each board; one after the last takes the first one's, and so on. Of nothing: a minute.
    pub every: &'a [Duration],
    /// A board asks until there is nothing newer, but no more than so many times.
    pub polls: u32,
}

/// Switches all boards on and lets them ask until each is done, or until they are turned off. `watch` sees the counts
/// after every poll.
pub fn run(plan: &Plan<'_>, stop: &Stop, watch: impl Fn(&Tally) + Sync) -> Result<Tally, CrowdError> {
    let crowd = Crowd::new(plan)?;
    let seats = (0..SEATS.min(plan.boards)).map(|_| Seat::new(crowd.identity(0)?, &plan.firmware));
    let seats: Vec<Seat> = seats.collect::<Result<_, _>>()?;
    let begin = Instant::now();
    thread::scope(|scope| {
        for mut seat in seats {
            let (crowd, watch) = (&crowd, &watch);
            scope.spawn(move || while crowd.serve_next(&mut seat, begin, stop, watch) {});
        }
    });
    Ok(crowd.into_tally(begin.elapsed()))
}

struct Crowd<'a> {
    plan: &'a Plan<'a>,
    schedule: Mutex<Schedule>,
    members: Vec<Mutex<Member>>,
    tally: Mutex<Tally>,
}

impl<'a> Crowd<'a> {
    fn new(plan: &'a Plan<'a>) -> Result<Self, CrowdError> {
        let build = Arc::new(Build::of(plan.firmware.app(), plan.version));
        let mut crowd = Self {
            plan,
            schedule: Mutex::default(),
            members: Vec::new(),
            tally: Mutex::new(Tally::of(plan.boards)),
        };
        for number in 0..plan.boards {
            let identity = crowd.identity(number)?;
            lock(&crowd.schedule)
                .add(phase(identity.mac, crowd.every(crowd.members.len())), crowd.members.len());
            crowd.members.push(Mutex::new(Member::new(identity, Arc::clone(&build))));
        }
        Ok(crowd)
    }

    /// Between two polls of a board.
    fn every(&self, board: usize) -> Duration {
        let place = board.checked_rem(self.plan.every.len()).unwrap_or(0);
        self.plan.every.get(place).copied().unwrap_or(Duration::from_mins(1))
    }

    /// Addresses are counted up from the first.
    fn identity(&self, number: u32) -> Result<Identity, CrowdError> {
        let Plan { first, boards, .. } = *self.plan;
        let mut address = [0; 8];
        address.iter_mut().skip(2).zip(first.bytes()).for_each(|(byte, of_first)| *byte = of_first);
        let address = u64::from_be_bytes(address).saturating_add(number.into());
        let [0, 0, bytes @ ..] = address.to_be_bytes() else {
            return Err(CrowdError::Addresses { first, boards });
        };
        let mac = Mac::new(bytes).map_err(|_| CrowdError::Addresses { first, boards })?;
        Ok(Identity::new(self.plan.firmware.app().chip(), mac))
    }

    /// Lends the seat to the board that is due first. False if nobody is left or the power is off.
    fn serve_next(&self, seat: &mut Seat, begin: Instant, stop: &Stop, watch: &impl Fn(&Tally)) -> bool {
        let Some((due, board)) = lock(&self.schedule).take() else { return false };
        stop.wait(due.saturating_sub(begin.elapsed()));
        if stop.is_stopped() {
            return false;
        }
        let Some(member) = self.members.get(board) else { return false };
        let mut member = lock(member);
        let (asked, former) = (Instant::now(), member.fate());
        let polled = seat.poll(&mut member, self.plan.sketch, stop);
        member.note(&polled.poll);
        let is_done =
            matches!(member.fate(), Fate::Updated | Fate::Current) || member.polls >= self.plan.polls;
        let mut tally = lock(&self.tally);
        tally.add(&polled.poll, polled.installed, asked.elapsed());
        tally.move_on(former, member.fate());
        tally.done += u32::from(is_done);
        tally.took = begin.elapsed();
        watch(&tally);
        if !is_done {
            let pause = pause(member.identity.mac, member.polls, self.every(board));
            lock(&self.schedule).add(begin.elapsed() + pause, board);
        }
        true
    }

    fn into_tally(self, took: Duration) -> Tally {
        Tally { took, ..self.tally.into_inner().unwrap_or_else(PoisonError::into_inner) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
