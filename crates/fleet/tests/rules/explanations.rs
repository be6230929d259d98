//! What `explain` says in the situations that operators ask about. Each is a section of `explanations.txt` and compared word by
//! word; `TRANSCRIPTS=write` writes what is said instead.

use std::path::PathBuf;
use std::time::Duration;

use otary_fleet::{
    Campaign, Chip, Ending, Explanation, Held, Mode, Opening, Openings, Proof, Report, State, Stop, Time,
    View, explain, explain_check_in,
};

use crate::world::{Board, MAC, World, name};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// Something that an operator asks about.
type Situation = fn() -> Explanation;

/// The lamp with 0.1 and 0.3 on the channel, and a board with 0.3 that asked every ten minutes for a while.
fn lamp() -> (World, Board) {
    let (mut world, board) = (World::lamp(), Board::running("lamp-0.3", "0.3"));
    asks(&mut world, &board, 12);
    (world, board)
}

/// Polls every ten minutes.
fn asks(world: &mut World, board: &Board, times: u32) {
    for _ in 0..times {
        world.pass(Duration::from_secs(590));
        world.poll(board);
    }
}

/// The same with 0.4 under way for two hours, in four waves, to the third of which the board belongs (or to this one); three
/// devices are unheard of. It last asked four minutes ago, when the campaign was like this.
fn under_way(wave: usize, with: impl FnOnce(&mut Campaign, Time)) -> (World, Board) {
    let (mut world, board) = lamp();
    world.publish("lamp", "0.4", "lamp-0.4", Some(Chip::Esp32));
    let mut bounds = vec![u64::MAX; 3];
    bounds.iter_mut().take(wave - 1).for_each(|bound| *bound = 0);
    let campaign = world.campaign("0.4", &bounds);
    for (wave, share) in campaign.waves.iter_mut().zip(["1%", "5%", "25%", "100%"]) {
        wave.share = share.parse().unwrap();
    }
    campaign.by = "ann".into();
    world.openings = Openings::default();
    asks(&mut world, &board, 11);
    let now = world.now;
    let campaign = &mut world.campaigns[0];
    with(campaign, now);
    let room = Opening { slots: 5, unresolved: 3, allowed: 8, ..Opening::default() };
    world.openings.set(campaign.id, room);
    (world, board)
}

/// The same after one more check-in, four minutes ago.
fn answered(wave: usize, with: impl FnOnce(&mut Campaign, Time)) -> Explanation {
    let (mut world, board) = under_way(wave, with);
    asks(&mut world, &board, 1);
    world.pass(MINUTE * 4);
    said(&world)
}

fn said(world: &World) -> Explanation {
    explain(&world.devices[&MAC.parse().unwrap()], &world.catalogue(), &world.openings, world.now)
}

fn up_to_date() -> Explanation {
    let (mut world, _) = lamp();
    world.pass(MINUTE * 4);
    said(&world)
}

fn offered_for_the_first_time() -> Explanation {
    let (mut world, _) = under_way(1, |_, _| {});
    world.pass(MINUTE * 4);
    said(&world)
}

fn offered_and_not_yet_taken() -> Explanation {
    let (mut world, board) = under_way(1, |_, _| {});
    asks(&mut world, &board, 1);
    let artifact = world.poll(&board).offered().unwrap();
    world.take(&board, artifact, 120_000);
    world.pass(MINUTE * 3);
    said(&world)
}

fn took_it_and_was_not_heard_since() -> Explanation {
    let (mut world, board) = under_way(1, |_, _| {});
    world.poll_and_take(&board);
    world.pass(MINUTE * 2);
    said(&world)
}

fn installed_it() -> Explanation {
    let (mut world, board) = under_way(1, |_, _| {});
    world.poll_and_take(&board);
    asks(&mut world, &Board::running("lamp-0.4", "0.4"), 3);
    world.pass(MINUTE * 4);
    said(&world)
}

fn installed_it_and_went_back() -> Explanation {
    let (mut world, board) = under_way(1, |_, _| {});
    world.poll_and_take(&board);
    asks(&mut world, &Board::running("lamp-0.4", "0.4"), 3);
    asks(&mut world, &board, 1);
    world.pass(MINUTE * 2);
    said(&world)
}

fn in_a_later_wave() -> Explanation {
    answered(3, |campaign, _| campaign.gate.soak = HOUR * 24)
}

fn campaign_paused() -> Explanation {
    answered(1, |campaign, now| {
        campaign.state = State::Paused { paused_by: "bob".into(), paused_at: now - MINUTE * 6 };
    })
}

fn campaign_stopped_on_evidence() -> Explanation {
    answered(2, |campaign, now| {
        let (at, devices) = (now - MINUTE * 45, Vec::new());
        campaign.state = State::Stopped(Stop { at, offered: 8, installed: 4, failed: 1, silent: 3, devices });
    })
}

fn awaiting_approval() -> Explanation {
    answered(2, |campaign, _| {
        (campaign.gate.approval, campaign.state) = (true, State::AwaitsApproval);
    })
}

fn outside_the_window() -> Explanation {
    answered(1, |campaign, _| {
        campaign.window = Some("sat,sun 22:00-04:00 Europe/Berlin".parse().unwrap());
    })
}

fn as_many_at_risk_as_may_be() -> Explanation {
    let (mut world, board) = under_way(1, |_, _| {});
    let full = Opening { slots: 0, unresolved: 8, allowed: 8, ..Opening::default() };
    world.openings.set(world.campaigns[0].id, full);
    asks(&mut world, &board, 1);
    world.pass(MINUTE * 4);
    said(&world)
}

fn a_pace_that_is_reached() -> Explanation {
    let (mut world, board) = under_way(1, |campaign, _| campaign.pace.offers_per_minute = Some(2));
    let until = Some(world.now + MINUTE * 11);
    let paced = Opening { slots: 0, unresolved: 3, allowed: 8, paced_until: until, ..Opening::default() };
    world.openings.set(world.campaigns[0].id, paced);
    asks(&mut world, &board, 1);
    said(&world)
}

fn pinned() -> Explanation {
    let (mut world, board) = lamp();
    world.publish("lamp", "0.4", "lamp-0.4", Some(Chip::Esp32));
    let release = otary_fleet::ReleaseId { product: name("lamp"), version: "0.3".into() };
    world.device(MAC).pin = Some(release);
    asks(&mut world, &board, 1);
    world.pass(MINUTE * 4);
    said(&world)
}

fn held() -> Explanation {
    let (mut world, _) = lamp();
    let at = world.now;
    world.device(MAC).hold = Some(Held { at, by: "ann".into() });
    world.pass(MINUTE * 25);
    said(&world)
}

fn looping() -> Explanation {
    let (mut world, board) = (World::lamp(), Board::running("lamp-0.1", "0.1"));
    world.heard(MAC, 8);
    for _ in 0..3 {
        world.pass(MINUTE);
        world.poll_and_take(&board);
    }
    world.pass(MINUTE);
    world.poll(&board);
    said(&world)
}

fn slot_too_small() -> Explanation {
    let (mut world, mut board) = (World::lamp(), Board::running("lamp-0.1", "0.1"));
    board.0.free_space = Some(1_048_576);
    asks(&mut world, &board, 9);
    world.pass(MINUTE * 4);
    said(&world)
}

fn other_chip() -> Explanation {
    let (mut world, mut board) = (World::lamp(), Board::running("own", "0.2").asking_for("lamp"));
    board.0.chip = Some(Chip::Esp32C3);
    asks(&mut world, &board, 9);
    world.pass(MINUTE * 4);
    said(&world)
}

fn reflashed_by_hand() -> Explanation {
    let (mut world, old) = (World::lamp(), Board::running("lamp-0.1", "0.1"));
    asks(&mut world, &old, 3);
    world.poll_and_take(&old);
    asks(&mut world, &Board::running("lamp-0.3", "0.3"), 6);
    world.pass(HOUR * 70);
    asks(&mut world, &Board::running("somebody's own", "0.2"), 4);
    world.pass(MINUTE * 4);
    said(&world)
}

fn never_asked() -> Explanation {
    let mut world = World::lamp();
    world.device(MAC).product = Some(name("lamp"));
    world.pass(HOUR * 30);
    said(&world)
}

fn silent_for_longer_than_its_rhythm() -> Explanation {
    let (mut world, _) = lamp();
    world.publish("lamp", "0.4", "lamp-0.4", Some(Chip::Esp32));
    world.pass(HOUR * 76);
    said(&world)
}

fn contested_address() -> Explanation {
    let (mut world, mut board) = under_way(1, |campaign, _| campaign.rules.on_proof = true);
    world.openings = Openings::default();
    board.0.proof = Proof::ProductSecret;
    let mut other = Board::running("lamp-0.1", "0.1");
    other.0.proof = Proof::ProductSecret;
    for _ in 0..2 {
        asks(&mut world, &board, 2);
        asks(&mut world, &other, 2);
    }
    asks(&mut world, &board, 1);
    world.pass(MINUTE);
    said(&world)
}

fn unproven_under_a_gate_on_proof() -> Explanation {
    answered(1, |campaign, _| campaign.rules.on_proof = true)
}

fn rhythm_unknown() -> Explanation {
    let (mut world, _) = under_way(1, |_, _| {});
    world.devices.clear();
    asks(&mut world, &Board::running("lamp-0.3", "0.3"), 3);
    world.pass(MINUTE * 4);
    said(&world)
}

fn must_pass_through() -> Explanation {
    let (mut world, _) = lamp();
    world.publish("lamp", "0.4", "lamp-0.4", Some(Chip::Esp32));
    world.publish("lamp", "0.5", "lamp-0.5", Some(Chip::Esp32)).via = Some("0.4".into());
    world.pass(MINUTE * 4);
    said(&world)
}

fn no_identity() -> Explanation {
    let (world, board) = under_way(1, |_, _| {});
    let mut check_in = board.check_in();
    check_in.device = None;
    let catalogue = world.catalogue();
    let view = View { catalogue: &catalogue, device: None, openings: &world.openings };
    explain_check_in(&check_in, view, world.now)
}

fn a_private_product() -> Explanation {
    let mut world = World::new();
    let product = world.product("lamp");
    (product.private, product.secret) = (true, Some(otary_fleet::Sha256::of(b"secret")));
    world.publish("lamp", "0.1", "lamp-0.1", Some(Chip::Esp32));
    asks(&mut world, &Board::running("lamp-0.1", "0.1").asking_for("lamp"), 6);
    said(&world)
}

fn an_agent_that_reported() -> Explanation {
    let (mut world, mut board) = (World::lamp(), Board::agent("lamp-0.1"));
    world.sign("0.3", 3);
    asks(&mut world, &board, 6);
    world.poll_and_take(&board);
    let (ending, cause) = (Ending::RolledBack, Some(otary_fleet::Cause(18)));
    board.0.report = Some(Report { release: 3, payload: None, ending, cause, tries: 1 });
    asks(&mut world, &board, 1);
    world.pass(MINUTE * 4);
    said(&world)
}

fn with_a_file_system_beside_it() -> Explanation {
    let (mut world, board) = lamp();
    let mut files = board.clone();
    files.0.mode = Mode::Filesystem;
    world.poll(&files);
    world.pass(MINUTE);
    said(&world)
}

macro_rules! situations {
    ($($name:ident)*) => {
        const SITUATIONS: &[(&str, Situation)] = &[$((stringify!($name), $name)),*];

        mod reads_as_a_person_would_say_it {
            $(#[test] fn $name() { super::check(stringify!($name), super::$name); })*
        }
    };
}

situations! {
    up_to_date
    offered_for_the_first_time
    offered_and_not_yet_taken
    took_it_and_was_not_heard_since
    installed_it
    installed_it_and_went_back
    in_a_later_wave
    campaign_paused
    campaign_stopped_on_evidence
    awaiting_approval
    outside_the_window
    as_many_at_risk_as_may_be
    a_pace_that_is_reached
    pinned
    held
    looping
    slot_too_small
    other_chip
    reflashed_by_hand
    never_asked
    silent_for_longer_than_its_rhythm
    contested_address
    unproven_under_a_gate_on_proof
    rhythm_unknown
    must_pass_through
    no_identity
    a_private_product
    an_agent_that_reported
    with_a_file_system_beside_it
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/rules/explanations.txt")
}

/// A situation under its heading.
fn section(situation: &str, explanation: &Explanation) -> String {
    format!("# {}\n\n{explanation}\n", situation.replace('_', " "))
}

fn check(situation: &str, explained: Situation) {
    let said = section(situation, &explained());
    let written = std::fs::read_to_string(file()).unwrap();
    let heading = said.lines().next().unwrap();
    let expected = written.split("\n\n\n").find(|section| section.starts_with(heading)).unwrap_or_default();
    assert_eq!(said.trim_end(), expected.trim_end());
}

#[test]
fn the_file_has_every_situation_and_no_other() {
    let sections: Vec<String> =
        SITUATIONS.iter().map(|(situation, explained)| section(situation, &explained())).collect();
    if std::env::var_os("TRANSCRIPTS").is_some() {
        std::fs::write(file(), sections.join("\n\n")).unwrap();
    }
    let headings = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("# ")).map(str::to_owned).collect()
    };
    assert_eq!(headings(&std::fs::read_to_string(file()).unwrap()), headings(&sections.concat()));
}

#[test]
fn an_explanation_is_the_answer_that_the_next_poll_gets() {
    let (mut world, board) = under_way(3, |_, _| {});
    let explained = said(&world);
    let decision = world.poll(&board);
    assert_eq!(explained.decision.unwrap().reason.rule(), decision.reason.rule());
}

#[test]
fn every_answer_is_one_sentence_and_every_rule_has_its_principle() {
    for (situation, explained) in SITUATIONS {
        let explained = explained();
        assert!(explained.answer.ends_with('.') && !explained.answer.contains(". "), "{situation}");
        assert!(explained.answer.starts_with(|c: char| c.is_ascii_uppercase()), "{situation}");
        let json = serde_json::to_string(&explained).unwrap();
        assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), explained, "{situation}");
    }
}
