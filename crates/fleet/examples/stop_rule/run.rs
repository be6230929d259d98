//! One campaign on one fleet: every answer by `decide`, every record by `observe` and `delivered`, every step by `advance`.
//! Time goes by events; what is drawn by chance is drawn from the scenario's seed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use otary_fleet::{
    Artifact, Campaign, CampaignId, Catalogue, Chip, Decision, Delivery, Embedded, Gate, Kind, Opening,
    Openings, Pace, Plan, Product, ProductName, Release, ReleaseId, Roster, Rules, Sha256, State, Tally,
    Time, View, advance, decide, delivered, observe, opening,
};

use crate::board::Board;
use crate::chance::Chance;
use crate::scenario::{Candidate, DAY, LAST_DAY, Scenario};

const SIZE: u64 = 1_000_000;

/// How a campaign ended.
#[derive(Debug, Clone)]
pub struct Ending {
    pub state: State,
    /// Devices that the release ended, or will: they took it.
    pub lost: usize,
    /// Devices that took it.
    pub took: usize,
    /// How long it went on.
    pub after: Duration,
    pub had_outage: bool,
    pub tally: Tally,
}

pub struct Run {
    scenario: Scenario,
    chance: Chance,
    now: Time,
    catalogue: Catalogue,
    campaign: Campaign,
    roster: Roster,
    tally: Tally,
    openings: Openings,
    queue: BinaryHeap<Reverse<(Time, usize)>>,
    /// How often each board had asked when it was last noted.
    noted: Vec<Option<u64>>,
}

fn product() -> ProductName {
    "lamp".parse().unwrap_or_else(|_| unreachable!("a good name"))
}

fn release(version: &str) -> ReleaseId {
    ReleaseId { product: product(), version: version.into() }
}

pub fn artifact(firmware: &str) -> Artifact {
    let id = Sha256::of(firmware.as_bytes());
    Artifact {
        id,
        size: SIZE,
        md5: otary_fleet::Md5::of(firmware.as_bytes()),
        kind: Kind::App,
        variant: otary_fleet::Variant::Whole,
        filesystem: None,
        chip: Some(Chip::Esp32),
        gzip: false,
        md5s: Vec::new(),
        digests: vec![id],
        file_name: format!("{firmware}.bin"),
        proposed_version: None,
        project: None,
        sdk: None,
        embedded: Embedded::default(),
        added: Time::default(),
    }
}

fn catalogue(campaign: &Campaign) -> Catalogue {
    let published = |version: &str, firmware: &str, at: u64| Release {
        id: release(version),
        channel: campaign.channel.clone(),
        artifacts: vec![Sha256::of(firmware.as_bytes())],
        manifests: Vec::new(),
        notes: String::new(),
        published: Time::from_secs(at),
        withdrawn: None,
        pinned: false,
        via: None,
        order: otary_fleet::Sequence::default(),
    };
    Catalogue::new(
        [Product::new(product(), Time::default())],
        [published("1.0", "old", 1), published("2.0", "new", 1_795_000_000)],
        [artifact("old"), artifact("new")],
    )
    .with_campaigns([campaign.clone()], [])
}

impl Run {
    pub fn new(scenario: Scenario, candidate: &Candidate) -> Self {
        let chance = Chance::new(scenario.seed ^ 0x00C0_FFEE);
        let campaign = Campaign {
            id: CampaignId(1),
            product: product(),
            kind: Kind::App,
            release: release("2.0"),
            channel: "stable".parse().unwrap_or_else(|_| unreachable!("a good name")),
            group: None,
            waves: Vec::new(),
            gate: Gate { soak: candidate.soak, approval: false },
            window: None,
            pace: Pace::default(),
            rules: Rules::default(),
            rolls_back: None,
            state: State::Running,
            wave: 0,
            wave_since: scenario.begins,
            created: scenario.begins,
            by: "local".into(),
            seed: scenario.seed,
        };
        let now = scenario.begins;
        let mut run = Self {
            chance,
            now,
            catalogue: catalogue(&campaign),
            campaign,
            roster: Roster::default(),
            tally: Tally::default(),
            openings: Openings::default(),
            queue: BinaryHeap::new(),
            noted: vec![None; scenario.boards.len()],
            scenario,
        };
        run.live_history();
        run
    }

    /// The time before the campaign: what the records hold when it begins.
    fn live_history(&mut self) {
        for place in 0..self.scenario.boards.len() {
            self.catch_up(place, self.now);
        }
        let lives = |board: &&Board| self.now.since(board.record.last_seen) < Duration::from_secs(30 * DAY);
        let members: Vec<_> =
            self.scenario.boards.iter().filter(lives).map(|board| board.record.mac).collect();
        self.campaign.waves = Plan::default().waves(self.campaign.seed, members);
        self.catalogue = catalogue(&self.campaign);
        for (place, board) in self.scenario.boards.iter().enumerate() {
            if !board.is_steady() {
                self.queue.push(Reverse((board.next, place)));
            }
        }
    }

    pub fn run(mut self) -> Ending {
        let end = self.scenario.begins + Duration::from_secs(LAST_DAY * DAY);
        self.look();
        while self.campaign.is_under_way()
            && !matches!(self.campaign.state, State::Stopped(_))
            && self.now < end
        {
            let until = self.now + self.step();
            self.live(until);
            self.now = until;
            self.look();
        }
        let took = self.scenario.boards.iter().filter(|board| board.took.is_some());
        Ending {
            lost: took.clone().filter(|board| board.harm.is_some()).count(),
            took: took.count(),
            after: self.now.since(self.scenario.begins),
            had_outage: self.scenario.outage.is_some(),
            state: self.campaign.state,
            tally: self.tally,
        }
    }

    /// Whether a board that asks often is to be listened to poll by poll: it may be offered something, or is on trial.
    fn is_watched(&self, board: &Board) -> bool {
        let Some(trial) = board.record.trials.first() else {
            return board.took.is_none() && self.opening().slots > 0 && self.is_open_to(board);
        };
        trial.course.ended.is_none() && !board.is_dead(self.now)
    }

    fn is_open_to(&self, board: &Board) -> bool {
        let reach = self.campaign.wave + usize::from(self.opening().probing);
        let known = board.record.rhythm.is_known() || self.campaign.is_all_open();
        known && self.campaign.wave_of(board.record.mac) <= reach
    }

    /// How long the next step may be: short while boards that ask often may be offered something.
    fn step(&self) -> Duration {
        let (mut step, now) = (Duration::from_hours(6), self.now);
        for board in &self.scenario.boards {
            if board.is_steady() && self.is_watched(board) && self.scenario.reaches(board, now) {
                step = step.min(Duration::from_secs((board.gap / 3).clamp(30, 3600)));
            }
            if let Some(trial) = board.record.trials.first().filter(|trial| trial.course.ended.is_none()) {
                let missed = trial.course.heard + trial.course.patience() + Duration::from_secs(1);
                if missed > now {
                    step = step.min(missed.since(now));
                }
            }
        }
        if self.tally.at_risk > 0 || self.opening().slots > 0 {
            step.min(Duration::from_hours(1))
        } else {
            step
        }
    }

    /// Lets the boards ask until a moment, in the order of time.
    fn live(&mut self, until: Time) {
        let watched: Vec<bool> = self.scenario.boards.iter().map(|board| self.is_watched(board)).collect();
        for (place, watched) in watched.iter().enumerate() {
            if *watched && self.scenario.boards[place].is_steady() {
                self.catch_up(place, self.now);
                self.queue.push(Reverse((self.scenario.boards[place].next, place)));
            }
        }
        while let Some(Reverse((at, place))) =
            self.queue.peek().copied().filter(|Reverse((at, _))| *at <= until)
        {
            self.queue.pop();
            self.poll(place, at);
            let next = self.scenario.boards[place].next;
            if !self.scenario.boards[place].is_steady() || next <= until {
                self.queue.push(Reverse((next, place)));
            }
        }
        // What asks often leaves the queue when the step is over.
        let boards = &self.scenario.boards;
        self.queue.retain(|Reverse((_, place))| !boards[*place].is_steady());
    }

    /// What the server sees: the records of all boards that it would miss otherwise, then the step of the campaign.
    fn look(&mut self) {
        for place in 0..self.scenario.boards.len() {
            let board = &self.scenario.boards[place];
            let is_new = self.noted[place].is_none();
            let is_due = board.is_steady()
                && (is_new || board.record.last_seen + board.record.rhythm.patience() / 2 < self.now);
            if is_due {
                self.catch_up(place, self.now);
            }
            if is_due || is_new || !self.scenario.boards[place].record.trials.is_empty() {
                self.note(place);
            }
        }
        self.tally = self.roster.tally(&self.campaign, self.now);
        let next = advance(&self.campaign, &self.tally, self.now);
        if next != self.campaign {
            self.campaign = next;
            self.catalogue = catalogue(&self.campaign);
            self.tally = self.roster.tally(&self.campaign, self.now);
        }
        self.openings.set(self.campaign.id, opening(&self.campaign, &self.tally, self.now));
    }

    fn note(&mut self, place: usize) {
        let polls = Some(self.scenario.boards[place].record.polls);
        if self.noted[place] == polls {
            return;
        }
        self.noted[place] = polls;
        self.roster.note(&self.campaign, &self.scenario.boards[place].record, true);
    }

    /// Lets a steady board ask as often as it would have until a moment, the unchanged polls taken together.
    fn catch_up(&mut self, place: usize, until: Time) {
        while self.scenario.boards[place].next <= until {
            let board = &self.scenario.boards[place];
            let at = board.next;
            let quiet = self.quiet_polls(board, until);
            if quiet > 0 {
                let board = &mut self.scenario.boards[place];
                board.repeat(quiet);
                board.next = at + Duration::from_secs(board.gap) * quiet;
            } else {
                self.poll(place, at);
            }
        }
    }

    /// How many of a steady board's next polls are sure to change nothing but their number.
    fn quiet_polls(&self, board: &Board, until: Time) -> u32 {
        let gap = Duration::from_secs(board.gap);
        let is_repeated = board.is_steady()
            && board.record.last.as_ref().is_some_and(|last| last.is_repeated_by(&board.says))
            && board.next == board.record.last_seen + gap
            && board.record.trials.first().is_none_or(|trial| trial.course.ended.is_some());
        if !is_repeated || !self.scenario.reaches(board, board.next) || board.is_dead(board.next) {
            return 0;
        }
        // Until something befalls it.
        let off = board.away.iter().map(|(from, _)| *from);
        let outage =
            self.scenario.outage.iter().filter(|(site, ..)| *site == board.site).map(|(_, from, _)| *from);
        let dead = board.took.zip(board.harm).and_then(|(took, harm)| match harm {
            crate::scenario::Harm::After(hours) => Some(took + Duration::from_hours(hours)),
            crate::scenario::Harm::AtOnce => None,
        });
        let ends = off.chain(outage).chain(dead).filter(|at| *at > board.next).min();
        let until = ends.map_or(until, |at| until.min(at - Duration::from_millis(1)));
        let polls = until.since(board.next).as_secs() / board.gap;
        u32::try_from(polls).unwrap_or(u32::MAX)
    }

    fn poll(&mut self, place: usize, at: Time) {
        let board = &mut self.scenario.boards[place];
        if board.is_dead(at) {
            board.next = Time(u64::MAX);
            return;
        }
        board.ask_after(at, &mut self.chance);
        if !self.scenario.reaches(&self.scenario.boards[place], at) {
            return;
        }
        let decision = self.answer(place, at);
        let board = &mut self.scenario.boards[place];
        observe(&mut board.record, &board.says, &decision, &self.catalogue, at);
        if let Some(artifact) = decision.offered() {
            let delivery = Delivery {
                claimant: board.says.claimant(),
                artifact,
                from: 0,
                asked: SIZE,
                bytes: SIZE,
                size: SIZE,
            };
            delivered(&mut board.record, delivery, at);
            board.take(at);
        }
        self.note(place);
    }

    fn answer(&mut self, place: usize, at: Time) -> Decision {
        let board = &self.scenario.boards[place];
        let view = View { catalogue: &self.catalogue, device: Some(&board.record), openings: &self.openings };
        let decision = decide(&board.says, view, at);
        if decision.offered().is_some() {
            self.openings.take(self.campaign.id);
        }
        decision
    }

    fn opening(&self) -> Opening {
        self.openings.of(self.campaign.id).copied().unwrap_or_default()
    }
}
