//! A fleet on record: lamps on three releases and some on builds of their own, which polled by the real rules.

use std::path::Path;
use std::time::Duration;

use otary_fleet::{
    Build, CheckIn, Chip, Device, Dialect, Mac, Mode, Openings, Product, Proof, Release, ReleaseId, Sequence,
    Sha256, Time, Transport, Version, View, decide, observe, read,
};
use otary_image::emit::{AppImage, AppSegment};
use otary_store::{Admit, Disk, DiskOptions, Store};

/// When it is looked at.
pub const NOW: Time = Time::from_secs(1_795_000_000);
/// How often each device asked.
const POLLS: u32 = 6;
const HOUR: Duration = Duration::from_hours(1);

/// Writes so many devices to a new database.
pub fn write(folder: &Path, devices: u32) -> anyhow::Result<()> {
    let store = Disk::open(folder, DiskOptions::default())?;
    store.put_product(&Product::new("lamp".parse()?, NOW - HOUR * 1000))?;
    let mut builds = Vec::new();
    for (place, version) in (1..).zip(["0.9", "0.10", "0.11"]) {
        builds.push(publish(&store, version, NOW - HOUR * (1000 / place))?);
    }
    let own = Build { sha256: Some(Sha256::of(b"own")), ..Build::default() };
    for number in 0..devices {
        // One in five thousand was left behind; one in fifty runs what its owner built.
        let (build, says) = match number {
            n if n % 5000 == 0 => (builds.first(), "0.9"),
            n if n % 50 == 1 => (Some(&own), "0.10-mine"),
            n if n % 3 == 0 => (builds.get(1), "0.10"),
            _ => (builds.last(), "0.11"),
        };
        live(&store, number, build.copied().unwrap_or_default(), says)?;
    }
    store.flush()?;
    Ok(())
}

/// Publishes a small image.
fn publish(store: &Disk, version: &str, at: Time) -> anyhow::Result<Build> {
    let constants = version.as_bytes().repeat(64);
    let segments = [
        AppSegment { address: 0x3F40_0020, data: &constants },
        AppSegment { address: 0x400D_0020, data: &[0x36, 0x41, 0x00, 0x1D].repeat(64) },
    ];
    let image = AppImage { segments: &segments, entry: 0x400D_0020, ..AppImage::new(Chip::Esp32) };
    let mut bytes = vec![0; usize::try_from(image.image_len()?)?];
    image.write(&mut bytes)?;
    let artifact = read(&bytes, "lamp.bin", at, false)?.artifact;
    let mut blob = store.begin_blob()?;
    std::io::Write::write_all(&mut blob, &bytes)?;
    blob.commit()?;
    let build = Build { md5: Some(artifact.md5), sha256: artifact.digests.first().copied() };
    let release = Release {
        id: ReleaseId { product: "lamp".parse()?, version: Version::from(version) },
        channel: "stable".parse()?,
        artifacts: vec![artifact.id],
        order: Sequence::default(),
        via: None,
        manifests: Vec::new(),
        notes: String::new(),
        published: at,
        withdrawn: None,
        pinned: false,
    };
    store.publish(&release, &[artifact])?;
    Ok(build)
}

/// A device polls about once an hour and is known to the operator.
fn live(store: &Disk, number: u32, build: Build, says: &str) -> anyhow::Result<()> {
    let [_, a, b, c] = number.to_be_bytes();
    let mac = Mac::new([0x24, 0x6F, 0x28, a, b, c])?;
    let check_in = CheckIn {
        dialect: Dialect::ArduinoEsp32,
        mode: Mode::Sketch,
        device: Some(mac),
        name: None,
        product: Some("lamp".parse()?),
        chip: Some(Chip::Esp32),
        build,
        version: Some(says.into()),
        free_space: Some(0x14_0000),
        chip_size: Some(4 << 20),
        sdk: Some("v4.4.5".to_owned()),
        source: [10, a, b, 7].into(),
        transport: Transport::Https,
        proof: Proof::None,
        handshake: None,
        agent: None,
        report: None,
    };
    // Spread over the last day, and some for longer than a week.
    let last = NOW - HOUR / 40 * (number % 1000) - HOUR * if number.is_multiple_of(97) { 200 } else { 0 };
    let catalogue = store.catalogue();
    for poll in (0..POLLS).rev() {
        let now = last - HOUR * poll;
        store.with_device(mac, now, Admit::New, &mut |device: Option<&mut Device>| {
            let Some(device) = device else { return Vec::new() };
            device.product.clone_from(&check_in.product);
            let view = View { catalogue: &catalogue, device: Some(device), openings: Openings::SHUT };
            let decision = decide(&check_in, view, now);
            // What it led to is in the record; the log is not looked at.
            observe(device, &check_in, &decision, &catalogue, now);
            Vec::new()
        })?;
    }
    Ok(())
}
