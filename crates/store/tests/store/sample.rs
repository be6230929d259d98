//! Records to test with.

use std::io::Write;
use std::time::{Duration, SystemTime};

use otary_fleet::{
    Artifact, Build, Campaign, CampaignId, Cause, CheckIn, Chip, Device, Dialect, Ending, Event, EventKind,
    Gate, Installed, Kind, Mac, Md5, Mode, Network, Plan, Product, Release, ReleaseId, Report, Rules, Sha256,
    Snapshot, State, Time, Transport,
};
use otary_store::{Admit, Retention, Store};

/// The cap of every store under test.
pub const MAX_STRANGERS: usize = 100;

/// A moment at which the tests play: some seconds after a start in 2026.
pub fn at(seconds: u64) -> Time {
    Time::from_secs(1_780_000_000 + seconds)
}

/// A moment after everything that these tests write, on the file system's clock too.
pub fn later() -> Time {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    at(0).max(Time::default() + now) + Duration::from_hours(24 * 365)
}

pub fn mac(number: u32) -> Mac {
    let [a, b, c, d] = number.to_be_bytes();
    Mac::new([0x24, 0x6F, a, b, c, d]).unwrap()
}

pub fn lamp() -> Product {
    Product::new("lamp".parse().unwrap(), at(0))
}

pub fn upload(store: &dyn Store, bytes: &[u8]) -> Sha256 {
    let mut writer = store.begin_blob().unwrap();
    writer.write_all(bytes).unwrap();
    writer.commit().unwrap()
}

pub fn artifact(bytes: &[u8], chip: Chip) -> Artifact {
    Artifact {
        id: Sha256::of(bytes),
        size: bytes.len().try_into().unwrap(),
        md5: Md5::of(bytes),
        kind: Kind::App,
        chip: Some(chip),
        variant: otary_fleet::Variant::Whole,
        filesystem: None,
        gzip: false,
        md5s: vec![Md5::of(bytes)],
        digests: vec![Sha256::of(&[bytes, b" appended"].concat())],
        file_name: "lamp.bin".into(),
        proposed_version: None,
        project: Some("lamp".into()),
        sdk: Some("v5.5.1".into()),
        embedded: otary_fleet::Embedded::default(),
        added: at(1),
    }
}

pub fn release_id(version: &str) -> ReleaseId {
    ReleaseId { product: lamp().name, version: version.into() }
}

pub fn release(version: &str, artifacts: &[Artifact], published: Time) -> Release {
    Release {
        id: release_id(version),
        channel: "stable".parse().unwrap(),
        artifacts: artifacts.iter().map(|artifact| artifact.id).collect(),
        order: otary_fleet::Sequence::default(),
        via: None,
        manifests: Vec::new(),
        notes: "Less flicker.".into(),
        published,
        withdrawn: None,
        pinned: false,
    }
}

/// A campaign that brings a version of the lamp to everybody.
pub fn campaign(number: u32, version: &str) -> Campaign {
    Campaign {
        id: CampaignId(number),
        product: lamp().name,
        kind: Kind::App,
        release: release_id(version),
        channel: "stable".parse().unwrap(),
        group: None,
        waves: Plan::default().waves(7, []),
        gate: Gate { soak: Duration::from_hours(1), approval: true },
        window: Some("mon-fri 22:00-04:00 Europe/Berlin".parse().unwrap()),
        pace: "30/min, 500kB/s".parse().unwrap(),
        rules: Rules::default(),
        rolls_back: Some(CampaignId(99)),
        state: State::Running,
        wave: 0,
        wave_since: at(6),
        created: at(6),
        by: "local".into(),
        seed: u64::MAX,
    }
}

/// Publishes a release of the lamp for the ESP32 with these bytes.
pub fn publish(store: &dyn Store, version: &str, bytes: &[u8], published: Time) -> Artifact {
    publish_for(store, Chip::Esp32, &release(version, &[artifact(bytes, Chip::Esp32)], published), bytes)
}

/// Publishes a release with these bytes for a chip.
pub fn publish_for(store: &dyn Store, chip: Chip, release: &Release, bytes: &[u8]) -> Artifact {
    store.put_product(&lamp()).unwrap();
    upload(store, bytes);
    let artifact = artifact(bytes, chip);
    store.publish(release, std::slice::from_ref(&artifact)).unwrap();
    artifact
}

pub fn check_in(mac: Mac, build: Build) -> CheckIn {
    CheckIn {
        dialect: Dialect::ArduinoEsp32,
        mode: Mode::Sketch,
        device: Some(mac),
        product: None,
        chip: None,
        build,
        version: Some("0.2".into()),
        free_space: Some(1_310_720),
        chip_size: Some(4_194_304),
        sdk: Some("v5.5.1".into()),
        source: "192.168.1.70".parse().unwrap(),
        transport: Transport::Https,
        proof: otary_fleet::Proof::None,
        handshake: None,
        agent: None,
        report: None,
        name: None,
    }
}

/// What an agent reports.
pub fn report() -> Report {
    let (ending, cause) = (Ending::RolledBack, Some(Cause(18)));
    Report { release: 7, payload: Some(Sha256::of(b"payload")), ending, cause, tries: 2 }
}

/// Has a device seen, and counts its polls.
pub fn poll(store: &dyn Store, mac: Mac, now: Time) {
    change(store, mac, now, |device| {
        device.last_seen = now;
        device.polls += 1;
    });
}

/// Changes a device's record, which is made if need be.
pub fn change(store: &dyn Store, mac: Mac, now: Time, mut change: impl FnMut(&mut Device)) {
    let visit = &mut |device: Option<&mut Device>| {
        change(device.unwrap());
        Vec::new()
    };
    store.with_device(mac, now, Admit::New, visit).unwrap();
}

/// Has a device report that it runs an artifact, by the appended digest.
pub fn run(store: &dyn Store, mac: Mac, artifact: &Artifact) {
    let build = Build { md5: None, sha256: artifact.digests.first().copied() };
    change(store, mac, at(9), |device| device.last = Some(Snapshot::of(&check_in(mac, build))));
}

pub fn installed(artifact: &Artifact, version: &str) -> Installed {
    Installed {
        artifact: artifact.id,
        release: release_id(version),
        at: at(9),
        network: Network::of("192.168.1.70".parse().unwrap()),
        before: Build::default(),
        reported: false,
    }
}

pub fn event(seconds: u64, device: Option<Mac>) -> Event {
    Event { at: at(seconds), device, product: Some(lamp().name), kind: EventKind::Contested }
}

/// Keeps everything.
pub fn forever() -> Retention {
    Retention {
        events: Duration::MAX,
        max_events: u64::MAX,
        unreferenced: Duration::MAX,
        withdrawn: Duration::MAX,
        max_artifact_bytes: u64::MAX,
    }
}
