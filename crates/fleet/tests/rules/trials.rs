//! What became of a release, inferred from bare polls; and what strangers can and cannot make of it.

use std::time::Duration;

use otary_fleet::{Ending, EventKind, Outcome, Proof, Report, Sha256, Source, Time, Trial, TrialState};

use crate::world::{Board, MAC, World};

const WATCH: Duration = Duration::from_hours(72);
const MINUTE: Duration = Duration::from_mins(1);

/// A lamp that asked a dozen times, every minute, before a campaign with 0.3 began.
fn on_trial(board: &Board) -> World {
    let mut world = World::lamp();
    world.withdraw("0.3");
    polls(&mut world, board, 12, MINUTE);
    world.restore("0.3");
    world.campaign("0.3", &[]);
    world
}

fn polls(world: &mut World, board: &Board, times: u32, every: Duration) {
    for _ in 0..times {
        world.pass(every.saturating_sub(Duration::from_secs(10)));
        world.poll(board);
    }
}

fn trial(world: &mut World) -> Trial {
    world.device(MAC).trials.first().unwrap().clone()
}

fn state(world: &mut World) -> TrialState {
    let now = world.now;
    trial(world).course.state(WATCH, Duration::ZERO, now)
}

fn outcome(world: &mut World) -> Option<(Outcome, Source)> {
    trial(world).course.ended.map(|ended| (ended.outcome, ended.source))
}

/// The outcomes that were worth an event.
fn told(world: &World) -> Vec<(Outcome, Source)> {
    let of = |kind: &EventKind| match kind {
        EventKind::Outcome { outcome, source, .. } => Some((*outcome, *source)),
        _ => None,
    };
    world.events.iter().filter_map(|event| of(&event.kind)).collect()
}

fn old() -> Board {
    Board::running("lamp-0.1", "0.1")
}

fn new() -> Board {
    Board::running("lamp-0.3", "0.3")
}

#[test]
fn a_device_that_runs_the_release_at_two_polls_has_installed_it() {
    let mut world = on_trial(&old());
    world.poll_and_take(&old());
    assert_eq!(state(&mut world), TrialState::Pending);
    world.poll(&new());
    assert_eq!(state(&mut world), TrialState::Pending, "once may be the last time");
    world.poll(&new());
    assert_eq!(outcome(&mut world), Some((Outcome::Installed, Source::Inferred)));
}

#[test]
fn an_outcome_is_an_event_once_and_polls_that_confirm_it_are_none() {
    let mut world = on_trial(&old());
    world.poll_and_take(&old());
    polls(&mut world, &new(), 2, MINUTE);
    let events = world.events.len();
    polls(&mut world, &new(), 50, MINUTE);
    assert_eq!(told(&world), [(Outcome::Installed, Source::Inferred)]);
    assert_eq!(world.events.len(), events);
}

#[test]
fn a_board_that_asks_when_it_is_switched_on_need_say_it_only_once() {
    let mut world = on_trial(&old());
    for gap in [30, 9 * 3600, 30, 30, 14 * 3600, 30, 30] {
        world.pass(Duration::from_secs(gap));
        world.poll(&old());
    }
    world.restart_campaign();
    world.poll_and_take(&old());
    world.poll(&new());
    assert_eq!(outcome(&mut world), Some((Outcome::Installed, Source::Inferred)));
}

#[test]
fn the_old_build_after_the_new_one_is_a_rollback() {
    let mut world = on_trial(&old());
    world.poll_and_take(&old());
    world.poll(&new());
    world.poll(&old());
    assert_eq!(state(&mut world), TrialState::Failed(Outcome::RolledBack));
}

#[test]
fn one_that_goes_back_each_time_has_not_installed_it() {
    let mut world = on_trial(&old());
    for _ in 0..3 {
        world.poll_and_take(&old());
        world.poll(&new());
    }
    world.poll(&old());
    assert_eq!(state(&mut world), TrialState::Failed(Outcome::RolledBack));
    assert_eq!(world.device(MAC).contested, None, "and it is one device, not two");
    assert_eq!(told(&world), [(Outcome::RolledBack, Source::Inferred)]);
    world.poll(&new());
    world.poll(&new());
    assert!(matches!(state(&mut world), TrialState::Installed { .. }), "it stays this time");
}

#[test]
fn the_old_build_after_two_complete_downloads_is_a_refusal_and_after_three_a_loop() {
    let mut world = on_trial(&old());
    world.poll_and_take(&old());
    world.poll_and_take(&old());
    assert_eq!(state(&mut world), TrialState::Pending);
    world.poll_and_take(&old());
    assert_eq!(state(&mut world), TrialState::Failed(Outcome::Refused));
    world.poll(&old());
    assert_eq!(state(&mut world), TrialState::Failed(Outcome::Looping));
    assert_eq!(told(&world), [Outcome::Refused, Outcome::Looping].map(|it| (it, Source::Inferred)));
}

#[test]
fn a_sketch_may_put_off_its_reboot_for_hours_and_no_longer_than_a_day() {
    let mut world = on_trial(&old());
    world.poll_and_take(&old());
    polls(&mut world, &old(), 100, 10 * MINUTE);
    assert_eq!(state(&mut world), TrialState::Pending);
    let mut late = world.clone();
    polls(&mut late, &old(), 50, 10 * MINUTE);
    assert_eq!(state(&mut late), TrialState::Failed(Outcome::Refused));
    for world in [&mut world, &mut late] {
        polls(world, &new(), 2, MINUTE);
        assert_eq!(outcome(world), Some((Outcome::Installed, Source::Inferred)), "it came round after all");
    }
}

#[test]
fn a_device_is_silent_when_it_is_missed_by_its_own_rhythm() {
    for (gap, patience) in [(MINUTE, 30 * MINUTE), (60 * MINUTE, 180 * MINUTE)] {
        let mut world = on_trial(&old());
        polls(&mut world, &old(), 12, gap);
        world.restart_campaign();
        world.pass(gap.saturating_sub(Duration::from_secs(10)));
        world.poll_and_take(&old());
        let since = world.now;
        world.pass(patience);
        assert_eq!(state(&mut world), TrialState::Pending);
        world.pass(MINUTE);
        assert_eq!(state(&mut world), TrialState::Silent { since, ran: None });
        world.poll(&new());
        assert_eq!(state(&mut world), TrialState::Pending, "it was only late");
    }
}

#[test]
fn an_installed_device_is_watched_and_its_silence_within_that_time_counts() {
    let mut world = on_trial(&old());
    world.poll_and_take(&old());
    polls(&mut world, &new(), 60, MINUTE);
    world.pass(40 * MINUTE);
    assert!(matches!(state(&mut world), TrialState::Silent { ran: Some(_), .. }));
    polls(&mut world, &new(), 80, 60 * MINUTE);
    world.pass(Duration::from_hours(200));
    assert!(matches!(state(&mut world), TrialState::Installed { .. }), "the watch was over by then");
}

#[test]
fn a_device_whose_new_build_asks_less_often_is_not_silent() {
    let mut world = on_trial(&old());
    world.poll_and_take(&old());
    world.poll(&new());
    world.pass(Duration::from_hours(12));
    assert_eq!(state(&mut world), TrialState::Pending);
    world.poll(&new());
    world.pass(Duration::from_hours(30));
    assert!(matches!(state(&mut world), TrialState::Installed { .. }));
}

#[test]
fn a_download_cut_off_at_a_byte_is_kept_and_is_no_failure() {
    let mut world = on_trial(&old());
    for _ in 0..3 {
        let offered = world.poll(&old()).offered().unwrap();
        world.take(&old(), offered, 70_000);
    }
    assert_eq!(trial(&mut world).course.last_bytes, 70_000);
    assert_eq!(state(&mut world), TrialState::NotTaken);
}

#[test]
fn a_device_of_unknown_rhythm_counts_neither_way() {
    let mut world = World::lamp();
    world.campaign("0.3", &[]);
    world.poll_and_take(&old());
    assert_eq!(state(&mut world), TrialState::Unknown);
    polls(&mut world, &new(), 3, MINUTE);
    assert_eq!(state(&mut world), TrialState::Unknown);
}

#[test]
fn a_report_takes_precedence_and_is_marked() {
    let said = Report {
        release: 3,
        payload: Some(Sha256::of(b"lamp-0.3")),
        ending: Ending::RolledBack,
        cause: None,
        tries: 1,
    };
    let mut world = on_trial(&old());
    world.poll_and_take(&old());
    let mut reports = old();
    reports.0.report = Some(said);
    world.poll(&reports);
    assert_eq!(outcome(&mut world), Some((Outcome::RolledBack, Source::Reported)));
    polls(&mut world, &new(), 3, MINUTE);
    assert_eq!(outcome(&mut world), Some((Outcome::RolledBack, Source::Reported)), "not inferred otherwise");
    let mut reports = new();
    reports.0.report = Some(Report { ending: Ending::Installed, ..said });
    world.poll(&reports);
    assert_eq!(outcome(&mut world), Some((Outcome::Installed, Source::Reported)));
    assert_eq!(told(&world).len(), 2);
}

#[test]
fn what_is_said_elsewhere_is_neither_a_success_nor_a_failure() {
    let mut world = on_trial(&old());
    world.poll_and_take(&old());
    polls(&mut world, &new().from("10.66.0.9"), 40, MINUTE);
    polls(&mut world, &old().from("10.66.0.9"), 40, MINUTE);
    assert_eq!((outcome(&mut world), state(&mut world)), (None, TrialState::Unknown));
}

/// The lamp with its credential, under a campaign that gates on proof.
fn on_proof() -> (World, Board) {
    let mut board = old();
    board.0.proof = Proof::DeviceCredential;
    let mut world = on_trial(&board);
    world.campaigns[0].rules.on_proof = true;
    world.poll_and_take(&board);
    (world, board)
}

#[test]
fn spoofed_successes_do_not_pass_a_gate_on_proof() {
    let (mut world, _) = on_proof();
    let since = world.now;
    polls(&mut world, &new(), 40, MINUTE);
    assert_eq!(outcome(&mut world), None);
    assert_eq!(trial(&mut world).course.heard, since);
    let silent = TrialState::Silent { since, ran: None };
    assert_eq!(state(&mut world), silent, "nor does anybody cover up its silence");
}

#[test]
fn spoofed_failures_do_not_stop_a_gate_on_proof() {
    let (mut world, board) = on_proof();
    for _ in 0..5 {
        world.poll_and_take(&old());
    }
    let mut reports = old();
    let payload = Some(Sha256::of(b"lamp-0.3"));
    reports.0.report = Some(Report { release: 3, payload, ending: Ending::Refused, cause: None, tries: 1 });
    world.poll(&reports);
    assert_eq!(outcome(&mut world), None);
    let mut proven = new();
    proven.0.proof = board.0.proof;
    polls(&mut world, &proven, 2, MINUTE);
    assert_eq!(outcome(&mut world), Some((Outcome::Installed, Source::Inferred)));
}

#[test]
fn a_credential_tells_a_device_wherever_it_asks_from() {
    let (mut world, board) = on_proof();
    let mut away = new().from("10.66.0.9");
    away.0.proof = board.0.proof;
    polls(&mut world, &away, 2, MINUTE);
    assert_eq!(outcome(&mut world), Some((Outcome::Installed, Source::Inferred)));
}

#[test]
fn as_many_trials_are_kept_as_there_is_room_for() {
    let mut world = on_trial(&old());
    for _ in 0..10 {
        world.restart_campaign();
        world.poll(&old());
    }
    assert_eq!(world.device(MAC).trials.len(), 4);
    assert!(world.device(MAC).trials.iter().all(|trial| trial.course.offered > Time::default()));
}
