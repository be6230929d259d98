//! The stop rule on simulated fleets, in short: what `cargo xtask stop-rule` measures on 1,000 seeds, on a few dozen. The figures of
//! the long run are in docs/STOP-RULE.md.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]

#[path = "../examples/stop_rule/board.rs"]
mod board;
#[path = "../examples/stop_rule/chance.rs"]
mod chance;
#[path = "../examples/stop_rule/run.rs"]
mod run;
#[path = "../examples/stop_rule/scenario.rs"]
mod scenario;
#[path = "../examples/stop_rule/table.rs"]
mod table;

use std::time::Duration;

use board::Board;
use chance::Chance;
use otary_fleet::{
    Campaign, CampaignId, Catalogue, Delivery, Gate, Kind, Opening, Openings, Pace, Plan, Product, Release,
    ReleaseId, Rules, State, Time, View, decide, delivered, observe,
};
use table::{LOST, Measured, ROWS, Row};

fn row(name: &str) -> Row {
    *ROWS.iter().find(|row| row.name == name).unwrap()
}

#[test]
fn a_release_that_kills_one_in_five_loses_few_devices() {
    let measured = row("kills 20 %").measure(32);
    let (stopped, all) = Measured::stopped(measured.endings.iter());
    assert_eq!(stopped, all, "{measured}");
    assert!(measured.percentile(95, LOST).unwrap() <= 15, "{measured}");
}

#[test]
fn a_good_release_is_not_stopped_and_comes_to_its_end() {
    let measured = Row { sizes: &[20, 50, 100, 200, 500], ..row("good") }.measure(50);
    let (stopped, _) = Measured::stopped(measured.endings.iter());
    let unfinished = measured.endings.iter().filter(|ending| ending.state == State::Running).count();
    assert_eq!((stopped, unfinished), (0, 0), "{measured}");
}

#[test]
fn the_same_seed_is_the_same_campaign() {
    let [a, b] = [0, 1].map(|_| Row { sizes: &[200], ..row("kills 20 %") }.ending(5));
    assert_eq!((a.state, a.lost, a.after, a.tally), (b.state, b.lost, b.after, b.tally));
}

/// What lets the simulation take unchanged polls together.
#[test]
fn unchanged_polls_taken_together_leave_the_record_that_they_leave_one_by_one() {
    let begins = Time::from_secs(1_795_000_000);
    for (gap, on_trial) in [(10, false), (10, true), (3_600, false), (3_600, true)] {
        let mut one_by_one = Board::new(7, 3, gap, begins, &mut Chance::new(1));
        let catalogue = catalogue(begins);
        let openings = Openings::from_iter([(CampaignId(1), Opening { slots: 9, ..Opening::default() })]);
        let mut now = begins;
        let poll = |board: &mut Board, now: Time| {
            let decision = decide(
                &board.says,
                View { catalogue: &catalogue, device: Some(&board.record), openings: &openings },
                now,
            );
            observe(&mut board.record, &board.says, &decision, &catalogue, now);
            decision
        };
        if on_trial {
            let artifact = poll(&mut one_by_one, now).offered().unwrap();
            let claimant = one_by_one.says.claimant();
            let delivery =
                Delivery { claimant, artifact, from: 0, asked: 1_000_000, bytes: 1_000_000, size: 1_000_000 };
            delivered(&mut one_by_one.record, delivery, now);
        }
        one_by_one.take(now);
        for _ in 0..12 {
            now = now + Duration::from_secs(gap);
            poll(&mut one_by_one, now);
        }
        let mut together = Board::new(7, 3, gap, begins, &mut Chance::new(1));
        together.record = one_by_one.record.clone();
        for _ in 0..20_000 {
            now = now + Duration::from_secs(gap);
            poll(&mut one_by_one, now);
        }
        together.repeat(20_000);
        assert_eq!(together.record, one_by_one.record, "every {gap} s, on trial: {on_trial}");
    }
}

/// The two releases of the simulation, the second under a campaign.
fn catalogue(now: Time) -> Catalogue {
    let product = "lamp".parse::<otary_fleet::ProductName>().unwrap();
    let id = |version: &str| ReleaseId { product: product.clone(), version: version.into() };
    let releases = [("1.0", "old"), ("2.0", "new")].map(|(version, firmware)| Release {
        id: id(version),
        channel: "stable".parse().unwrap(),
        artifacts: vec![run::artifact(firmware).id],
        manifests: Vec::new(),
        notes: String::new(),
        published: now,
        withdrawn: None,
        pinned: false,
        via: None,
        order: otary_fleet::Sequence::default(),
    });
    let campaign = Campaign {
        id: CampaignId(1),
        product: product.clone(),
        kind: Kind::App,
        release: id("2.0"),
        channel: "stable".parse().unwrap(),
        group: None,
        waves: Plan::at_once().waves(1, []),
        gate: Gate::default(),
        window: None,
        pace: Pace::default(),
        rules: Rules::default(),
        rolls_back: None,
        state: State::Running,
        wave: 0,
        wave_since: now,
        created: now,
        by: "local".into(),
        seed: 1,
    };
    let artifacts = ["old", "new"].map(run::artifact);
    Catalogue::new([Product::new(product, now)], releases, artifacts).with_campaigns([campaign], [])
}
