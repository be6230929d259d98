//! A fleet and its server by value: every poll goes through `decide`, `observe` and `delivered`, every minute through `advance`.

use std::collections::BTreeMap;
use std::time::Duration;

use otary_fleet::{
    Artifact, Build, Campaign, CampaignId, Catalogue, CheckIn, Chip, Decision, Delivery, Device, Dialect,
    Embedded, Gate, Kind, Mac, Md5, Mode, Notice, Openings, Pace, Plan, Product, ProductName, Proof, Release,
    ReleaseId, Roster, Rules, Sha256, State, Tally, Time, Transport, View, advance, decide, delivered,
    observe, opening,
};

const SIZE: u64 = 1_000_000;
const DAY: u64 = 24 * 3600;

/// One board and its record.
struct Board {
    record: Device,
    says: CheckIn,
    gap: Duration,
    next: Time,
    /// The release is bad for it.
    bad: bool,
    took: Option<Time>,
    off_until: Time,
}

pub struct Site {
    began: Time,
    now: Time,
    boards: Vec<Board>,
    campaign: Option<Campaign>,
    roster: Roster,
    tally: Tally,
    openings: Openings,
    /// The release is bad for so many of the next boards that take it; after so long.
    dies_after: Duration,
}

impl Default for Site {
    fn default() -> Self {
        let began = Time::from_secs(1_795_046_400);
        Self {
            began,
            now: began,
            boards: Vec::new(),
            campaign: None,
            roster: Roster::default(),
            tally: Tally::default(),
            openings: Openings::default(),
            dies_after: Duration::ZERO,
        }
    }
}

fn product() -> ProductName {
    "lamp".parse().unwrap()
}

fn release(version: &str) -> ReleaseId {
    ReleaseId { product: product(), version: version.into() }
}

fn build(version: &str, chip: Chip) -> Build {
    Build { md5: None, sha256: Some(Sha256::of(format!("{version} {chip}").as_bytes())) }
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
    /// Does what a line says, and tells what came of it.
    pub fn hear(&mut self, command: &str) -> Vec<String> {
        let words: Vec<&str> = command.split(' ').collect();
        match *words.as_slice() {
            ["fleet", count, "every", gap, "at", sites, ..] => {
                self.settle(count.parse().unwrap(), duration(gap), sites.parse().unwrap());
                Vec::new()
            }
            ["campaign", plan, ref with @ ..] => self.begin(plan, with),
            ["bad", "for", "chip", "esp32c3"] => self.spoil(|board| board.says.chip == Some(Chip::Esp32C3)),
            ["bad", "for", one, "in", many] => {
                let (one, many): (u8, u8) = (one.parse().unwrap(), many.parse().unwrap());
                self.spoil(|board| board.record.mac.bytes()[5] % many < one)
            }
            ["dies", "after", time] => {
                self.dies_after = duration(time);
                Vec::new()
            }
            ["pass", time] => self.pass(duration(time)),
            ["site", site, "is", "off", "for", time] => {
                let until = self.now + duration(time);
                let site: u8 = site.parse().unwrap();
                let here =
                    |board: &&mut Board| board.says.source.to_string().starts_with(&format!("10.0.{site}."));
                self.boards.iter_mut().filter(here).for_each(|board| board.off_until = until);
                Vec::new()
            }
            ["restart"] => self.restart(),
            [verb @ ("pause" | "resume" | "approve" | "abort")] => self.operate(verb),
            ["tolerate", percent] => {
                let percent: u32 = percent.trim_end_matches('%').parse().unwrap();
                self.campaign.as_mut().unwrap().rules.tolerated_ppm = percent * 10_000;
                Vec::new()
            }
            _ => panic!("no such command: {command}"),
        }
    }

    fn settle(&mut self, count: u16, gap: Duration, sites: u16) {
        for number in 0..count {
            let [high, low] = number.to_be_bytes();
            let mac = Mac::new([0x24, 0x6F, 0x28, 0, high, low]).unwrap();
            let chip = if number % 3 == 0 { Chip::Esp32C3 } else { Chip::Esp32 };
            let start = self.now - gap * 12 + gap * u32::from(number) / u32::from(count);
            self.boards.push(Board {
                record: Device::new(mac, start),
                says: CheckIn {
                    dialect: Dialect::ArduinoEsp32,
                    mode: Mode::Sketch,
                    device: Some(mac),
                    name: None,
                    product: Some(product()),
                    chip: Some(chip),
                    build: build("1.0", chip),
                    version: Some("1.0".into()),
                    free_space: Some(0x14_0000),
                    chip_size: Some(4 << 20),
                    sdk: Some(if chip == Chip::Esp32C3 { "v5.3" } else { "v5.1" }.into()),
                    source: [10, 0, u8::try_from(number % sites).unwrap(), low].into(),
                    transport: Transport::Https,
                    proof: Proof::None,
                    handshake: None,
                    agent: None,
                    report: None,
                },
                gap,
                next: start,
                bad: false,
                took: None,
                off_until: Time::default(),
            });
        }
        self.live(self.now);
    }

    fn spoil(&mut self, of: impl Fn(&Board) -> bool) -> Vec<String> {
        for board in &mut self.boards {
            board.bad = of(board);
        }
        Vec::new()
    }

    fn begin(&mut self, plan: &str, with: &[&str]) -> Vec<String> {
        let mut gate = Gate::default();
        let mut rules = Rules::default();
        for pair in with.chunks(2) {
            match *pair {
                ["soak", time] => gate.soak = duration(time),
                ["after", "approval"] => gate.approval = true,
                ["on", "proof"] => rules.on_proof = true,
                _ => panic!("no such condition: {pair:?}"),
            }
        }
        let plan: Plan = plan.parse().unwrap();
        let members = self.boards.iter().map(|board| board.record.mac);
        self.campaign = Some(Campaign {
            id: CampaignId(1),
            product: product(),
            kind: Kind::App,
            release: release("2.0"),
            channel: "stable".parse().unwrap(),
            group: None,
            waves: plan.waves(7, members),
            gate,
            window: None,
            pace: Pace::default(),
            rules,
            rolls_back: None,
            state: State::Running,
            wave: 0,
            wave_since: self.now,
            created: self.now,
            by: "ann".into(),
            seed: 7,
        });
        self.look();
        Vec::new()
    }

    fn operate(&mut self, verb: &str) -> Vec<String> {
        let now = self.now;
        let campaign = self.campaign.as_mut().unwrap();
        match verb {
            "pause" => campaign.state = State::Paused { paused_by: "ann".into(), paused_at: now },
            "resume" => campaign.state = State::Running,
            "approve" => campaign.open_next(now),
            _ => campaign.state = State::Aborted { aborted_by: "ann".into(), aborted_at: now },
        }
        self.look()
    }

    /// The server is killed and started again: what it knew in memory is built from the records.
    fn restart(&mut self) -> Vec<String> {
        self.roster = Roster::default();
        self.look()
    }

    fn pass(&mut self, time: Duration) -> Vec<String> {
        let (end, mut happened) = (self.now + time, Vec::new());
        while self.now < end {
            let until = end.min(self.now + Duration::from_mins(1));
            self.live(until);
            self.now = until;
            happened.extend(self.look());
        }
        happened.push(format!("{} {}", self.clock(), self.tally));
        let mut answers: BTreeMap<(&str, String), usize> = BTreeMap::new();
        for standing in self.boards.iter().filter_map(|board| board.record.standing.as_ref()) {
            let answer = (standing.decision.verdict().name(), standing.decision.reason.to_string());
            *answers.entry(answer).or_default() += 1;
        }
        let line = |((verdict, why), many): ((&str, String), usize)| format!("  {many} x {verdict}: {why}");
        happened.extend(answers.into_iter().map(line));
        happened
    }

    fn live(&mut self, until: Time) {
        let polls = |board: &Board| (board.next <= until).then_some(board.next);
        while let Some((at, place)) =
            self.boards.iter().enumerate().filter_map(|(n, b)| Some((polls(b)?, n))).min()
        {
            self.poll(place, at);
        }
    }

    fn poll(&mut self, place: usize, at: Time) {
        let board = &mut self.boards[place];
        board.next = at + board.gap;
        let dead = board.took.is_some_and(|took| board.bad && at.since(took) >= self.dies_after);
        if dead || at < board.off_until {
            return;
        }
        let catalogue = self.catalogue();
        let decision = self.answer(place, &catalogue, at);
        let board = &mut self.boards[place];
        observe(&mut board.record, &board.says, &decision, &catalogue, at);
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
            let chip = board.says.chip.unwrap();
            (board.says.build, board.says.version) = (build("2.0", chip), Some("2.0".into()));
            (board.took, board.next) = (Some(at), at + Duration::from_secs(40));
        }
    }

    fn answer(&mut self, place: usize, catalogue: &Catalogue, at: Time) -> Decision {
        let device = Some(&self.boards[place].record);
        let view = View { catalogue, device, openings: &self.openings };
        let decision = decide(&self.boards[place].says, view, at);
        if let Some(campaign) = decision.campaign.filter(|_| decision.offered().is_some()) {
            self.openings.take(campaign);
        }
        decision
    }

    /// The campaign's next step, and what there is to say of it.
    fn look(&mut self) -> Vec<String> {
        let Some(before) = self.campaign.clone() else { return Vec::new() };
        self.boards.iter().for_each(|board| self.roster.note(&before, &board.record, true));
        self.tally = self.roster.tally(&before, self.now);
        let campaign = advance(&before, &self.tally, self.now);
        self.tally = self.roster.tally(&campaign, self.now);
        self.openings.set(campaign.id, opening(&campaign, &self.tally, self.now));
        let said = self.say(&before, &campaign);
        self.campaign = Some(campaign);
        said
    }

    fn say(&self, before: &Campaign, now: &Campaign) -> Vec<String> {
        let mut said = Vec::new();
        if now.wave != before.wave {
            said.push(format!("{} wave {} of {} is open", self.clock(), now.wave + 1, now.waves.len()));
        }
        if now.state.name() != before.state.name() {
            said.push(format!("{} campaign 1 is {}", self.clock(), now.state.name()));
        }
        if let (State::Stopped(stop), false) = (&now.state, matches!(before.state, State::Stopped(_))) {
            let offered = |board: &&Board| !board.record.trials.is_empty();
            let named = |board: &&Board| stop.devices.contains(&board.record.mac);
            let (these, others): (Vec<_>, Vec<_>) = self.boards.iter().filter(offered).partition(named);
            let [these, others] =
                [these, others].map(|of| of.iter().map(|board| &board.record).collect::<Vec<_>>());
            said.extend(Notice::of(now, stop, &these, &others).to_string().lines().map(str::to_owned));
        }
        said
    }

    fn clock(&self) -> String {
        let seconds = self.now.since(self.began).as_secs();
        format!("day {} {:02}:{:02}", seconds / DAY, seconds % DAY / 3600, seconds % 3600 / 60)
    }

    fn catalogue(&self) -> Catalogue {
        let artifact = |firmware: &str, chip: Chip| Artifact {
            id: build(firmware, chip).sha256.unwrap(),
            size: SIZE,
            md5: Md5::of(firmware.as_bytes()),
            kind: Kind::App,
            variant: otary_fleet::Variant::Whole,
            filesystem: None,
            chip: Some(chip),
            gzip: false,
            md5s: Vec::new(),
            digests: vec![build(firmware, chip).sha256.unwrap()],
            file_name: format!("{firmware}.bin"),
            proposed_version: None,
            project: None,
            sdk: None,
            embedded: Embedded::default(),
            added: self.began,
        };
        let versions: &[&str] = if self.campaign.is_some() { &["1.0", "2.0"] } else { &["1.0"] };
        let artifacts: Vec<_> = versions
            .iter()
            .flat_map(|version| [Chip::Esp32, Chip::Esp32C3].map(|chip| artifact(version, chip)))
            .collect();
        let releases = versions.iter().zip(1..).map(|(version, age)| Release {
            id: release(version),
            channel: "stable".parse().unwrap(),
            artifacts: [Chip::Esp32, Chip::Esp32C3].map(|chip| artifact(version, chip).id).to_vec(),
            manifests: Vec::new(),
            notes: String::new(),
            published: Time::from_secs(age),
            withdrawn: None,
            pinned: false,
            via: None,
            order: otary_fleet::Sequence::default(),
        });
        Catalogue::new([Product::new(product(), self.began)], releases, artifacts)
            .with_campaigns(self.campaign.clone(), [])
    }
}
