//! What holds of every campaign, whatever its plan, its openings and the time.

use std::collections::BTreeSet;
use std::time::Duration;

use otary_fleet::{
    CampaignId, Catalogue, Chip, Mac, Opening, Openings, Plan, Reason, State, Stop, Time, Verdict, View,
    Window, decide,
};
use proptest::prelude::*;

use crate::world::{Board, World};

const FIRST: CampaignId = CampaignId(1);

fn mac(number: u8) -> Mac {
    Mac::new([0x24, 0x6F, 0x28, 0, 0, number]).unwrap()
}

fn board(number: u8) -> Board {
    let mut board = Board::running("lamp-0.3", "0.3");
    board.0.device = Some(mac(number));
    board
}

/// A hundred lamps on record that run 0.3 and have asked often, and a campaign by this plan that brings 0.4.
fn fleet(plan: &Plan, seed: u64) -> World {
    let mut world = World::lamp();
    world.publish("lamp", "0.4", "lamp-0.4", Some(Chip::Esp32));
    let waves = plan.waves(seed, (1..=100).map(mac));
    let campaign = world.campaign("0.4", &[]);
    (campaign.waves, campaign.seed) = (waves, seed);
    for number in 1..=100 {
        world.heard(&mac(number).to_string(), 100);
    }
    world
}

fn reason(
    world: &World,
    catalogue: &Catalogue,
    number: u8,
    openings: &Openings,
    now: Time,
) -> (Verdict, Reason) {
    let view = View { catalogue, device: world.devices.get(&mac(number)), openings };
    let decision = decide(&board(number).check_in(), view, now);
    (decision.verdict(), decision.reason)
}

fn room(slots: u32, probing: bool) -> Openings {
    [(FIRST, Opening { slots, allowed: slots, probing, ..Opening::default() })].into_iter().collect()
}

fn plans() -> impl Strategy<Value = Plan> {
    prop::sample::select(&["1%,5%,25%,100%", "3,20,100%", "10%,100%", "1,2,3,50%,100%"][..])
        .prop_map(|plan| plan.parse().unwrap())
}

fn states() -> impl Strategy<Value = State> {
    let stop = Stop { at: Time(0), offered: 8, installed: 1, failed: 0, silent: 3, devices: Vec::new() };
    prop::sample::select(vec![
        State::Running,
        State::AwaitsApproval,
        State::Paused { paused_by: "ann".into(), paused_at: Time(0) },
        State::Stopped(stop),
        State::Aborted { aborted_at: Time(0), aborted_by: "ann".into() },
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whoever_is_in_stays_in_as_waves_open(plan in plans(), seed: u64) {
        let mut world = fleet(&plan, seed);
        let mut before = BTreeSet::new();
        for wave in 0..world.campaigns[0].waves.len() {
            world.campaigns[0].wave = wave;
            let catalogue = world.catalogue();
            let offered = |number: &u8| {
                reason(&world, &catalogue, *number, &room(9, false), world.now).0 == Verdict::Offer
            };
            let now: BTreeSet<u8> = (1..=100).filter(offered).collect();
            prop_assert!(now.is_superset(&before) && now.len() > before.len());
            let below = world.campaigns[0].waves[wave].below;
            prop_assert!(now.iter().all(|number| world.campaigns[0].place(mac(*number)) < below));
            before = now;
        }
        prop_assert_eq!(before.len(), 100);
    }

    #[test]
    fn nobody_is_offered_anything_that_is_closed(
        plan in plans(),
        seed: u64,
        wave in 0..5_usize,
        state in states(),
        slots in 0..2_u32,
        probing: bool,
        windowed: bool,
        hours in 0..24_u64,
        number in 1..=100_u8,
    ) {
        let mut world = fleet(&plan, seed);
        let window: Window = "22:00-04:00 America/New_York".parse().unwrap();
        let campaign = &mut world.campaigns[0];
        campaign.wave = wave.min(campaign.waves.len() - 1);
        (campaign.state, campaign.window) = (state.clone(), windowed.then(|| window.clone()));
        let campaign = campaign.clone();
        let now = world.now + Duration::from_hours(hours);
        let (verdict, why) = reason(&world, &world.catalogue(), number, &room(slots, probing), now);
        let last = campaign.wave + usize::from(probing);
        let is_open = matches!(state, State::Running | State::AwaitsApproval)
            && campaign.wave_of(mac(number)) <= last
            && slots > 0
            && (!windowed || window.opens(now, None).is_none());
        prop_assert_eq!(verdict == Verdict::Offer, is_open, "{}", why);
    }

    #[test]
    fn no_stranger_elsewhere_changes_what_a_campaign_answers_a_device(
        plan in plans(),
        seed: u64,
        wave in 0..5_usize,
        slots in 0..3_u32,
        firmware in prop::sample::select(&["lamp-0.1", "lamp-0.3", "lamp-0.4", "own"][..]),
        polls in 0..20_u8,
        number in 1..=100_u8,
    ) {
        let mut world = fleet(&plan, seed);
        let waves = world.campaigns[0].waves.len();
        world.campaigns[0].wave = wave.min(waves - 1);
        world.openings = room(slots, false);
        let (catalogue, openings) = (world.catalogue(), room(slots, false));
        let before = reason(&world, &catalogue, number, &openings, world.now);
        for poll in 0..polls {
            let mut stranger = Board::running(firmware, "").from(&format!("10.9.{}.7", poll % 3));
            stranger.0.device = Some(mac(number));
            world.poll_and_take(&stranger);
        }
        prop_assert_eq!(before, reason(&world, &catalogue, number, &openings, world.now));
    }
}
