//! A fleet, its server and its operator, as the lines of a transcript have them.

use std::collections::BTreeMap;
use std::time::Duration;

use otary_fleet::{
    Campaign, CampaignId, Chip, Decision, Gate, Kind, Mac, Pace, Plan, Proof, Rules, State, Time, Version,
};

use crate::board::{Board, Harm};
use crate::server::{Server, product, release};

const DAY: u64 = 24 * 3600;
const MINUTE: Duration = Duration::from_mins(1);

pub struct Site {
    began: Time,
    now: Time,
    boards: Vec<Board>,
    server: Server,
    harm: Harm,
    /// Somebody says of the boards at a site that they run a version.
    spoofed: Option<(u16, Version)>,
    /// At which minutes the server is killed and started again.
    killed: Box<dyn FnMut() -> bool>,
    /// Every answer to a board.
    pub answers: Vec<(Time, Mac, Decision)>,
}

/// `90s`, `10m`, `26h`, `3d`.
fn duration(text: &str) -> Duration {
    let (number, unit) = text.split_at(text.len() - 1);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => DAY,
        _ => panic!("`{text}` is no duration"),
    };
    Duration::from_secs(number.parse::<u64>().unwrap() * unit)
}

impl Site {
    /// A site without boards, on Thursday, 19 November 2026, at midnight in UTC. `killed` is asked at every minute whether the
    /// server is killed.
    pub fn new(killed: impl FnMut() -> bool + 'static) -> Self {
        let began = Time::from_secs(1_795_046_400);
        let mut server = Server::default();
        server.records.releases.push(("1.0".into(), None));
        Self {
            began,
            now: began,
            boards: Vec::new(),
            server,
            harm: Harm::Dies(Duration::ZERO),
            spoofed: None,
            killed: Box::new(killed),
            answers: Vec::new(),
        }
    }

    /// Does what a line says, and tells what came of it.
    pub fn hear(&mut self, command: &str) -> Vec<String> {
        let words: Vec<&str> = command.split(' ').collect();
        match *words.as_slice() {
            ["fleet", count, "every", gap, "at", sites, ..] => {
                self.settle(count.parse().unwrap(), duration(gap), sites.parse().unwrap());
            }
            ["site", site, ref what @ ..] => self.befall(site.parse().unwrap(), what),
            ["strangers", "say", "that", "site", site, "runs", version] => {
                self.spoofed = Some((site.parse().unwrap(), version.into()));
            }
            ["bad", "for", "chip", "esp32c3"] => self.spoil(|board| board.says.chip == Some(Chip::Esp32C3)),
            ["bad", "for", one, "in", many] => {
                let (one, many): (u8, u8) = (one.parse().unwrap(), many.parse().unwrap());
                self.spoil(|board| board.mac().bytes()[5] % many < one);
            }
            ["dies", "after", time] => self.harm = Harm::Dies(duration(time)),
            ["rolls", "back"] => self.harm = Harm::RollsBack,
            ["release", version, "via", via] => self.publish(version, Some(via.into())),
            ["restart"] => self.server.restart(),
            ["pass", time] => return self.pass(duration(time)),
            ref operator => return self.operate(operator),
        }
        Vec::new()
    }

    /// What an operator says.
    fn operate(&mut self, words: &[&str]) -> Vec<String> {
        let (now, by) = (self.now, String::from("ann"));
        let last = self.server.records.campaigns.last_mut();
        match *words {
            ["campaign", plan, "of", version, ref with @ ..] => return self.begin(version, plan, with),
            ["campaign", plan, ref with @ ..] => return self.begin("2.0", plan, with),
            ["roll", "back", "to", version] => return self.roll_back(version),
            ["tolerate", percent] => {
                let percent: u32 = percent.trim_end_matches('%').parse().unwrap();
                last.unwrap().rules.tolerated_ppm = percent * 10_000;
            }
            ["pause"] => last.unwrap().state = State::Paused { paused_by: by, paused_at: now },
            ["resume"] => last.unwrap().state = State::Running,
            ["approve"] => last.unwrap().open_next(now),
            ["abort"] => last.unwrap().state = State::Aborted { aborted_by: by, aborted_at: now },
            _ => panic!("no such command: {}", words.join(" ")),
        }
        let said = self.server.look(now);
        self.dated(said)
    }

    fn settle(&mut self, count: u16, gap: Duration, sites: u16) {
        let now = self.now;
        self.boards.extend((0..count).map(|number| Board::new(number, count, gap, sites, now)));
        self.live(now);
    }

    fn befall(&mut self, site: u16, what: &[&str]) {
        let (here, now) = (|board: &&mut Board| board.site == site, self.now);
        match *what {
            ["is", "off", "for", time] => {
                self.boards.iter_mut().filter(here).for_each(|board| board.off_until = now + duration(time));
            }
            ["has", "credentials"] => {
                self.boards.iter_mut().filter(here).for_each(|b| b.says.proof = Proof::DeviceCredential);
            }
            ["is", "in", zone] => {
                for board in self.boards.iter_mut().filter(here) {
                    let record = self.server.records.devices.get_mut(&board.mac());
                    record.unwrap().zone = Some(zone.parse().unwrap());
                }
            }
            _ => panic!("nothing that befalls a site: {what:?}"),
        }
    }

    fn spoil(&mut self, of: impl Fn(&Board) -> bool) {
        for board in &mut self.boards {
            board.bad = of(board);
        }
    }

    fn publish(&mut self, version: &str, via: Option<Version>) {
        self.server.records.releases.push((version.into(), via));
    }

    fn begin(&mut self, version: &str, plan: &str, mut with: &[&str]) -> Vec<String> {
        let mut campaign = self.campaign(version, &plan.parse().unwrap());
        loop {
            with = match *with {
                [] => break,
                ["soak", time, ref rest @ ..] => {
                    campaign.gate.soak = duration(time);
                    rest
                }
                ["after", "approval", ref rest @ ..] => {
                    campaign.gate.approval = true;
                    rest
                }
                ["on", "proof", ref rest @ ..] => {
                    campaign.rules.on_proof = true;
                    rest
                }
                ["at", "most", number, "a", "minute", ref rest @ ..] => {
                    campaign.pace.offers_per_minute = number.parse().ok();
                    rest
                }
                ["within", hours, zone, ref rest @ ..] => {
                    campaign.window = Some(format!("{hours} {zone}").parse().unwrap());
                    rest
                }
                _ => panic!("no such condition: {with:?}"),
            };
        }
        let said = self.server.begin(campaign, self.now);
        self.dated(said)
    }

    /// To everybody at once, also to those that run something newer.
    fn roll_back(&mut self, version: &str) -> Vec<String> {
        let mut campaign = self.campaign(version, &Plan::at_once());
        let last = self.server.records.campaigns.last_mut().unwrap();
        last.state = State::Aborted { aborted_by: "ann".into(), aborted_at: self.now };
        campaign.rolls_back = Some(last.id);
        campaign.rules.allow_downgrade = true;
        let said = self.server.begin(campaign, self.now);
        self.dated(said)
    }

    fn campaign(&mut self, version: &str, plan: &Plan) -> Campaign {
        let version: Version = version.into();
        if self.server.records.releases.iter().all(|(known, _)| *known != version) {
            self.publish(&version, None);
        }
        let id = CampaignId(u32::try_from(self.server.records.campaigns.len() + 1).unwrap());
        Campaign {
            id,
            product: product(),
            kind: Kind::App,
            release: release(&version),
            channel: "stable".parse().unwrap(),
            group: None,
            waves: plan.waves(7, self.boards.iter().map(Board::mac)),
            gate: Gate::default(),
            window: None,
            pace: Pace::default(),
            rules: Rules::default(),
            rolls_back: None,
            state: State::Running,
            wave: 0,
            wave_since: self.now,
            created: self.now,
            by: "ann".into(),
            seed: 7,
        }
    }

    fn pass(&mut self, time: Duration) -> Vec<String> {
        let (began, end, mut happened) = (self.now, self.now + time, Vec::new());
        while self.now < end {
            let until = end.min(self.now + MINUTE);
            self.live(until);
            self.now = until;
            if (self.killed)() {
                self.server.restart();
            }
            let said = self.server.look(until);
            happened.extend(self.dated(said));
        }
        happened.extend(self.stands(began));
        happened
    }

    /// How the campaigns stand, and what boards were answered last since a moment.
    fn stands(&self, since: Time) -> Vec<String> {
        let campaigns = &self.server.records.campaigns;
        let of =
            |id: CampaignId| if campaigns.len() > 1 { format!("campaign {id}: ") } else { String::new() };
        let told = |last: &Campaign| {
            let tally = self.server.tally(last, self.now);
            format!("{} {}{tally}", self.clock(), of(last.id))
        };
        let mut lines: Vec<_> = campaigns.last().map(told).into_iter().collect();
        let mut answers: BTreeMap<(&str, String), usize> = BTreeMap::new();
        for device in self.server.records.devices.values() {
            let heard = device.standing.as_ref().filter(|standing| standing.last > since);
            let answer = heard.map_or(("", "did not ask".into()), |standing| {
                (standing.decision.verdict().name(), standing.decision.reason.to_string())
            });
            *answers.entry(answer).or_default() += 1;
        }
        lines.extend(answers.into_iter().map(|((verdict, why), many)| match verdict {
            "" => format!("  {many} {why}"),
            verdict => format!("  {many} x {verdict}: {why}"),
        }));
        lines
    }

    fn live(&mut self, until: Time) {
        let polls = |board: &Board| (board.next <= until).then_some(board.next);
        while let Some((at, place)) =
            self.boards.iter().enumerate().filter_map(|(n, board)| Some((polls(board)?, n))).min()
        {
            self.poll(place, at);
        }
    }

    fn poll(&mut self, place: usize, at: Time) {
        let board = &mut self.boards[place];
        if !board.is_there(self.harm, at) {
            board.next = at + board.gap;
            return;
        }
        if let Some((_, version)) = self.spoofed.as_ref().filter(|(site, _)| *site == board.site) {
            self.server.answer(&board.spoofed(version), at);
        }
        let decision = self.server.answer(&board.says, at);
        board.has_asked(self.harm, at);
        if let Some(release) = decision.release.as_ref().filter(|_| decision.offered().is_some()) {
            board.take(&release.version, at);
        }
        self.answers.push((at, board.mac(), decision));
    }

    fn dated(&self, said: Vec<String>) -> Vec<String> {
        let dated = |line: String| {
            if line.starts_with(' ') { line[2..].into() } else { format!("{} {line}", self.clock()) }
        };
        said.into_iter().map(dated).collect()
    }

    fn clock(&self) -> String {
        let seconds = self.now.since(self.began).as_secs();
        format!("day {} {:02}:{:02}", seconds / DAY, seconds % DAY / 3600, seconds % 3600 / 60)
    }
}
