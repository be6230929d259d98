//! The decision table's rows on what an operator wants of one device: held, pinned, given a release once.

use otary_fleet::{
    Chip, Dialect, Execution, Feedback, Finished, Forced, Held, Proof, Reason, ReleaseId, Told, Verdict, tell,
};

use crate::world::{Board, MAC, World, build_of, name};

fn release(version: &str) -> ReleaseId {
    ReleaseId { product: name("lamp"), version: version.into() }
}

#[test]
fn a_held_device_is_offered_nothing() {
    let mut world = World::lamp();
    world.device(MAC).hold = Some(Held { at: world.now, by: "ann".into() });
    let decision = world.poll(&Board::running("lamp-0.1", "0.1"));
    assert_eq!((decision.verdict(), decision.reason.rule()), (Verdict::Hold, "held"));
    assert_eq!(decision.reason.advice(MAC).unwrap(), format!("otary device unhold {MAC}"));
    let events = world.events.len();
    world.poll(&Board::running("lamp-0.1", "0.1"));
    assert_eq!(world.events.len(), events, "a hold that goes on is no news");
}

#[test]
fn a_pinned_device_gets_that_release_whatever_is_published_also_an_older_one() {
    let mut world = World::lamp();
    world.device(MAC).pin = Some(release("0.1"));
    let decision = world.poll(&Board::running("lamp-0.3", "0.3"));
    assert_eq!(decision.offered(), build_of("lamp-0.1").sha256);
    assert_eq!(decision.reason.to_string(), "runs 0.3, pinned to 0.1");
    let there = world.poll(&Board::running("lamp-0.1", "0.1"));
    assert_eq!(there.reason, Reason::OnPin { pinned: "0.1".into() });
}

#[test]
fn a_pin_goes_before_any_campaign() {
    let mut world = World::lamp();
    world.publish("lamp", "0.4", "lamp-0.4", Some(Chip::Esp32));
    world.campaign("0.4", &[]);
    world.device(MAC).pin = Some(release("0.3"));
    assert_eq!(world.poll(&Board::running("lamp-0.3", "0.3")).verdict(), Verdict::Wait);
}

#[test]
fn a_pin_to_a_release_that_is_gone_holds() {
    let mut world = World::lamp();
    world.device(MAC).pin = Some(release("0.2"));
    let decision = world.poll(&Board::running("lamp-0.1", "0.1"));
    assert_eq!(decision.reason, Reason::ReleaseGone { release: release("0.2"), campaign: None });
}

#[test]
fn a_pin_to_another_product_says_nothing() {
    let mut world = World::lamp();
    world.device(MAC).pin = Some(ReleaseId { product: name("cam"), version: "1".into() });
    assert_eq!(world.poll(&Board::running("lamp-0.1", "0.1")).offered(), build_of("lamp-0.3").sha256);
}

fn force(world: &mut World, version: &str) {
    let catalogue = world.catalogue();
    let (release, now) = (catalogue.release(&release(version)).unwrap(), world.now);
    world.device(MAC).force(release, "ann", now);
}

fn is_forced(world: &mut World) -> bool {
    world.device(MAC).forced.is_some()
}

#[test]
fn a_forced_release_is_given_once_whatever_runs() {
    let mut world = World::lamp();
    let board = Board::running("lamp-0.3", "0.3");
    world.poll(&board);
    force(&mut world, "0.3");
    assert_eq!(world.poll_and_take(&board).reason, Reason::Forced { offered: "0.3".into() });
    assert!(is_forced(&mut world), "until the device is heard again");
    assert_eq!(world.poll(&board).reason, Reason::UpToDate { version: "0.3".into() });
    assert!(!is_forced(&mut world), "it is not given again whenever what it took is forgotten");
    world.device(MAC).attempts.clear();
    assert_eq!(world.poll(&board).verdict(), Verdict::Wait);
}

#[test]
fn what_was_taken_before_does_not_count_as_the_forced_one_nor_does_its_brake() {
    let mut world = World::lamp();
    let board = Board::running("lamp-0.1", "0.1");
    (0..3).for_each(|_| assert_eq!(world.poll_and_take(&board).verdict(), Verdict::Offer));
    assert_eq!(world.poll(&board).reason.rule(), "looping");
    force(&mut world, "0.3");
    assert_eq!(world.poll(&board).reason, Reason::Forced { offered: "0.3".into() });
}

#[test]
fn an_older_release_is_forced_once_and_then_the_newest_is_meant_again() {
    let mut world = World::lamp();
    world.poll(&Board::running("lamp-0.3", "0.3"));
    force(&mut world, "0.1");
    assert_eq!(
        world.poll_and_take(&Board::running("lamp-0.3", "0.3")).offered(),
        build_of("lamp-0.1").sha256
    );
    assert_eq!(world.poll(&Board::running("lamp-0.1", "0.1")).offered(), build_of("lamp-0.3").sha256);
    assert!(!is_forced(&mut world));
}

#[test]
fn a_release_that_runs_is_given_however_it_was_taken() {
    let mut world = World::lamp();
    world.poll(&Board::running("lamp-0.1", "0.1"));
    force(&mut world, "0.3");
    world.poll(&Board::running("lamp-0.1", "0.1"));
    world.poll(&Board::running("lamp-0.3", "0.3"));
    assert!(!is_forced(&mut world), "no download of it was counted, and it runs");
}

#[test]
fn a_download_that_is_cut_off_does_not_use_it_up() {
    let mut world = World::lamp();
    let board = Board::running("lamp-0.3", "0.3");
    world.poll(&board);
    force(&mut world, "0.3");
    let artifact = world.poll(&board).offered().unwrap();
    world.take(&board, artifact, 1_000);
    assert_eq!(world.poll(&board).reason, Reason::Forced { offered: "0.3".into() });
}

#[test]
fn what_a_stranger_elsewhere_takes_does_not_use_it_up() {
    let mut world = World::lamp();
    let board = Board::running("lamp-0.3", "0.3");
    world.poll(&board);
    force(&mut world, "0.3");
    let stranger = board.clone().from("10.9.9.9");
    world.poll_and_take(&stranger);
    assert_eq!(world.poll(&stranger).verdict(), Verdict::Wait);
    assert_eq!(world.poll(&board).verdict(), Verdict::Offer);
}

#[test]
fn who_shows_the_credential_of_the_device_uses_it_up_wherever_it_moved_to() {
    let mut world = World::lamp();
    let mut board = Board::running("lamp-0.3", "0.3");
    world.poll(&board);
    force(&mut world, "0.3");
    board.0.proof = Proof::DeviceCredential;
    let moved = board.from("10.9.9.9");
    assert_eq!(world.poll_and_take(&moved).verdict(), Verdict::Offer);
    world.poll(&moved);
    assert!(!is_forced(&mut world));
}

#[test]
fn a_forced_release_that_nobody_takes_lapses() {
    let mut world = World::lamp();
    let board = Board::running("lamp-0.3", "0.3");
    world.poll(&board);
    force(&mut world, "0.1");
    world.pass(Forced::LAPSES_AFTER);
    assert_eq!(world.poll(&board).verdict(), Verdict::Wait);
    assert!(!is_forced(&mut world));
}

#[test]
fn a_forced_release_that_is_withdrawn_holds_and_says_how_to_go_on() {
    let mut world = World::lamp();
    world.poll(&Board::running("lamp-0.3", "0.3"));
    force(&mut world, "0.1");
    world.withdraw("0.1");
    let decision = world.poll(&Board::running("lamp-0.3", "0.3"));
    assert_eq!(decision.reason, Reason::ReleaseGone { release: release("0.1"), campaign: None });
    let advice = decision.reason.advice_of(world.device(MAC)).unwrap();
    assert_eq!(advice, format!("otary release restore lamp 0.1, or otary device unforce {MAC}"));
}

#[test]
fn a_controller_is_asked_once_and_its_report_ends_it() {
    let mut world = World::lamp();
    let mut board = Board::running("", "");
    (board.0.dialect, board.0.proof) = (Dialect::Hawkbit, Proof::DeviceCredential);
    board.0.chip = Some(Chip::Esp32);
    world.poll(&board);
    force(&mut world, "0.1");
    // The channel's release is being installed; that one is given up for it, never having been fetched.
    assert_eq!(world.poll_and_take(&board).reason, Reason::Forced { offered: "0.1".into() });
    assert_eq!(world.poll(&board).reason, Reason::Forced { offered: "0.1".into() }, "it works on it");
    let now = world.now;
    let device = world.device(MAC);
    let action = device.controller.as_ref().unwrap().open().unwrap().clone();
    assert_eq!(action.release, release("0.1"));
    let failure = Feedback {
        execution: Execution::Closed,
        finished: Finished::Failure,
        progress: None,
        code: None,
        details: Vec::new(),
    };
    tell(device, &board.check_in(), Told::Progress(action.id, failure), now).unwrap();
    assert_eq!(world.poll(&board).offered(), build_of("lamp-0.3").sha256);
    assert!(!is_forced(&mut world));
}
