//! A server by value: records, campaigns and what follows from them. What is asked of it goes through `decide`, `observe` and
//! `delivered`; each look at its campaigns through `advance`.

use std::collections::BTreeMap;

use otary_fleet::{
    Artifact, Campaign, CampaignId, Catalogue, CheckIn, Chip, Decision, Delivery, Device, Embedded, Kind,
    Mac, Md5, Openings, Product, ProductName, Release, ReleaseId, Roster, Sequence, State, StopNotice, Tally,
    Time, Variant, Version, View, advance, begins, decide, delivered, observe, opening,
};
use serde::{Deserialize, Serialize};

use crate::board::build;

pub const SIZE: u64 = 1_000_000;

/// What is on disk.
#[derive(Default, Serialize, Deserialize)]
pub struct Records {
    pub devices: BTreeMap<Mac, Device>,
    pub campaigns: Vec<Campaign>,
    pub releases: Vec<(Version, Option<Version>)>,
}

/// What is in memory, and can be built again.
#[derive(Default)]
pub struct Server {
    pub records: Records,
    rosters: BTreeMap<CampaignId, Roster>,
    openings: Openings,
}

pub fn product() -> ProductName {
    "lamp".parse().unwrap()
}

pub fn release(version: &Version) -> ReleaseId {
    ReleaseId { product: product(), version: version.clone() }
}

impl Server {
    /// It is killed and started again: what is in memory is built from what is on disk.
    pub fn restart(&mut self) {
        let disk = serde_json::to_vec(&self.records).unwrap();
        *self = Self { records: serde_json::from_slice(&disk).unwrap(), ..Self::default() };
        for campaign in &self.records.campaigns {
            let roster = self.rosters.entry(campaign.id).or_default();
            self.records.devices.values().for_each(|device| roster.note(campaign, device, true));
        }
    }

    pub fn begin(&mut self, campaign: Campaign, now: Time) -> Vec<String> {
        let roster = self.rosters.entry(campaign.id).or_default();
        self.records.devices.values().for_each(|device| roster.note(&campaign, device, true));
        self.records.campaigns.push(campaign);
        self.look(now)
    }

    /// One poll; what is offered goes out whole.
    pub fn answer(&mut self, says: &CheckIn, at: Time) -> Decision {
        let (catalogue, mac) = (self.catalogue(), says.device.unwrap());
        let device = self.records.devices.entry(mac).or_insert_with(|| Device::new(mac, at));
        let view = View { catalogue: &catalogue, device: Some(device), openings: &self.openings };
        let decision = decide(says, view, at);
        if let Some(campaign) = begins(says, Some(device), &decision, &catalogue) {
            self.openings.take(campaign);
        }
        observe(device, says, &decision, &catalogue, at);
        if let Some(artifact) = decision.offered() {
            let claimant = says.claimant();
            let delivery = Delivery { claimant, artifact, from: 0, asked: SIZE, bytes: SIZE, size: SIZE };
            delivered(device, delivery, at);
        }
        for campaign in &self.records.campaigns {
            self.rosters.entry(campaign.id).or_default().note(campaign, device, true);
        }
        decision
    }

    /// The next step of each campaign, and what there is to say of it.
    pub fn look(&mut self, now: Time) -> Vec<String> {
        let mut said = Vec::new();
        for place in 0..self.records.campaigns.len() {
            let before = &self.records.campaigns[place];
            let Some(roster) = self.rosters.get(&before.id).filter(|_| before.is_under_way()) else {
                continue;
            };
            let next = advance(before, &roster.tally(before, now), now);
            let tally = roster.tally(&next, now);
            self.openings.set(next.id, opening(&next, &tally, now));
            said.extend(self.say(before, &next));
            self.records.campaigns[place] = next;
        }
        said
    }

    /// What is known of a campaign.
    pub fn tally(&self, campaign: &Campaign, now: Time) -> Tally {
        self.rosters.get(&campaign.id).map(|roster| roster.tally(campaign, now)).unwrap_or_default()
    }

    fn say(&self, before: &Campaign, now: &Campaign) -> Vec<String> {
        let (mut said, id) = (Vec::new(), now.id);
        if now.wave != before.wave {
            said.push(format!("wave {} of {} is open", now.wave + 1, now.waves.len()));
        }
        if now.state.name() != before.state.name() {
            said.push(format!("campaign {id} is {}", now.state.name()));
        }
        if let (State::Stopped(stop), false) = (&now.state, matches!(before.state, State::Stopped(_))) {
            let offered = |device: &&Device| device.trials.iter().any(|trial| trial.campaign == id);
            let named = |device: &&Device| stop.devices.contains(&device.mac);
            let (these, others): (Vec<_>, Vec<_>) =
                self.records.devices.values().filter(offered).partition(named);
            let notice = StopNotice::of(now, stop, &these, &others).to_string();
            said.extend(notice.lines().map(|line| format!("  {line}")));
        }
        said
    }

    fn catalogue(&self) -> Catalogue {
        let chips = [Chip::Esp32, Chip::Esp32C3];
        let versions = || self.records.releases.iter();
        let artifacts = versions().flat_map(|(version, _)| chips.map(|chip| artifact(version, chip)));
        let releases = versions().zip(1..).map(|((version, via), age)| Release {
            id: release(version),
            channel: "stable".parse().unwrap(),
            artifacts: chips.map(|chip| artifact(version, chip).id).to_vec(),
            manifests: Vec::new(),
            notes: String::new(),
            published: Time::from_secs(age),
            withdrawn: None,
            pinned: false,
            via: via.clone(),
            order: Sequence::default(),
        });
        Catalogue::new([Product::new(product(), Time::default())], releases, artifacts)
            .with_campaigns(self.records.campaigns.clone(), [])
    }
}

fn artifact(version: &Version, chip: Chip) -> Artifact {
    let id = build(version, chip).sha256.unwrap();
    Artifact {
        id,
        size: SIZE,
        md5: Md5::of(version.as_bytes()),
        kind: Kind::App,
        variant: Variant::Whole,
        filesystem: None,
        chip: Some(chip),
        gzip: false,
        md5s: Vec::new(),
        digests: vec![id],
        file_name: format!("{version}.bin"),
        proposed_version: None,
        project: None,
        sdk: None,
        embedded: Embedded::default(),
        added: Time::default(),
    }
}
