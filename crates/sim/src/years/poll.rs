//! A board meets the server: TLS first, then the real decision, then what the server learns from it.

use std::time::Duration;

use otary_fleet::{
    CheckIn, Delivery, Handshake, Mode, Openings, Proof, Time, View, decide, delivered, observe,
};

use super::board::STRANGERS;
use super::chain::{Held, Path};
use super::clock::{BoardClock, DAY, Fault};
use super::queue::Event;
use super::run::Years;

/// Restarts after an update that are followed in one go.
const RESTARTS: u32 = 3;
/// From the end of a download to the first poll of the new firmware.
const RESTART: Duration = Duration::from_mins(1);
/// How often a stranger polls.
const STRANGER: Duration = Duration::from_hours(30 * 24);

impl Years {
    /// A board polls at `now`; it is the last of so many polls that were answered alike.
    pub fn poll(&mut self, place: usize, mut now: Time, polls: u64) {
        let mut polls = polls;
        for _ in 0..RESTARTS {
            let Some(installed) = self.ask(place, now, polls) else { return };
            let Some(board) = self.boards.get_mut(place) else { return };
            board.firmware = installed;
            self.report.counts.updates += 1;
            now = now + RESTART;
            polls = 1;
        }
    }

    /// One poll; gives the firmware that it installs.
    fn ask(&mut self, place: usize, now: Time, polls: u64) -> Option<usize> {
        let server_time = Fault::shown(&self.faults, now);
        let board = self.boards.get_mut(place)?;
        let line = self.shelf.lines.get(board.line)?;
        let firmware = self.shelf.firmware(board.firmware)?;
        board.polled = now;
        let counts = &mut self.report.counts;
        let (presented, chain) = self.server.chain(firmware.asks.as_deref())?;
        let verdict = chain.judge(line.stack, firmware.held, self.server.roots(), board.clock.shown(now));
        board.accepted = verdict.is_ok();
        let Ok(path) = verdict else {
            counts.turned_away += 1;
            return None;
        };
        counts.polls += 1;
        counts.bridged += u64::from(path == Path::Bridge);
        let handshake = Handshake { server_name: firmware.asks.clone(), presented };
        let check_in = board.check_in(line, firmware, handshake, now);
        let view =
            View { catalogue: &self.shelf.catalogue, device: Some(&board.record), openings: Openings::SHUT };
        let decision = decide(&check_in, view, server_time);
        observe(&mut board.record, &check_in, &decision, &self.shelf.catalogue, server_time);
        board.record.polls += polls.saturating_sub(1);
        if let Some(seen) = board.record.builds.first_mut() {
            seen.polls += polls.saturating_sub(1);
        }
        let artifact = decision.offered().filter(|_| check_in.mode == Mode::Sketch)?;
        let size = self.shelf.catalogue.artifact(&artifact)?.size;
        let delivery =
            Delivery { claimant: check_in.claimant(), artifact, from: 0, asked: size, bytes: size, size };
        delivered(&mut board.record, delivery, server_time);
        self.shelf.find(&artifact)
    }

    /// Brings a board's record up to date, as all of its polls until `now` would have.
    pub fn catch_up(&mut self, place: usize, now: Time) {
        let board = self.boards.get(place).filter(|board| board.awake);
        if let Some((at, polls)) = board.and_then(|board| board.last_poll(now)) {
            self.poll(place, at, polls);
        }
    }

    /// The same for every board: before something changes, and before somebody reads the records.
    pub fn catch_up_all(&mut self, now: Time) {
        (0..self.boards.len()).for_each(|place| self.catch_up(place, now));
    }

    /// Something changed that may concern a board: its next poll counts.
    pub fn concern(&mut self, place: usize, now: Time) {
        let Some(board) = self.boards.get_mut(place).filter(|board| board.awake && board.due.is_none())
        else {
            return;
        };
        let at = board.next_poll(now);
        board.due = Some(at);
        self.queue.plan(at, Event::Poll(place));
    }

    /// A poll that was planned.
    pub fn keep_appointment(&mut self, place: usize, now: Time) {
        let Some(board) = self.boards.get_mut(place).filter(|board| board.awake && board.due == Some(now))
        else {
            return;
        };
        board.due = None;
        let polls = board.last_poll(now).map_or(1, |(_, polls)| polls);
        self.poll(place, now, polls);
    }

    /// A board wakes, and polls.
    pub fn wake(&mut self, place: usize, now: Time) {
        let Some(board) = self.boards.get_mut(place) else { return };
        board.awake = true;
        let checks_dates = self.shelf.lines.get(board.line).is_some_and(|line| line.stack.checks_dates());
        // The first try comes before the time server's answer.
        self.report.counts.turned_away += u64::from(checks_dates && board.clock == BoardClock::Ntp);
        let vigil = board.sleep.map_or(Duration::ZERO, |nap| nap.awake);
        self.poll(place, now, 1);
        if vigil.is_zero() {
            self.lie_down(place, now);
        } else {
            self.queue.plan(now + vigil, Event::Sleep(place));
        }
    }

    /// A board falls asleep.
    pub fn fall_asleep(&mut self, place: usize, now: Time) {
        self.catch_up(place, now);
        self.lie_down(place, now);
    }

    fn lie_down(&mut self, place: usize, now: Time) {
        let share = self.share(0.3);
        let Some(board) = self.boards.get_mut(place) else { return };
        let Some(nap) = board.sleep else { return };
        board.awake = false;
        board.due = None;
        self.queue.plan(now + nap.longest.mul_f64(share), Event::Wake(place));
    }

    /// A stranger claims, under a board's address, to run the newest firmware.
    pub fn spoof(&mut self, place: usize, now: Time) {
        self.catch_up(place, now);
        let Some(until) = self.boards.get(place).and_then(|board| board.strangers).map(|(_, until)| until)
        else {
            return;
        };
        if now < until {
            let _ = self.claim(place, now);
            self.queue.plan(now + STRANGER, Event::Stranger(place));
        }
    }

    fn claim(&mut self, place: usize, now: Time) -> Option<()> {
        let server_time = Fault::shown(&self.faults, now);
        let board = self.boards.get_mut(place)?;
        let line = self.shelf.lines.get(board.line)?;
        let firmware = self.shelf.firmware(line.newest)?;
        let presented = self.server.generations.presented(firmware.asks.as_deref());
        let handshake = Handshake { server_name: firmware.asks.clone(), presented };
        let check_in = CheckIn {
            source: STRANGERS,
            proof: Proof::None,
            ..board.check_in(line, firmware, handshake, now)
        };
        let view =
            View { catalogue: &self.shelf.catalogue, device: Some(&board.record), openings: Openings::SHUT };
        let decision = decide(&check_in, view, server_time);
        observe(&mut board.record, &check_in, &decision, &self.shelf.catalogue, server_time);
        self.report.counts.spoofed += 1;
        Some(())
    }

    /// A person flashes a board by cable with firmware of today that is never pushed, half of it with a version ahead of
    /// every release.
    pub fn flash_by_cable(&mut self, place: usize, now: Time) {
        self.catch_up(place, now);
        let Some(line) = self.boards.get(place).map(|board| board.line) else { return };
        let held: Held = self.server.held(&self.anchors_for(line, now));
        let version = self.shelf.lines.get(line).map_or(0, |line| line.version);
        let version = if self.share(0.0) < 0.5 { format!("{}.5", version + 2) } else { "bench".to_owned() };
        let Some(firmware) = self.shelf.build(line, &version, held) else { return };
        if let Some(board) = self.boards.get_mut(place) {
            board.firmware = firmware;
        }
        self.report.counts.cables += 1;
        self.poll(place, now, 1);
        self.concern(place, now + DAY);
    }
}
