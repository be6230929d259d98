//! The decision table's rows on campaigns: who is let in, in which order, and what is said to the others.

use std::time::Duration;

use otary_fleet::{
    CampaignId, Catalogue, Channel, Chip, Dialect, Group, Membership, Mode, Opening, Proof, Reason,
    ReleaseId, SeenBuild, State, Stop, Time, Verdict, Window,
};

use crate::world::{Board, MAC, World, build_of, name};

const FIRST: CampaignId = CampaignId(1);
const HOUR: Duration = Duration::from_hours(1);

/// The lamp with 0.1 and 0.3 on all boards that ask, a campaign that brings 0.4, and a board that has asked often.
fn with_campaign(waves: &[u64]) -> World {
    let mut world = World::lamp();
    world.publish("lamp", "0.4", "lamp-0.4", Some(Chip::Esp32));
    world.heard(MAC, 100);
    world.campaign("0.4", waves);
    world
}

fn board() -> Board {
    Board::running("lamp-0.3", "0.3")
}

fn stop(world: &World) -> Stop {
    Stop { at: world.now, offered: 8, installed: 1, failed: 0, silent: 3, devices: Vec::new() }
}

// Waves

#[test]
fn a_device_of_an_open_wave_is_offered_the_release() {
    let mut world = with_campaign(&[]);
    let decision = world.poll(&board());
    assert_eq!((decision.campaign, decision.offered()), (Some(FIRST), build_of("lamp-0.4").sha256));
    assert_eq!(decision.reason.to_string(), "runs 0.3, campaign 1 brings 0.4 (wave 1 of 1)");
}

#[test]
fn a_device_of_a_later_wave_waits_and_is_told_which() {
    let mut world = with_campaign(&[0, 0]);
    let decision = world.poll(&board());
    assert_eq!(decision.reason, Reason::LaterWave { campaign: FIRST, wave: 3, open: 1, of: 3 });
    assert_eq!((decision.verdict(), decision.release.unwrap().version), (Verdict::Wait, "0.4".into()));
    world.campaigns[0].wave = 2;
    assert_eq!(world.poll(&board()).verdict(), Verdict::Offer);
}

#[test]
fn a_wave_that_opens_elsewhere_is_no_news_to_one_that_waits() {
    let mut world = with_campaign(&[0, 0]);
    world.poll(&board());
    let events = world.events.len();
    world.campaigns[0].wave = 1;
    world.poll(&board());
    assert_eq!(world.events.len(), events);
    assert_eq!(world.device(MAC).standing.as_ref().unwrap().count, 2);
}

#[test]
fn one_that_runs_the_release_already_waits_whatever_its_wave() {
    let mut world = with_campaign(&[0]);
    let decision = world.poll(&Board::running("lamp-0.4", "0.4"));
    assert_eq!(decision.reason, Reason::UpToDate { version: "0.4".into() });
}

#[test]
fn until_its_wave_opens_a_device_gets_what_its_channel_has() {
    let mut world = with_campaign(&[0]);
    let decision = world.poll(&Board::running("lamp-0.1", "0.1"));
    assert_eq!((decision.campaign, decision.offered()), (None, build_of("lamp-0.3").sha256));
}

#[test]
fn a_probing_campaign_reaches_one_wave_further() {
    let mut world = with_campaign(&[0]);
    world.openings.set(FIRST, Opening { slots: 1, allowed: 4, probing: true, ..Opening::default() });
    assert_eq!(world.poll(&board()).verdict(), Verdict::Offer);
    let mut world = with_campaign(&[0, 0]);
    world.openings.set(FIRST, Opening { slots: 1, allowed: 4, probing: true, ..Opening::default() });
    assert!(matches!(world.poll(&board()).reason, Reason::LaterWave { wave: 3, .. }));
}

// State

#[test]
fn a_paused_campaign_holds_its_members() {
    let mut world = with_campaign(&[]);
    world.campaigns[0].state = State::Paused { paused_by: "ann".into(), paused_at: world.now };
    let decision = world.poll(&board());
    assert_eq!(decision.reason, Reason::CampaignPaused { campaign: FIRST });
    assert_eq!(decision.reason.advice(MAC).unwrap(), "otary campaign resume 1");
}

#[test]
fn a_stopped_campaign_holds_those_that_it_has_not_reached() {
    let mut world = with_campaign(&[]);
    world.campaigns[0].state = State::Stopped(stop(&world));
    let decision = world.poll(&board());
    assert_eq!(decision.reason, Reason::CampaignStopped { campaign: FIRST, offered: "0.4".into() });
    assert_eq!(decision.reason.to_string(), "campaign 1 was stopped: 0.4 did badly on other devices");
    assert_eq!(world.poll(&Board::running("lamp-0.4", "0.4")).verdict(), Verdict::Wait);
}

#[test]
fn one_that_was_offered_the_release_and_cut_off_is_not_offered_it_again_once_the_campaign_is_held() {
    let mut world = with_campaign(&[]);
    let artifact = world.poll(&board()).offered().unwrap();
    world.take(&board(), artifact, 400_000);
    assert_eq!(world.poll(&board()).verdict(), Verdict::Offer, "it tries again while the campaign runs");
    world.campaigns[0].state = State::Stopped(stop(&world));
    let stopped = Reason::CampaignStopped { campaign: FIRST, offered: "0.4".into() };
    assert_eq!(world.poll(&board()).reason, stopped);
    world.campaigns[0].state = State::Paused { paused_by: "ann".into(), paused_at: world.now };
    assert_eq!(world.poll(&board()).reason, Reason::CampaignPaused { campaign: FIRST });
}

#[test]
fn the_next_wave_may_wait_for_a_person() {
    let mut world = with_campaign(&[0]);
    world.campaigns[0].state = State::AwaitsApproval;
    let decision = world.poll(&board());
    assert_eq!(decision.reason, Reason::AwaitsApproval { campaign: FIRST, wave: 2 });
    assert_eq!(decision.reason.advice(MAC).unwrap(), "otary campaign approve 1");
}

#[test]
fn an_aborted_campaign_keeps_its_release_back_for_good() {
    let mut world = with_campaign(&[]);
    world.campaigns[0].state = State::Aborted { aborted_by: "ann".into(), aborted_at: world.now };
    assert_eq!(world.poll(&board()).reason, Reason::UpToDate { version: "0.3".into() });
    let reason = world.poll(&Board::running("lamp-0.4", "0.4")).reason;
    assert_eq!(reason, Reason::NewerRelease { runs: "0.4".into(), published: "0.3".into() });
}

#[test]
fn a_finished_campaign_leaves_its_release_to_the_channel() {
    let mut world = with_campaign(&[0, 0]);
    world.campaigns[0].state = State::Finished { finished_at: world.now };
    let decision = world.poll(&board());
    assert_eq!((decision.campaign, decision.verdict()), (None, Verdict::Offer));
}

// What may be begun

#[test]
fn nothing_is_begun_before_it_is_known_how_much_may_be() {
    let mut world = with_campaign(&[]);
    world.openings = [].into_iter().collect();
    assert_eq!(world.poll(&board()).reason.to_string(), "campaign 1 is about to begin");
}

#[test]
fn as_many_as_may_be_unheard_of_and_no_more() {
    let mut world = with_campaign(&[]);
    world.openings.set(FIRST, Opening { slots: 0, unresolved: 8, allowed: 8, ..Opening::default() });
    let waits = Reason::AtRiskReached { campaign: FIRST, unresolved: 8, allowed: 8 };
    assert_eq!(world.poll(&board()).reason, waits);
    world.openings.set(FIRST, Opening { slots: 1, unresolved: 7, allowed: 8, ..Opening::default() });
    assert_eq!(world.poll(&board()).verdict(), Verdict::Offer);
    world.openings.set(FIRST, Opening { slots: 0, unresolved: 8, allowed: 8, ..Opening::default() });
    assert_eq!(world.poll(&board()).verdict(), Verdict::Offer, "it holds the slot already");
    let stranger = board().from("10.9.9.9");
    assert_eq!(world.poll(&stranger).reason, waits, "who asks elsewhere holds none");
}

#[test]
fn the_pace_is_kept() {
    let mut world = with_campaign(&[]);
    let until = world.now + HOUR;
    world.openings.set(FIRST, Opening { slots: 9, paced_until: Some(until), ..Opening::default() });
    assert_eq!(world.poll(&board()).reason, Reason::PaceReached { campaign: FIRST });
    world.pass(HOUR);
    assert_eq!(world.poll(&board()).verdict(), Verdict::Offer);
}

#[test]
fn an_image_that_does_not_fit_takes_no_slot() {
    let mut world = with_campaign(&[]);
    world.openings.set(FIRST, Opening::default());
    let mut board = board();
    board.0.free_space = Some(1_000);
    assert!(matches!(world.poll(&board).reason, Reason::TooLarge { .. }));
}

// Windows

#[test]
fn outside_of_its_window_a_campaign_waits_for_it() {
    let mut world = with_campaign(&[]);
    // 2026-11-18, a Wednesday, 11:06 in UTC.
    world.now = Time::from_secs(1_795_000_000);
    world.campaigns[0].window = Some("22:00-04:00 Europe/Berlin".parse::<Window>().unwrap());
    let Reason::OutsideWindow { opens, now, .. } = world.poll(&board()).reason else { panic!() };
    assert_eq!(opens.since(now).as_secs().div_ceil(3_600), 10, "21:00 in UTC");
    world.now = opens;
    assert_eq!(world.poll(&board()).verdict(), Verdict::Offer);
}

#[test]
fn the_devices_own_time_zone_wins() {
    let mut world = with_campaign(&[]);
    world.now = Time::from_secs(1_795_000_000);
    world.campaigns[0].window = Some("22:00-04:00 Europe/Berlin".parse::<Window>().unwrap());
    world.device(MAC).zone = Some("Pacific/Auckland".parse().unwrap());
    assert_eq!(world.poll(&board()).verdict(), Verdict::Offer, "it is midnight there");
}

// Whose silence means nothing

#[test]
fn a_device_that_asked_too_rarely_waits_for_the_last_wave() {
    let mut world = with_campaign(&[u64::MAX]);
    world.heard(MAC, 3);
    let reason = world.poll(&board()).reason;
    assert_eq!(reason, Reason::RhythmUnknown { campaign: FIRST, polls: 3, needed: 5 });
    assert_eq!(world.poll(&board()).verdict(), Verdict::Wait);
    assert_eq!(world.poll(&board()).verdict(), Verdict::Offer, "it has asked five times");
    let mut world = with_campaign(&[0]);
    world.heard(MAC, 0);
    world.campaigns[0].wave = 1;
    assert_eq!(world.poll(&board()).verdict(), Verdict::Offer);
}

#[test]
fn a_client_without_identity_has_no_place_among_waves() {
    let mut world = with_campaign(&[0]);
    let mut nameless = board();
    nameless.0.device = None;
    let decision = world.poll(&nameless);
    assert_eq!(decision.reason, Reason::NoIdentity { campaign: FIRST, of: 2 });
    assert_eq!(decision.verdict(), Verdict::Hold);
    let mut world = with_campaign(&[]);
    assert_eq!(world.poll(&nameless).verdict(), Verdict::Offer, "one wave is everybody's");
}

// Proof

#[test]
fn a_campaign_that_gates_on_proof_offers_nothing_to_who_proves_nothing() {
    let mut world = with_campaign(&[]);
    world.campaigns[0].rules.on_proof = true;
    assert_eq!(world.poll(&board()).reason, Reason::Unproven { campaign: FIRST, product: name("lamp") });
    for proof in [Proof::ProductSecret, Proof::DeviceCredential] {
        let mut proven = board();
        proven.0.proof = proof;
        assert_eq!(world.poll(&proven).verdict(), Verdict::Offer, "{proof:?}");
    }
}

#[test]
fn an_address_that_two_who_know_the_secret_use_is_left_out() {
    let mut world = with_campaign(&[]);
    world.campaigns[0].rules.on_proof = true;
    let now = world.now;
    let seen = |firmware: &str, proven| SeenBuild {
        build: build_of(firmware),
        network: otary_fleet::Network::of([10, 0, 0, 1].into()),
        roams: false,
        version: None,
        first: now,
        last: now,
        polls: 3,
        proof: Proof::ProductSecret,
        proven,
        handshakes: Vec::new(),
    };
    let mut secret = board();
    secret.0.proof = Proof::ProductSecret;
    let device = world.device(MAC);
    device.contested = Some(now);
    device.builds = vec![seen("lamp-0.3", Some(now)), seen("lamp-0.1", None)];
    assert_eq!(world.poll(&secret).verdict(), Verdict::Offer, "a stranger without proof contests nothing");
    world.device(MAC).builds = vec![seen("lamp-0.3", Some(now)), seen("lamp-0.1", Some(now))];
    assert_eq!(world.poll(&secret).reason, Reason::Contested { campaign: FIRST });
    secret.0.proof = Proof::DeviceCredential;
    assert_eq!(world.poll(&secret).verdict(), Verdict::Offer, "its own credential settles it");
}

// Members

#[test]
fn a_campaign_to_a_group_reaches_nobody_else_even_when_it_has_finished() {
    let mut world = with_campaign(&[]);
    let group: otary_fleet::GroupName = "kitchen".parse().unwrap();
    world.campaigns[0].group = Some(group.clone());
    assert_eq!(world.poll(&board()).verdict(), Verdict::Wait, "there is no such group");
    let by = Membership::Hand([MAC.parse().unwrap()].into());
    world.groups.push(Group { name: group, product: None, by });
    assert_eq!(world.poll(&board()).verdict(), Verdict::Offer);
    world.campaigns[0].state = State::Finished { finished_at: world.now };
    assert_eq!(world.poll(&board()).campaign, Some(FIRST));
    world.groups[0].by = Membership::Hand([].into());
    assert_eq!(world.poll(&board()).reason, Reason::UpToDate { version: "0.3".into() });
}

#[test]
fn a_campaign_is_for_its_channel_and_kind() {
    let mut world = with_campaign(&[]);
    world.device(MAC).channel = Some("beta".parse::<Channel>().unwrap());
    assert!(matches!(world.poll(&board()).reason, Reason::NoRelease { .. }));
    let mut world = with_campaign(&[]);
    let mut files = board();
    files.0.mode = Mode::Filesystem;
    assert!(matches!(world.poll(&files).reason, Reason::NoRelease { .. }));
}

#[test]
fn a_campaign_without_an_image_for_its_chip_says_nothing_to_a_device() {
    let mut world = with_campaign(&[]);
    let mut other = Board::running("own", "0.1");
    other.0.chip = Some(Chip::Esp32C3);
    assert_eq!(other.0.dialect, Dialect::ArduinoEsp32);
    assert!(matches!(world.poll(&other).reason, Reason::NoRelease { chip: Some(Chip::Esp32C3), .. }));
}

// One after the other

#[test]
fn the_newest_campaign_that_lets_it_in_decides() {
    let mut world = with_campaign(&[]);
    world.publish("lamp", "0.5", "lamp-0.5", Some(Chip::Esp32));
    world.campaign("0.5", &[0]);
    let decision = world.poll(&board());
    assert_eq!((decision.campaign, decision.offered()), (Some(FIRST), build_of("lamp-0.4").sha256));
    let waits = world.poll(&Board::running("lamp-0.4", "0.4"));
    assert_eq!(waits.reason, Reason::LaterWave { campaign: CampaignId(2), wave: 2, open: 1, of: 2 });
}

#[test]
fn a_newer_release_for_everybody_supersedes_a_campaign() {
    let mut world = with_campaign(&[0]);
    world.publish("lamp", "0.5", "lamp-0.5", Some(Chip::Esp32));
    assert_eq!(world.poll(&board()).offered(), build_of("lamp-0.5").sha256);
    let mut world = with_campaign(&[]);
    world.publish("lamp", "0.3.1", "lamp-0.3.1", Some(Chip::Esp32));
    assert_eq!(
        world.poll(&board()).offered(),
        build_of("lamp-0.4").sha256,
        "a fix of the former release does not"
    );
}

#[test]
fn nobody_goes_back_unless_the_campaign_says_so() {
    let mut world = World::lamp();
    world.heard(MAC, 100);
    world.campaign("0.1", &[]).rolls_back = Some(CampaignId(9));
    world.campaigns[0].created = world.now;
    assert_eq!(world.poll(&board()).verdict(), Verdict::Wait);
    world.campaigns[0].rules.allow_downgrade = true;
    let decision = world.poll(&board());
    assert_eq!(decision.offered(), build_of("lamp-0.1").sha256);
    assert_eq!(decision.reason.to_string(), "runs 0.3, campaign 1 takes it back to 0.1 (wave 1 of 1)");
    world.campaigns[0].state = State::Finished { finished_at: world.now };
    assert_eq!(world.poll(&board()).verdict(), Verdict::Offer, "whoever comes late goes back too");
}

#[test]
fn a_release_that_is_gone_under_a_campaign_holds_its_members() {
    let gone = |reason: &Reason| matches!(reason, Reason::ReleaseGone { campaign: Some(FIRST), .. });
    let mut world = with_campaign(&[]);
    world.withdraw("0.4");
    let decision = world.poll(&board());
    assert!(gone(&decision.reason), "{}", decision.reason);
    assert_eq!(decision.reason.advice(MAC).unwrap(), "otary campaign abort 1");
    let mut world = with_campaign(&[]);
    world.campaigns[0].release = ReleaseId { product: name("lamp"), version: "0.9".into() };
    assert_eq!(world.poll(&board()).offered(), build_of("lamp-0.4").sha256, "no campaign keeps 0.4 back now");
    assert!(gone(&world.poll(&Board::running("lamp-0.4", "0.4")).reason));
}

#[test]
fn what_a_campaign_publishes_is_kept_back_from_everybody_else() {
    let mut world = with_campaign(&[]);
    let kept = |catalogue: Catalogue| catalogue.is_kept_back(&catalogue.campaigns(&name("lamp"))[0].release);
    assert!(kept(world.catalogue()));
    world.campaigns[0].rolls_back = Some(CampaignId(9));
    assert!(!kept(world.catalogue()), "a former release was published before");
}
