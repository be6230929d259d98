//! A server and its boards without wires: polls go through `decide`, `observe` and `delivered`, on a clock that the
//! test moves.

use std::collections::BTreeMap;
use std::time::Duration;

use otary_fleet::{
    AgentWords, Artifact, Build, Campaign, CampaignId, Catalogue, CheckIn, Chip, Decision, Delivery, Device,
    DeviceClock, Dialect, Event, FoundCertificate, Gate, Group, Kind, Mac, ManifestBytes, Md5, Mode, Opening,
    Openings, Pace, Product, ProductName, Proof, Release, ReleaseId, Rhythm, Rules, Sha256, Share,
    SignedManifest, State, Time, Transport, View, Wave, decide, delivered, observe,
};

/// What the server knows, and the time.
#[derive(Clone)]
pub struct World {
    pub now: Time,
    pub devices: BTreeMap<Mac, Device>,
    pub events: Vec<Event>,
    products: Vec<Product>,
    releases: Vec<Release>,
    artifacts: Vec<Artifact>,
    pub campaigns: Vec<Campaign>,
    pub groups: Vec<Group>,
    pub openings: Openings,
}

/// The digests that a device reports while it runs `firmware`.
pub fn build_of(firmware: &str) -> Build {
    Build { md5: Some(Md5::of(firmware.as_bytes())), sha256: Some(Sha256::of(firmware.as_bytes())) }
}

pub fn name(text: &str) -> ProductName {
    text.parse().unwrap()
}

pub const MAC: &str = "24:6F:28:AA:BB:CC";

impl World {
    /// An empty catalogue, on a day in 2026.
    pub fn new() -> Self {
        Self {
            now: Time::from_secs(1_795_000_000),
            devices: BTreeMap::new(),
            events: Vec::new(),
            products: Vec::new(),
            releases: Vec::new(),
            artifacts: Vec::new(),
            campaigns: Vec::new(),
            groups: Vec::new(),
            openings: Openings::default(),
        }
    }

    /// One product, `lamp`, for the ESP32, with the releases 0.1 and 0.3 made of the firmware `lamp-0.1`, `lamp-0.3`.
    pub fn lamp() -> Self {
        let mut world = Self::new();
        world.product("lamp");
        world.publish("lamp", "0.1", "lamp-0.1", Some(Chip::Esp32));
        world.publish("lamp", "0.3", "lamp-0.3", Some(Chip::Esp32));
        world
    }

    pub fn product(&mut self, product: &str) -> &mut Product {
        self.products.push(Product::new(name(product), self.now));
        self.products.last_mut().unwrap()
    }

    pub fn artifact(&mut self, firmware: &str, chip: Option<Chip>, kind: Kind) -> &mut Artifact {
        let build = build_of(firmware);
        self.artifacts.push(Artifact {
            id: build.sha256.unwrap(),
            size: 1_300_000,
            md5: build.md5.unwrap(),
            kind,
            chip,
            variant: otary_fleet::Variant::Whole,
            filesystem: None,
            gzip: false,
            md5s: vec![build.md5.unwrap()],
            digests: vec![build.sha256.unwrap()],
            file_name: format!("{firmware}.bin"),
            proposed_version: None,
            project: None,
            sdk: None,
            embedded: otary_fleet::Embedded::default(),
            added: self.now,
        });
        self.artifacts.last_mut().unwrap()
    }

    /// Certificates inside `firmware`.
    pub fn embed(&mut self, firmware: &str, certificates: &[FoundCertificate]) {
        let id = Sha256::of(firmware.as_bytes());
        let artifacts = self.artifacts.iter_mut().filter(|artifact| artifact.id == id);
        artifacts.for_each(|artifact| artifact.embedded.certificates = certificates.to_vec());
    }

    pub fn publish(
        &mut self,
        product: &str,
        version: &str,
        firmware: &str,
        chip: Option<Chip>,
    ) -> &mut Release {
        self.artifact(firmware, chip, Kind::App);
        self.release(product, version, &[firmware])
    }

    pub fn release(&mut self, product: &str, version: &str, firmware: &[&str]) -> &mut Release {
        self.pass(Duration::from_mins(1));
        self.releases.push(Release {
            id: ReleaseId { product: name(product), version: version.into() },
            channel: "stable".parse().unwrap(),
            artifacts: firmware.iter().map(|f| Sha256::of(f.as_bytes())).collect(),
            order: otary_fleet::Sequence::default(),
            via: None,
            manifests: Vec::new(),
            notes: String::new(),
            published: self.now,
            withdrawn: None,
            pinned: false,
        });
        self.releases.last_mut().unwrap()
    }

    /// Gives every artifact of a version a manifest.
    pub fn sign(&mut self, version: &str, number: u32) {
        let bytes: ManifestBytes = b"signed".as_slice().try_into().unwrap();
        for release in self.releases.iter_mut().filter(|release| release.id.version == version) {
            let sign =
                |artifact: &Sha256| SignedManifest { artifact: *artifact, number, bytes: bytes.clone() };
            release.manifests = release.artifacts.iter().map(sign).collect();
        }
    }

    /// A campaign that brings a version of the lamp to its members in these waves, the first of which is open, with room
    /// for everybody.
    pub fn campaign(&mut self, version: &str, waves: &[u64]) -> &mut Campaign {
        self.pass(Duration::from_mins(1));
        let id = CampaignId(u32::try_from(self.campaigns.len() + 1).unwrap());
        let bounds = waves.iter().copied().chain([u64::MAX]);
        // The first campaign of a release is the one that it was published by.
        let is_first = self.campaigns.iter().all(|campaign| campaign.release.version.as_str() != version);
        let published = self.releases.iter().find(|release| release.id.version.as_str() == version);
        let created = published.filter(|_| is_first).map_or(self.now, |release| release.published);
        let room = Opening { slots: 1_000, allowed: 1_000, ..Opening::default() };
        self.openings.set(id, room);
        self.campaigns.push(Campaign {
            id,
            product: name("lamp"),
            kind: Kind::App,
            release: ReleaseId { product: name("lamp"), version: version.into() },
            channel: "stable".parse().unwrap(),
            group: None,
            waves: bounds.map(|below| Wave { share: Share::ALL, below }).collect(),
            gate: Gate::default(),
            window: None,
            pace: Pace::default(),
            rules: Rules::default(),
            rolls_back: None,
            state: State::Running,
            wave: 0,
            wave_since: self.now,
            created,
            by: "local".into(),
            seed: 7,
        });
        self.campaigns.last_mut().unwrap()
    }

    pub fn withdraw(&mut self, version: &str) {
        let now = self.now;
        self.releases.iter_mut().filter(|r| r.id.version == version).for_each(|r| r.withdrawn = Some(now));
    }

    /// Has a version follow another channel.
    pub fn channel_of(&mut self, version: &str, channel: &str) {
        let releases = self.releases.iter_mut().filter(|release| release.id.version == version);
        releases.for_each(|release| release.channel = channel.parse().unwrap());
    }

    /// Takes the withdrawal back.
    pub fn restore(&mut self, version: &str) {
        self.releases.iter_mut().filter(|r| r.id.version == version).for_each(|r| r.withdrawn = None);
    }

    /// Aborts the last campaign, and begins another with the same release.
    pub fn restart_campaign(&mut self) {
        let now = self.now;
        let last = self.campaigns.last_mut().unwrap();
        last.state = State::Aborted { aborted_at: now, aborted_by: "local".into() };
        let version = last.release.version.clone();
        self.campaign(&version, &[]);
        self.devices.values_mut().for_each(Device::release_brakes);
    }

    pub fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    pub fn device(&mut self, mac: &str) -> &mut Device {
        let (mac, now) = (mac.parse().unwrap(), self.now);
        self.devices.entry(mac).or_insert_with(|| Device::new(mac, now))
    }

    /// Has a device asked so often, once a minute until a minute ago.
    pub fn heard(&mut self, mac: &str, times: u32) {
        let now = self.now;
        let device = self.device(mac);
        device.rhythm = Rhythm::NEW;
        (1..=times).rev().for_each(|n| device.rhythm.note(Proof::None, now - Duration::from_mins(n.into())));
    }

    pub fn catalogue(&self) -> Catalogue {
        Catalogue::new(self.products.clone(), self.releases.clone(), self.artifacts.clone())
            .with_campaigns(self.campaigns.clone(), self.groups.clone())
    }

    /// What an unrecorded check-in would be answered.
    pub fn answer_unrecorded(&self, board: &Board) -> Decision {
        decide(
            &board.check_in(),
            View { catalogue: &self.catalogue(), device: None, openings: &self.openings },
            self.now,
        )
    }

    /// One poll, ten seconds after the last one.
    pub fn poll(&mut self, board: &Board) -> Decision {
        self.pass(Duration::from_secs(10));
        let (check_in, catalogue) = (board.check_in(), self.catalogue());
        let now = self.now;
        let Some(mac) = check_in.device else { return self.answer_unrecorded(board) };
        let device = self.devices.entry(mac).or_insert_with(|| Device::new(mac, now));
        let decision = decide(
            &check_in,
            View { catalogue: &catalogue, device: Some(device), openings: &self.openings },
            now,
        );
        self.events.extend(observe(device, &check_in, &decision, &catalogue, now));
        decision
    }

    /// One poll; whatever is offered is downloaded whole.
    pub fn poll_and_take(&mut self, board: &Board) -> Decision {
        let decision = self.poll(board);
        if let Some(artifact) = decision.offered() {
            self.take(board, artifact, 1_300_000);
        }
        decision
    }

    /// The board gets `bytes` of an artifact of 1,300,000.
    pub fn take(&mut self, board: &Board, artifact: Sha256, bytes: u64) {
        self.take_from(0, board, artifact, bytes);
    }

    /// The same from this offset on.
    pub fn take_from(&mut self, from: u64, board: &Board, artifact: Sha256, bytes: u64) {
        self.hand_over(from, 1_300_000 - from, board, artifact, bytes);
    }

    /// The board gets a part as it asked for it.
    pub fn take_part(&mut self, from: u64, bytes: u64, board: &Board, artifact: Sha256) {
        self.hand_over(from, bytes, board, artifact, bytes);
    }

    fn hand_over(&mut self, from: u64, asked: u64, board: &Board, artifact: Sha256, bytes: u64) {
        let check_in = board.check_in();
        let size = 1_300_000;
        let delivery = Delivery { claimant: check_in.claimant(), artifact, from, asked, bytes, size };
        let now = self.now;
        if let Some(device) = check_in.device.and_then(|mac| self.devices.get_mut(&mac)) {
            self.events.extend(delivered(device, delivery, now));
        }
    }
}

/// What a board's client says.
#[derive(Debug, Clone)]
pub struct Board(pub CheckIn);

impl Board {
    /// An ESP32 that runs `firmware` and calls it `version`, polling `/update` by HTTPS.
    pub fn running(firmware: &str, version: &str) -> Self {
        Self(CheckIn {
            dialect: Dialect::ArduinoEsp32,
            mode: Mode::Sketch,
            device: Some(MAC.parse().unwrap()),
            product: None,
            chip: None,
            build: build_of(firmware),
            version: (!version.is_empty()).then(|| version.into()),
            free_space: Some(0x14_0000),
            chip_size: Some(4 << 20),
            sdk: Some("v4.4.5".into()),
            source: [192, 168, 1, 50].into(),
            transport: Transport::Https,
            proof: Proof::None,
            handshake: None,
            agent: None,
            report: None,
            name: None,
        })
    }

    /// otary's agent on an ESP32 that is a lamp and runs `firmware`.
    pub fn agent(firmware: &str) -> Self {
        let mut board = Self::running(firmware, "").asking_for("lamp");
        let said = &mut board.0;
        (said.dialect, said.chip, said.build.md5) = (Dialect::Agent, Some(Chip::Esp32), None);
        (said.chip_size, said.sdk) = (None, None);
        said.agent = Some(AgentWords {
            hardware: "v1".into(),
            release: 1,
            root: 1,
            trust_set: 1,
            clock: DeviceClock::Unknown,
        });
        board
    }

    /// A client of an old core: neither digest nor version.
    pub fn silent() -> Self {
        let mut board = Self::running("", "");
        board.0.build = Build::default();
        board
    }

    /// The same, elsewhere on the net.
    pub fn from(mut self, address: &str) -> Self {
        self.0.source = address.parse().unwrap();
        self
    }

    pub fn asking_for(mut self, product: &str) -> Self {
        self.0.product = Some(name(product));
        self
    }

    pub fn check_in(&self) -> CheckIn {
        self.0.clone()
    }
}
