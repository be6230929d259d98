//! Decides on one poll again and again, for a counter of instructions to watch (`cargo xtask ci wait`).
//!
//! `wait` lists the cases; `wait CASE TIMES` decides so often, of a product with a hundred releases and fifty campaigns, five
//! of them to groups that share out a million devices. Everything that is counted happens in [`decide_once`].

use std::collections::BTreeSet;
use std::hint::black_box;
use std::process::ExitCode;

use otary_fleet::{
    Artifact, Attempt, Build, Campaign, CampaignId, Catalogue, CheckIn, Chip, Decision, Device, Dialect,
    Embedded, Gate, Group, GroupName, Held, Kind, Mac, Md5, Membership, Mode, Network, Opening, Openings,
    Pace, Plan, Product, Proof, Release, ReleaseId, Rhythm, Rules, Sha256, State, Time, Transport, View,
    Wave, decide, observe,
};

const DEVICES: u32 = 1_000_000;
const RELEASES: u32 = 100;
const CAMPAIGNS: u32 = 50;
const NOW: Time = Time::from_secs(1_795_000_000);

/// What is decided on.
struct Scene {
    catalogue: Catalogue,
    device: Device,
    openings: Openings,
    check_in: CheckIn,
    /// Whether the reason is written out as well, which takes memory.
    told: bool,
}

/// What a case changes: the campaigns, then the device.
struct Case {
    name: &'static str,
    rule: &'static str,
    campaigns: fn(&mut Campaign),
    scene: fn(&mut Scene),
}

const CASES: &[Case] = &[
    Case { name: "up-to-date", rule: "up-to-date", campaigns: aborted, scene: |_| {} },
    Case { name: "later-wave-of-fifty-campaigns", rule: "later-wave", campaigns: |_| {}, scene: |_| {} },
    Case { name: "outside-the-window", rule: "outside-window", campaigns: windowed, scene: |_| {} },
    Case { name: "all-slots-taken", rule: "at-risk-reached", campaigns: open, scene: |_| {} },
    Case {
        name: "rhythm-unknown",
        rule: "rhythm-unknown",
        campaigns: almost_open,
        scene: |scene| scene.device.rhythm = Rhythm::NEW,
    },
    Case { name: "own-build-of-the-same-version", rule: "not-older", campaigns: aborted, scene: own_build },
    Case { name: "took-it-once", rule: "taken-once", campaigns: aborted, scene: took_it_once },
    // To see that an allocation is noticed.
    Case { name: "control", rule: "up-to-date", campaigns: aborted, scene: |scene| scene.told = true },
    Case {
        name: "in-none-of-fifty-groups-by-query",
        rule: "up-to-date",
        campaigns: described,
        scene: |_| {},
    },
    Case {
        name: "in-none-of-fifty-groups-by-version",
        rule: "up-to-date",
        campaigns: old_ones,
        scene: |_| {},
    },
    Case { name: "held", rule: "held", campaigns: |_| {}, scene: held },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => CASES.iter().for_each(|case| println!("{}", case.name)),
        [name, times] => {
            let case = CASES.iter().find(|case| case.name == *name);
            let Some((case, times)) = case.zip(times.parse::<u32>().ok()) else { return ExitCode::FAILURE };
            let scene = scene(case);
            for _ in 0..times {
                let rule = black_box(decide_once(black_box(&scene))).reason.rule();
                if rule != case.rule {
                    eprintln!("{name}: answered by the rule {rule}, not by {}", case.rule);
                    return ExitCode::FAILURE;
                }
            }
        }
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}

#[inline(never)]
fn decide_once(scene: &Scene) -> Decision {
    let view = View { catalogue: &scene.catalogue, device: Some(&scene.device), openings: &scene.openings };
    let decision = decide(&scene.check_in, view, NOW);
    if scene.told {
        black_box(decision.reason.to_string());
    }
    decision
}

fn aborted(campaign: &mut Campaign) {
    campaign.state = State::Aborted { aborted_at: NOW, aborted_by: "local".into() };
}

fn open(campaign: &mut Campaign) {
    campaign.wave = campaign.waves.len();
}

fn almost_open(campaign: &mut Campaign) {
    campaign.waves = vec![Wave { share: otary_fleet::Share::ALL, below: u64::MAX }; 2];
}

fn windowed(campaign: &mut Campaign) {
    open(campaign);
    // It is 11:06 in UTC.
    campaign.window = "mon-fri 02:00-04:00 America/New_York".parse().ok();
}

/// Of another group each, and all of them described.
fn described(campaign: &mut Campaign) {
    campaign.group = format!("described-{}", campaign.id).parse().ok();
}

fn old_ones(campaign: &mut Campaign) {
    campaign.group = format!("old-{}", campaign.id).parse().ok();
}

fn own_build(scene: &mut Scene) {
    scene.check_in.build = build("somebody's own");
    scene.check_in.version = Some(format!("{}.0.0+20261128.abcdef012", RELEASES - 1).as_str().into());
}

fn took_it_once(scene: &mut Scene) {
    scene.check_in.build = Build::default();
    scene.check_in.version = None;
    let artifact = Sha256::of(version(RELEASES - 1 - CAMPAIGNS).as_bytes());
    let attempt = Attempt {
        claimant: scene.check_in.claimant(),
        network: Network::of(scene.check_in.source),
        release: release_id(RELEASES - 1 - CAMPAIGNS),
        artifact,
        kind: Kind::App,
        build: Build::default(),
        first_offer: NOW,
        last_offer: NOW,
        offers: 1,
        whole: 1,
        cut_off: 0,
        last_bytes: 1_300_000,
        outcome: None,
        holds: 0,
        held_until: None,
    };
    scene.device.attempts = vec![attempt; Device::MAX_ATTEMPTS];
}

fn held(scene: &mut Scene) {
    scene.device.hold = Some(Held { at: NOW, by: "local".into() });
}

fn version(number: u32) -> String {
    format!("{number}.0.0")
}

fn build(firmware: &str) -> Build {
    Build { md5: Some(Md5::of(firmware.as_bytes())), sha256: Some(Sha256::of(firmware.as_bytes())) }
}

fn release_id(number: u32) -> ReleaseId {
    ReleaseId { product: product().name, version: version(number).into() }
}

fn product() -> Product {
    let Ok(name) = "lamp".parse() else { std::process::abort() };
    Product::new(name, NOW)
}

fn mac(number: u32) -> Mac {
    let [a, b, c, d] = number.to_be_bytes();
    let Ok(mac) = Mac::new([0x24, 0x6F, a, b, c, d]) else { std::process::abort() };
    mac
}

fn group(number: u32) -> GroupName {
    let Ok(name) = format!("group-{}", number % 5).parse() else { std::process::abort() };
    name
}

fn scene(case: &Case) -> Scene {
    // The newest releases are brought by the campaigns; the device runs the newest of the others.
    let runs = version(RELEASES - 1 - CAMPAIGNS);
    let mut campaigns: Vec<Campaign> = (1..=CAMPAIGNS).map(campaign).collect();
    campaigns.iter_mut().for_each(case.campaigns);
    let openings = campaigns.iter().map(|campaign| (campaign.id, Opening::default())).collect();
    let members =
        |number: u32| -> BTreeSet<Mac> { (1..=DEVICES).filter(|n| n % 5 == number).map(mac).collect() };
    let groups = (0..5).map(|number| Group {
        name: group(number),
        product: None,
        by: Membership::Hand(members(number)),
    });
    let by_query = |name: String, query: String| {
        let (Ok(name), Ok(query)) = (name.parse(), query.parse()) else { std::process::abort() };
        Group { name, product: None, by: Membership::Query(query) }
    };
    let described = (1..=CAMPAIGNS).flat_map(|number| {
        let old = format!("build < 0.{number} and seen < {number}d");
        let of_chip = format!("chip = esp32c3 and {old}");
        [by_query(format!("described-{number}"), of_chip), by_query(format!("old-{number}"), old)]
    });
    let catalogue = Catalogue::new([product()], (0..RELEASES).map(release), (0..RELEASES).map(artifact))
        .with_campaigns(campaigns, groups.chain(described));
    let mut device = Device::new(mac(DEVICES / 2), NOW);
    (1..=100).rev().for_each(|minutes| {
        device.rhythm.note(Proof::None, NOW - std::time::Duration::from_mins(minutes));
    });
    let mut scene = Scene { catalogue, device, openings, check_in: check_in(&runs), told: false };
    (case.scene)(&mut scene);
    ask_once(&mut scene);
    scene
}

/// It asked before, and said the same.
fn ask_once(scene: &mut Scene) {
    let view = View { catalogue: &scene.catalogue, device: Some(&scene.device), openings: &scene.openings };
    let decision = decide(&scene.check_in, view, NOW);
    observe(&mut scene.device, &scene.check_in, &decision, &scene.catalogue, NOW);
}

fn release(number: u32) -> Release {
    let Ok(channel) = "stable".parse() else { std::process::abort() };
    Release {
        id: release_id(number),
        channel,
        artifacts: vec![Sha256::of(version(number).as_bytes())],
        via: None,
        order: otary_fleet::Sequence::default(),
        manifests: Vec::new(),
        notes: String::new(),
        published: Time(NOW.0 - 1_000_000 + u64::from(number)),
        withdrawn: None,
        pinned: false,
    }
}

fn artifact(number: u32) -> Artifact {
    let Build { md5: Some(md5), sha256: Some(digest) } = build(&version(number)) else {
        std::process::abort()
    };
    Artifact {
        id: digest,
        size: 1_300_000,
        md5,
        kind: Kind::App,
        chip: Some(Chip::Esp32),
        variant: otary_fleet::Variant::Whole,
        filesystem: None,
        gzip: false,
        md5s: vec![md5],
        digests: vec![digest],
        file_name: "lamp.bin".into(),
        proposed_version: None,
        project: None,
        sdk: None,
        embedded: Embedded::default(),
        added: NOW,
    }
}

/// Of every ten campaigns one is to a group; none has let the device in.
fn campaign(number: u32) -> Campaign {
    let Ok(channel) = "stable".parse() else { std::process::abort() };
    let brings = release(RELEASES - 1 - CAMPAIGNS + number);
    let mut waves = Plan::default().waves(7, []);
    waves.iter_mut().rev().skip(1).for_each(|wave| wave.below = 0);
    Campaign {
        id: CampaignId(number),
        product: product().name,
        kind: Kind::App,
        release: brings.id,
        channel,
        group: number.is_multiple_of(10).then(|| group(number / 10)),
        waves,
        gate: Gate::default(),
        window: None,
        pace: Pace::default(),
        rules: Rules::default(),
        rolls_back: None,
        state: State::Running,
        wave: 0,
        wave_since: NOW,
        // It was published by it.
        created: brings.published,
        by: "local".into(),
        seed: u64::from(number),
    }
}

fn check_in(runs: &str) -> CheckIn {
    CheckIn {
        dialect: Dialect::ArduinoEsp32,
        mode: Mode::Sketch,
        device: Some(mac(DEVICES / 2)),
        name: None,
        product: None,
        chip: None,
        build: build(runs),
        version: Some(runs.into()),
        free_space: Some(0x14_0000),
        chip_size: Some(4 << 20),
        sdk: Some("v4.4.5".into()),
        source: [192, 168, 1, 50].into(),
        transport: Transport::Https,
        proof: Proof::None,
        handshake: None,
        agent: None,
        report: None,
    }
}
