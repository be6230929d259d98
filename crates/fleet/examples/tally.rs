//! What a look at a campaign costs: `tally DEVICES SITE OFFERED` notes so many devices, with so many at a site, so many percent of
//! which were offered the release, and tallies them. One in fifty fell silent, at some time in the last three days.

use std::process::ExitCode;
use std::time::Duration;

use otary_fleet::{
    Build, Campaign, CampaignId, CheckIn, Device, Dialect, Gate, Kind, Mac, Mode, Network, Pace, Plan, Proof,
    ReleaseId, Roster, Rules, SeenNetwork, Sha256, State, Time, Transport, Trial,
};

const NOW: Time = Time::from_secs(1_795_000_000);
const HOUR: u64 = 3600;
/// Looks that are timed.
const LOOKS: u32 = 5;

fn main() -> ExitCode {
    let arguments: Vec<u32> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let [devices, site, offered] = *arguments.as_slice() else {
        eprintln!(
            "expected DEVICES SITE OFFERED: how many devices, how many at a site, how many percent were offered it"
        );
        return ExitCode::FAILURE;
    };
    let campaign = campaign();
    let mut roster = Roster::default();
    let before = resident();
    let begin = busy();
    (1..=devices).for_each(|number| roster.note(&campaign, &device(&campaign, number, site, offered), true));
    let noted = busy().saturating_sub(begin);
    let kept = resident().saturating_sub(before) * 1024;
    let begin = busy();
    let tallies: Vec<_> = (0..LOOKS)
        .map(|look| roster.tally(&campaign, NOW + Duration::from_secs(5 * u64::from(look))))
        .collect();
    let took = (busy().saturating_sub(begin)) / LOOKS;
    println!(
        "{devices} devices, {site} at a site, {offered} % offered: {took:?} a look, {} bytes a device, {noted:?} to note all",
        kept / u64::from(devices.max(1))
    );
    if let Some(tally) = tallies.first() {
        println!("  {tally}");
    }
    ExitCode::SUCCESS
}

/// Memory in use, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Time of the processor that was used: others may be busy on this machine.
fn busy() -> Duration {
    let said = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    Duration::from_nanos(said.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// The same for the same number: spreads what is said of a device.
const fn spread(number: u32, salt: u64) -> u64 {
    let z =
        (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 30)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn mac(number: u32) -> Mac {
    let [a, b, c, d] = number.to_be_bytes();
    let Ok(mac) = Mac::new([0x24, 0x6F, a, b, c, d]) else { std::process::abort() };
    mac
}

fn campaign() -> Campaign {
    let (Ok(product), Ok(channel)) = ("lamp".parse(), "stable".parse()) else { std::process::abort() };
    let created = NOW - Duration::from_hours(100);
    Campaign {
        id: CampaignId(1),
        kind: Kind::App,
        release: ReleaseId { product, version: "2.0".into() },
        product: release().product,
        channel,
        group: None,
        waves: Plan::default().waves(7, []),
        gate: Gate::default(),
        window: None,
        pace: Pace::default(),
        rules: Rules::default(),
        rolls_back: None,
        state: State::Running,
        wave: 3,
        wave_since: created,
        created,
        by: "local".into(),
        seed: 7,
    }
}

fn release() -> ReleaseId {
    let Ok(product) = "lamp".parse() else { std::process::abort() };
    ReleaseId { product, version: "2.0".into() }
}

fn device(campaign: &Campaign, number: u32, site: u32, offered: u32) -> Device {
    let gap = Duration::from_secs(600 + spread(number, 1) % 3600);
    let mut last = NOW - Duration::from_secs(spread(number, 2) % gap.as_secs());
    if spread(number, 3).is_multiple_of(50) {
        last = NOW - Duration::from_secs(spread(number, 4) % (72 * HOUR));
    }
    let mut device = Device::new(mac(number), last - Duration::from_hours(40 * 24));
    (0..=12).rev().for_each(|polls| device.rhythm.note(Proof::None, last - gap * polls));
    (device.last_seen, device.polls) = (last, 13);
    let source: std::net::Ipv4Addr = (0x0A00_0000 + number / site.max(1) * 256 + 1).into();
    device.networks.push(SeenNetwork { network: Network::of(source.into()), last });
    if spread(number, 5) % 100 < u64::from(offered) {
        let check_in = check_in(number, source);
        let at =
            last.min(NOW - Duration::from_hours(50)) - Duration::from_secs(spread(number, 6) % (20 * HOUR));
        let of = (campaign.id, false);
        let mut trial = Trial::begin(of, release(), Sha256::of(b"new"), &check_in, &device.rhythm, at);
        trial.offer(&check_in);
        trial.deliver(check_in.claimant(), 1_000_000, 1_000_000, at);
        let new = CheckIn { version: Some("2.0".into()), build: Build::default(), ..check_in };
        (0..2).rev().for_each(|polls| _ = trial.poll(&new, None, last - gap * polls));
        device.trials.push(trial);
    }
    device
}

fn check_in(number: u32, source: std::net::Ipv4Addr) -> CheckIn {
    CheckIn {
        dialect: Dialect::ArduinoEsp32,
        mode: Mode::Sketch,
        device: Some(mac(number)),
        name: None,
        product: None,
        chip: None,
        build: Build::default(),
        version: Some("1.0".into()),
        free_space: Some(0x14_0000),
        chip_size: Some(4 << 20),
        sdk: None,
        source: source.into(),
        transport: Transport::Https,
        proof: Proof::None,
        handshake: None,
        agent: None,
        report: None,
    }
}
