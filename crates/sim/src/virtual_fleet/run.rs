//! One run: the fleet as it stands, and the loop that lets time pass.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use otary_fleet::{Catalogue, State, Time, Version};

use super::board::{Board, NEVER};
use super::campaigns::Campaigns;
use super::founding;
use super::outages::Outages;
use super::poll::Server;
use super::report::{Entry, Report, What, seconds};
use super::script::Script;
use super::shelf::Shelf;
use super::strangers::Stranger;

/// When every script begins: 2026-11-19T00:00:00Z, a Thursday.
pub(super) const BEGINS: Time = Time::from_secs(1_795_046_400);
/// How often the server looks at a campaign while boards can be offered something, or were and are not known yet.
const BUSY: Duration = Duration::from_mins(1);
/// How often while it only watches.
const WATCHFUL: Duration = Duration::from_mins(15);
/// How often there is a look at the fleet while there is no campaign.
const IDLE: Duration = Duration::from_hours(1);

/// What a run tells while it goes on.
#[derive(Debug, Clone, Copy)]
pub enum News<'a> {
    /// Something happened.
    Happened(&'a Entry),
    /// How far it is, from 0 to 1,000.
    Reached(u64),
}

/// Simulates what a script says, and tells the news. The same script gives the same report.
///
/// None only if the names of the product and its channel cannot be made.
pub fn run(script: &Script, tell: impl FnMut(News<'_>)) -> Option<Report> {
    Run::new(script, true, Box::new(tell)).map(Run::finish)
}

/// The fleet, its server and whatever befalls them.
pub(super) struct Run<'a> {
    pub(super) script: &'a Script,
    pub(super) now: Time,
    pub(super) boards: Vec<Board>,
    pub(super) shelf: Shelf,
    pub(super) campaigns: Campaigns,
    pub(super) outages: Outages,
    pub(super) strangers: Vec<Stranger>,
    pub(super) queue: Queue,
    pub(super) versions: Vec<Version>,
    catalogue: Catalogue,
    /// Counts the changes of what answers rest on.
    knows: u64,
    quiet: bool,
    acts: usize,
    /// Boards that asked since the last look, by their places.
    asked: Vec<usize>,
    pub(super) polls: u64,
    /// The releases that have ended a board.
    deadly: Vec<bool>,
    pub(super) timeline: Vec<Entry>,
    news: Box<dyn FnMut(News<'_>) + 'a>,
}

/// Who does something next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Next {
    /// A board, by its place.
    Board(usize),
    /// A stranger, by its place.
    Stranger(usize),
}

/// Who is next, and when; at the same moment in the order of places.
#[derive(Debug, Default)]
pub(super) struct Queue(BinaryHeap<Reverse<(Time, Next)>>);

impl Queue {
    pub(super) fn push(&mut self, at: Time, next: Next) {
        self.0.push(Reverse((at, next)));
    }

    fn take(&mut self, until: Time) -> Option<(Time, Next)> {
        let due = self.0.peek().is_some_and(|Reverse((at, _))| *at <= until);
        if due { self.0.pop().map(|Reverse(first)| first) } else { None }
    }
}

impl<'a> Run<'a> {
    /// A fleet before its first poll. `quiet`: whether polls that change nothing are taken as such.
    pub(super) fn new(script: &'a Script, quiet: bool, news: Box<dyn FnMut(News<'_>) + 'a>) -> Option<Self> {
        let now = BEGINS - script.before;
        let shelf = Shelf::new(script, now)?;
        let boards = founding::boards(script, BEGINS);
        let mut queue = Queue::default();
        for (place, board) in boards.iter().enumerate() {
            queue.push(board.next, Next::Board(place));
        }
        Some(Self {
            script,
            now,
            asked: Vec::new(),
            boards,
            catalogue: shelf.catalogue(&[]),
            shelf,
            campaigns: Campaigns::default(),
            outages: Outages::default(),
            strangers: Vec::new(),
            queue,
            versions: founding::versions(script),
            knows: 1,
            quiet,
            acts: 0,
            polls: 0,
            deadly: vec![false; script.releases.len()],
            timeline: Vec::new(),
            news,
        })
    }

    /// Lets it all happen.
    pub(super) fn finish(mut self) -> Report {
        self.pass();
        self.into_report()
    }

    /// Lets time pass until the script ends.
    pub(super) fn pass(&mut self) {
        let end = BEGINS + self.script.lasts;
        let whole = (end.since(BEGINS - self.script.before)).as_millis().max(1);
        loop {
            self.end_outages();
            self.act_when_due();
            self.look();
            if self.now >= end {
                return;
            }
            let until = self.until().min(end);
            self.live(until);
            self.now = until;
            let done = until.since(BEGINS - self.script.before).as_millis() * 1000 / whole;
            (self.news)(News::Reached(u64::try_from(done).unwrap_or(1000)));
        }
    }

    /// When there is something to look at again.
    fn until(&self) -> Time {
        let tally = &self.campaigns.tally;
        let step = match self.campaigns.last().map(|campaign| &campaign.state) {
            None | Some(State::Finished { .. } | State::Aborted { .. }) => IDLE,
            Some(State::Running) if tally.at_risk + tally.waiting + tally.next > 0 => BUSY,
            Some(_) => WATCHFUL,
        };
        let act = self.script.acts.get(self.acts).map(|scheduled| BEGINS + scheduled.at);
        let others = [act, self.outages.next_end()].into_iter().flatten();
        others.filter(|at| *at > self.now).fold(self.now + step, Time::min)
    }

    fn act_when_due(&mut self) {
        let script = self.script;
        while let Some(scheduled) =
            script.acts.get(self.acts).filter(|scheduled| BEGINS + scheduled.at <= self.now)
        {
            self.acts += 1;
            self.act(&scheduled.act);
        }
    }

    fn end_outages(&mut self) {
        let (sites, server) = self.outages.end(self.now);
        for sites in sites {
            self.tell(What::SitesBack { first: sites.start() + 1, last: sites.end() + 1 });
        }
        if let Some((from, to)) = server {
            self.campaigns.restart(from, to);
            self.note_all();
            self.tell(What::ServerBack);
        }
    }

    /// Lets the boards ask until a moment.
    fn live(&mut self, until: Time) {
        while let Some((at, next)) = self.queue.take(until) {
            let again = match next {
                Next::Board(place) => self.ask(place, at, until),
                Next::Stranger(place) => self.ask_as(place, at),
            };
            if again < NEVER {
                self.queue.push(again, next);
            }
        }
    }

    /// Lets one board ask, and go on for as long as its polls concern nobody else; when it asks again.
    fn ask(&mut self, place: usize, mut at: Time, until: Time) -> Time {
        let heard = &self.outages;
        let Some(board) = self.boards.get_mut(place) else { return NEVER };
        let mut server = Server {
            shelf: &self.shelf,
            catalogue: &self.catalogue,
            campaigns: &mut self.campaigns,
            versions: &self.versions,
            knows: self.knows,
            quiet: self.quiet,
        };
        loop {
            if board.is_ended(at) {
                return NEVER;
            }
            board.ask_after(at);
            self.polls += 1;
            if !heard.swallow(board.site, at) && !board.is_away(at) {
                server.hear(board, at);
                self.asked.extend((!board.is_noted).then_some(place));
                board.is_noted = true;
            }
            if board.next > until || board.is_impersonated || !server.knows_what_it_says(board) {
                return board.next;
            }
            at = board.next;
        }
    }

    fn ask_as(&mut self, stranger: usize, at: Time) -> Time {
        let Some(stranger) = self.strangers.get(stranger) else { return NEVER };
        let Some(board) = self.boards.get_mut(stranger.board) else { return NEVER };
        let mut server = Server {
            shelf: &self.shelf,
            catalogue: &self.catalogue,
            campaigns: &mut self.campaigns,
            versions: &self.versions,
            knows: self.knows,
            quiet: self.quiet,
        };
        if !self.outages.is_deaf(at) {
            server.hear_stranger(&stranger.says, &mut board.record, at);
            self.asked.extend((!board.is_noted).then_some(stranger.board));
            board.is_noted = true;
        }
        let next = at + stranger.every;
        if next < stranger.until { next } else { NEVER }
    }

    /// What the server does beside answering.
    fn look(&mut self) {
        if self.outages.is_deaf(self.now) {
            return;
        }
        for place in self.asked.drain(..) {
            if let Some(board) = self.boards.get_mut(place) {
                self.campaigns.note(&board.record);
                board.is_noted = false;
            }
        }
        let before = self.campaigns.last().cloned();
        let probed = self.is_probing();
        let devices = self.boards.iter().map(|board| &board.record);
        let said = self.campaigns.look(devices, self.now);
        if self.campaigns.last() != before.as_ref() || self.is_probing() != probed {
            self.changed();
        }
        self.mourn();
        if let Some(what) = said {
            self.tell(what);
        }
    }

    fn is_probing(&self) -> bool {
        let last = self.campaigns.last().and_then(|campaign| self.campaigns.openings.of(campaign.id));
        last.is_some_and(|opening| opening.probing)
    }

    /// Says of each release when it has ended its first board.
    fn mourn(&mut self) {
        for release in 0..self.deadly.len() {
            let ended =
                |board: &&Board| board.end.is_some_and(|end| end.release == release && end.at <= self.now);
            let known = self.deadly.get(release).copied().unwrap_or(true);
            let first = if known { None } else { self.boards.iter().find(ended) };
            if let (Some(device), Some(version)) =
                (first.map(|board| board.record.mac), self.versions.get(release).cloned())
            {
                if let Some(known) = self.deadly.get_mut(release) {
                    *known = true;
                }
                self.tell(What::FirstLost { device, version });
            }
        }
    }

    /// Something has changed that answers rest on.
    pub(super) fn changed(&mut self) {
        self.knows += 1;
        self.catalogue = self.shelf.catalogue(&self.campaigns.records);
    }

    /// Notes all devices for the last campaign.
    pub(super) fn note_all(&mut self) {
        self.boards.iter().for_each(|board| self.campaigns.note(&board.record));
    }

    pub(super) fn tell(&mut self, what: What) {
        let entry = Entry { at: seconds(self.now.since(BEGINS)), what };
        (self.news)(News::Happened(&entry));
        self.timeline.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bit of everything.
    const SCRIPT: &str = "\
        fleet 150 at 9 sites\nbefore 4d\nlasts 5d\nbackground 5% a week\n\
        boards 30% arduino-esp32 on esp32 every 10m\n\
        boards 10% arduino-esp8266 every 30m with secret cut off 20%\n\
        boards 10% esp-idf on esp32c3 asleep for 2h with credential\n\
        boards 10% agent on esp32c3 every 20m with credential\n\
        boards 10% esphome on esp32 every 1h\n\
        boards 10% esp32fota on esp32 every 1h\n\
        boards 10% tasmota on esp32 started every 3h\n\
        boards 5% micropython on esp32 every 15m drift 30%\n\
        boards 5% esp-idf on esp32 every 1h nameless\n\
        release 1.0\nrelease 2.0\nrelease 2.1\n\
        fault 2.0 bricks 10% of esp32c3\nfault 2.0 rolls-back 5%\nfault 2.0 loops 3%\nfault 2.0 refuses 3%\n\
        fault 2.0 kills-wifi 5% after 5h\n\
        at 0 campaign 2.0 in 20,50%,100% soak 1h tolerate 40%\nat 40m pause\nat 2h resume\n\
        at 3h site 2-3 is off for 5h\nat 9h server is off for 2h\nat 12h strangers say 2.0 as 20 boards every 1h for 1d\n\
        at 1d strangers say 1.0 as 9 boards every 2h for 12h nearby\n\
        at 2d abort\nat 3d campaign 2.1 in 50%,100% after approval tolerate 40%\nat 4d approve\n";

    fn played(script: &Script, quiet: bool) -> (Vec<Board>, Report) {
        let mut run = Run::new(script, quiet, Box::new(|_| ())).unwrap();
        run.pass();
        (run.boards.clone(), run.into_report())
    }

    #[test]
    fn polls_that_change_nothing_leave_what_they_leave_one_by_one() {
        let script = Script::parse(SCRIPT).unwrap();
        let ((quiet, report), (thorough, one_by_one)) = (played(&script, true), played(&script, false));
        for (board, other) in quiet.iter().zip(&thorough) {
            assert_eq!(board.record, other.record);
        }
        assert_eq!(report, one_by_one);
    }

    #[test]
    fn the_same_script_gives_the_same_report_and_another_seed_another_one() {
        let script = Script::parse(SCRIPT).unwrap();
        let report = played(&script, true).1;
        assert_eq!(report, played(&script, true).1);
        assert_ne!(report, played(&Script { seed: 2, ..script }, true).1);
    }
}
