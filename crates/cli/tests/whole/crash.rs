//! `kill -9` of the server, again and again, while firmware is pushed and boards download.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use otary_fleet::Sha256;
use otary_sim::{Board, Code, Console, Nor, Pace, Poll, Sketch, Stop, Until};
use otary_store::{Disk, DiskOptions, Store};

use crate::house::{House, Server};

const KILLS: u32 = 100;
/// Boards that poll without a pause, in their own threads.
const BOARDS: u8 = 2;

/// Bytes of an image: a download takes long enough to be cut off now and then.
const IMAGE: usize = 600_000;

/// What the boards met while the server was killed.
#[derive(Default)]
struct Met {
    updates: AtomicU32,
    /// Downloads that ended early.
    cut_off: AtomicU32,
}

impl Met {
    fn count(&self, poll: &Poll) {
        let cut_off = matches!(poll, Poll::Failed { code: Code::UPDATE_STREAM, .. });
        self.updates.fetch_add(u32::from(matches!(poll, Poll::Updated { .. })), Ordering::Relaxed);
        self.cut_off.fetch_add(u32::from(cut_off), Ordering::Relaxed);
    }
}

/// A board in its thread, until its switch is turned off; gives the board back.
fn switch_on(mut board: Board<Nor>, sketch: Sketch, stop: &Stop, met: &Arc<Met>) -> JoinHandle<Board<Nor>> {
    let pace = Pace::scaled(0.001, stop.clone());
    let met = Arc::clone(met);
    thread::spawn(move || {
        board
            .run(&sketch, &pace, &mut Console::new(std::io::sink()), |poll| {
                met.count(&poll);
                ControlFlow::Continue(())
            })
            .unwrap();
        board
    })
}

/// Pauses of 0 to 100 ms in no order, the same in each run; every fifth is long enough for a board to be done.
fn pauses() -> impl Iterator<Item = Duration> {
    let mut state: u32 = 1;
    (1_u32..).map(move |count| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Duration::from_millis(u64::from(state >> 16) % 100 + if count % 5 == 0 { 500 } else { 0 })
    })
}

#[test]
fn a_hundred_kills_cost_no_artifact_and_no_board_its_update() {
    let house = House::new();
    let first = house.serve("");
    let at = first.https;
    let old = house.sample_of(IMAGE, "lamp-0.bin", "0");
    house.otary("push lamp-0.bin --product lamp --version 0 --data x").printed();
    first.kill();

    let (stop, met) = (Stop::default(), Arc::new(Met::default()));
    let boards: Vec<_> = (1..=BOARDS)
        .map(|number| {
            let (board, sketch) = house.board(number, &old, at);
            switch_on(board, sketch, &stop, &met)
        })
        .collect();
    let again = || house.serve(&format!("--https {at}"));
    let published = kill_often(&house, again);
    stop.stop();
    let boards: Vec<Board<Nor>> = boards.into_iter().map(|board| board.join().unwrap()).collect();
    let [updates, cut_off] = [&met.updates, &met.cut_off].map(|count| count.load(Ordering::Relaxed));
    println!(
        "{KILLS} kills: {} pushes done, {updates} updates, {cut_off} downloads cut off",
        published.len()
    );
    assert!(updates > 0 && cut_off > 0 && published.len() > 1, "the kills met nothing");

    let last = again();
    let newest = last_version(&house, &published);
    for (number, mut board) in (1..).zip(boards) {
        let (_, sketch) = house.board(number, &old, at);
        let pace = Pace::scaled(0.0, Stop::default());
        let until = Until::NoUpdate { at_most: 5 };
        let polls = board.run_until(&sketch, &pace, &mut Console::new(std::io::sink()), until).unwrap();
        assert!(matches!(polls.last(), Some(Poll::NoUpdate { .. })), "{polls:?}");
        assert_eq!(board.version(), Some(newest.as_str()), "{polls:?}");
    }
    assert!(last.terminate().success());
    assert_whole(&house);
}

/// Starts a server, pushes a new version to it, kills it meanwhile, over and over; gives the versions whose push was
/// reported as done.
fn kill_often(house: &House, again: impl Fn() -> Server) -> BTreeSet<String> {
    let mut published = BTreeSet::from(["0".to_owned()]);
    for (kill, pause) in (1..=KILLS).zip(pauses()) {
        let server = again();
        let (name, version) = (format!("lamp-{kill}.bin"), kill.to_string());
        house.sample_of(IMAGE, &name, &version);
        let words = format!("push {name} --product lamp --version {version} --data x");
        let push = house.command(&words).output_later();
        thread::sleep(pause);
        server.kill();
        if push.join().unwrap() {
            published.insert(version);
        }
    }
    published
}

/// The newest release; every one whose push was reported as done must be there.
fn last_version(house: &House, published: &BTreeSet<String>) -> String {
    let listed = house.otary("release list lamp --json --data x").printed();
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let versions: BTreeSet<String> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|release| release["version"].as_str().unwrap().to_owned())
        .collect();
    let lost: Vec<_> = published.difference(&versions).collect();
    assert!(lost.is_empty(), "pushes were reported as done and are not there: {lost:?}");
    versions.into_iter().max_by_key(|version| version.parse::<u32>().unwrap()).unwrap()
}

/// Asserts that every artifact on record is there and is what its name says, and that nothing half is left.
fn assert_whole(house: &House) {
    let store = Disk::open(house.data(), DiskOptions::default()).unwrap();
    let catalogue = store.catalogue();
    assert!(catalogue.artifacts().count() > 1);
    for artifact in catalogue.artifacts() {
        let blob = store.blob(&artifact.id).unwrap();
        assert_eq!((blob.len() as u64, Sha256::of(&blob)), (artifact.size, artifact.id));
    }
    for release in catalogue.all_releases() {
        for id in &release.artifacts {
            assert!(catalogue.artifact(id).is_some(), "{} lacks {id}", release.id);
        }
    }
    let left = std::fs::read_dir(house.data().join("tmp")).unwrap().count();
    assert_eq!(left, 0, "files of uploads that never ended");
}

/// A command whose end is waited for elsewhere.
trait OutputLater {
    /// Starts it; the thread gives whether it succeeded.
    fn output_later(self) -> JoinHandle<bool>;
}

impl OutputLater for std::process::Command {
    fn output_later(mut self) -> JoinHandle<bool> {
        let child =
            self.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        thread::spawn(move || child.wait_with_output().unwrap().status.success())
    }
}
