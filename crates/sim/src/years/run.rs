//! One run: the world as it stands, and the loop that lets time pass.

use std::time::Duration;

use otary_fleet::Time;
use otary_trust::Clock;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::board::Board;
use super::clock::{DAY, Fault, YEAR};
use super::firmware::Shelf;
use super::founding::{Span, board, faults};
use super::operator::Operator;
use super::plan::Options;
use super::queue::{Event, Queue};
use super::report::{Census, Counts, Report};
use super::server::Server;

/// When the authority is made: 2026-01-01.
const INSTALLED: Time = Time::from_secs(1_767_225_600);
/// How often every board is looked at.
const SURVEY: Duration = Duration::from_hours(30 * 24);

/// The world of a run.
pub struct Years {
    pub(super) options: Options,
    pub(super) faults: Vec<Fault>,
    pub(super) server: Server,
    pub(super) shelf: Shelf,
    pub(super) boards: Vec<Board>,
    pub(super) queue: Queue,
    pub(super) operator: Operator,
    pub(super) report: Report,
    chance: StdRng,
    surveyed: Time,
}

/// Simulates what `options` ask for. `progress` is told each day, from 0 to 1, how far it is.
///
/// None only if the authority cannot be made, because the plan lets it begin a century from now.
pub fn run(options: &Options, mut progress: impl FnMut(f64)) -> Option<Report> {
    let mut years = Years::founded(options)?;
    let Report { start, end, .. } = years.report;
    years.survey(start);
    while let Some((now, event)) = years.queue.next(end) {
        if event == Event::Day {
            progress(now.since(start).as_secs_f64() / end.since(start).as_secs_f64());
        }
        years.happen(event, now);
    }
    years.take_census(end);
    Some(years.report)
}

impl Years {
    fn founded(options: &Options) -> Option<Self> {
        let start = INSTALLED + options.plan.age;
        let span = Span { start, end: start + YEAR * options.years };
        let mut chance = StdRng::seed_from_u64(options.seed);
        let installed = Clock { now: INSTALLED, built: INSTALLED, newest: INSTALLED }.check().ok()?;
        let mut server = Server::new(installed);
        server.refresh(start);
        let report = Report {
            start,
            end: span.end,
            timeline: Vec::new(),
            renewals: std::collections::BTreeMap::new(),
            counts: Counts::default(),
            census: Census::default(),
            victims: Vec::new(),
        };
        let mut years = Self {
            options: options.clone(),
            faults: faults(span, &mut chance),
            server,
            shelf: Shelf::stocked(start),
            boards: Vec::new(),
            queue: Queue::default(),
            operator: Operator::default(),
            report,
            chance,
            surveyed: start,
        };
        years.publish_all(start);
        years.queue.plan(start, Event::Day);
        let Self { shelf, chance, queue, .. } = &mut years;
        years.boards =
            (0..options.devices).filter_map(|number| board(number, shelf, span, chance, queue)).collect();
        Some(years)
    }

    fn happen(&mut self, event: Event, now: Time) {
        match event {
            Event::Day => {
                self.day(now);
                if now.since(self.surveyed) >= SURVEY {
                    self.surveyed = now;
                    self.survey(now);
                }
                self.queue.plan(now + DAY, Event::Day);
            }
            Event::Poll(place) => self.keep_appointment(place, now),
            Event::Wake(place) => self.wake(place, now),
            Event::Sleep(place) => self.fall_asleep(place, now),
            Event::Stranger(place) => self.spoof(place, now),
            Event::Cable(place) => self.flash_by_cable(place, now),
        }
    }

    /// A share by chance, from `least` to 1.
    pub(super) fn share(&mut self, least: f64) -> f64 {
        self.chance.random_range(least..1.0)
    }
}
