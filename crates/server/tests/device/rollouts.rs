//! Campaigns carried out by a real server: boards that poll over sockets, on a clock that the test moves.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use otary_fleet::{
    Campaign, CampaignId, EventKind, Gate, Kind, Mac, Moved, Pace, Plan, ReleaseId, Rules, State,
};
use otary_server::recording::{Recorder, Recording, Replay};
use otary_store::{EventQuery, Memory};

use crate::board::Board;
use crate::log;
use crate::site::{Site, firmware, name, options_with};

const HOUR: Duration = Duration::from_hours(1);

/// A release and how a board fares with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fine,
    /// Whoever takes it is not heard again.
    Kills,
}

/// Lamps that poll once an hour.
struct Fleet {
    boards: Vec<Option<Board>>,
}

impl Fleet {
    fn of(count: usize) -> Self {
        let board = |number| {
            let board = Board::esp32(&firmware("lamp-0.3"), "0.3").over_plain_http();
            Some(board.path("/update/lamp").mac(&format!("24:6F:28:00:00:{number:02X}")))
        };
        Self { boards: (0..count).map(board).collect() }
    }

    /// An hour passes, in which each board polls once and takes what it is offered. Gives the addresses of those that were
    /// offered something.
    fn hour(&mut self, site: &Site, fate: Fate) -> Vec<Mac> {
        let step = HOUR / u32::try_from(self.boards.len()).unwrap();
        let mut offered = Vec::new();
        for place in &mut self.boards {
            site.clock.advance(step);
            let Some(board) = place else { continue };
            let answer = board.ask(site);
            if answer.status != 200 {
                assert_eq!(answer.status, 304);
                continue;
            }
            offered.push(board.mac.parse().unwrap());
            let runs = Board::esp32(&answer.body, answer.header("x-version").unwrap());
            (board.md5, board.sha256, board.version) = (runs.md5, runs.sha256, runs.version);
            if fate == Fate::Kills {
                *place = None;
            }
        }
        site.rollout.look();
        offered
    }

    fn hours(&mut self, hours: usize, site: &Site) {
        (0..hours).for_each(|_| drop(self.hour(site, Fate::Fine)));
    }

    /// How many run a version.
    fn running(&self, version: &str) -> usize {
        let runs = |board: &&Board| board.version.as_deref() == Some(version);
        self.boards.iter().flatten().filter(runs).count()
    }
}

/// A site whose lamps run 0.3 and whose boards may come in any number.
fn site(recording: Option<&Path>) -> Site {
    let recording = recording.map(|file| Recording { file: file.to_owned(), max_bytes: 1 << 30 });
    let options = options_with(|options| {
        options.limits.new_devices_at_once = 1000;
        // The test looks when it means to.
        options.limits.look_every = Duration::from_hours(24);
        options.recorder = recording.map(|recording| Arc::new(Recorder::begin(recording).unwrap()));
    });
    let site = Site::on(Arc::new(Memory::default()), &options);
    site.product("lamp", |lamp| lamp.allow_plain_http = true);
    site.publish("lamp", "0.3", &firmware("lamp-0.3"), Some(otary_fleet::Chip::Esp32));
    site
}

/// Sends 0.4 out by a campaign.
fn begin(site: &Site, plan: &str, fleet: &Fleet) -> CampaignId {
    let now = site.clock.now();
    let plan: Plan = plan.parse().unwrap();
    let members = fleet.boards.iter().flatten().map(|board| board.mac.parse().unwrap());
    let campaign = Campaign {
        id: CampaignId(1),
        product: name("lamp"),
        kind: Kind::App,
        release: ReleaseId { product: name("lamp"), version: "0.4".into() },
        channel: "stable".parse().unwrap(),
        group: None,
        waves: plan.waves(7, members),
        gate: Gate::default(),
        window: None,
        pace: Pace::default(),
        rules: Rules { watch: 4 * HOUR, ..Rules::default() },
        rolls_back: None,
        state: State::Running,
        wave: 0,
        wave_since: now,
        created: now,
        by: "local".into(),
        seed: 7,
    };
    site.publish_by("lamp", "0.4", &firmware("lamp-0.4"), &campaign);
    site.rollout.look();
    campaign.id
}

fn campaign(site: &Site) -> Campaign {
    site.store.catalogue().campaign(CampaignId(1)).unwrap().clone()
}

/// How the campaign moved by itself, oldest first.
fn moves(site: &Site) -> Vec<Moved> {
    let events = site.store.events(&EventQuery { limit: 10_000, ..EventQuery::default() }).unwrap();
    let moves = events.into_iter().rev().filter_map(|event| match event.kind {
        EventKind::Campaign { moved, .. } => Some(moved),
        _ => None,
    });
    moves.collect()
}

#[test]
fn a_good_release_goes_out_wave_by_wave_and_the_campaign_finishes() {
    let site = site(None);
    let mut fleet = Fleet::of(30);
    fleet.hours(6, &site);
    begin(&site, "3,10,100%", &fleet);
    assert_eq!(fleet.hour(&site, Fate::Fine).len(), 3, "the first wave, at once");
    let mut largest = 0;
    for _ in 0..30 {
        let (before, open) = (fleet.running("0.4"), campaign(&site).wave);
        fleet.hour(&site, Fate::Fine);
        let most = [3, 10, 30][open];
        assert!(fleet.running("0.4") <= most, "wave {open}: {before} and then {}", fleet.running("0.4"));
        largest = largest.max(fleet.running("0.4") - before);
    }
    assert_eq!(fleet.running("0.4"), 30);
    assert!(largest <= 8, "{largest} at the same time");
    let of = 3;
    assert_eq!(moves(&site), [Moved::Opened { wave: 2, of }, Moved::Opened { wave: 3, of }, Moved::Finished]);
}

#[test]
fn a_release_that_kills_is_stopped_and_those_not_yet_offered_stay() {
    let site = site(None);
    let mut fleet = Fleet::of(40);
    fleet.hours(6, &site);
    begin(&site, "3,10,100%", &fleet);
    let lost: usize = (0..24).map(|_| fleet.hour(&site, Fate::Kills).len()).sum();
    let State::Stopped(stop) = campaign(&site).state else { panic!("{:?}", campaign(&site)) };
    assert!(lost <= 10, "{lost} lost");
    assert_eq!(fleet.running("0.3"), 40 - lost);
    assert!(stop.devices.len() >= 3, "{stop:?}");
    log::wait_for(&["campaign 1 stopped: lamp 0.4", "if it is not: otary campaign resume 1"]);
    log::wait_for(&["rule=\"campaign-stopped\"", "verdict=\"hold\""]);
}

#[test]
fn boards_that_ask_at_the_same_moment_share_the_slots() {
    let site = site(None);
    let mut fleet = Fleet::of(40);
    fleet.hours(6, &site);
    begin(&site, "100%", &fleet);
    let answers: Vec<u16> = thread::scope(|scope| {
        let asked: Vec<_> =
            fleet.boards.iter().flatten().map(|board| scope.spawn(|| board.ask(&site).status)).collect();
        asked.into_iter().map(|answer| answer.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 8, "{answers:?}");
    site.rollout.look();
    let again: usize = fleet.boards.iter().flatten().filter(|board| board.ask(&site).status == 200).count();
    assert_eq!(again, 8, "the same ones, which have not started it yet");
}

#[test]
fn a_server_that_is_started_again_at_every_hour_goes_on_with_the_same_decisions() {
    let told = |restarts: bool| {
        let mut site = site(None);
        let mut fleet = Fleet::of(20);
        fleet.hours(6, &site);
        begin(&site, "3,10,100%", &fleet);
        let mut told = BTreeMap::new();
        for hour in 0..20 {
            told.insert(hour, (fleet.hour(&site, Fate::Fine), campaign(&site)));
            if restarts {
                site.restart();
            }
        }
        told
    };
    assert!(told(true) == told(false), "the hours differ");
}

#[test]
fn nothing_goes_out_before_the_first_look_and_a_night_without_a_server_is_nobodys_silence() {
    let mut site = site(None);
    let mut fleet = Fleet::of(20);
    fleet.hours(6, &site);
    begin(&site, "3,10,100%", &fleet);
    assert_eq!(fleet.hour(&site, Fate::Fine).len(), 3);
    site.stop();
    site.clock.advance(12 * HOUR);
    site.serve_again();
    assert_eq!(campaign(&site).state, State::Running, "all were silent, and so was the server");
    (0..30).for_each(|_| drop(fleet.hour(&site, Fate::Fine)));
    assert_eq!((fleet.running("0.4"), campaign(&site).state.name()), (20, "finished"));
}

#[test]
fn a_recording_of_a_campaign_says_what_might_be_begun_and_replays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recording");
    {
        let site = site(Some(&file));
        let mut fleet = Fleet::of(20);
        fleet.hours(6, &site);
        begin(&site, "3,10,100%", &fleet);
        fleet.hours(20, &site);
        assert_eq!(fleet.running("0.4"), 20);
    }
    let mut replay = Replay::default();
    let text = std::fs::read_to_string(&file).unwrap();
    text.lines().for_each(|line| replay.line(line).unwrap());
    let replayed = replay.end();
    assert!(replayed.decisions >= 20 * 26, "{replayed:?}");
    assert_eq!(replayed.shown, []);
}

#[test]
fn nothing_moves_while_nobody_is_there_to_show_anything() {
    let site = site(None);
    let mut fleet = Fleet::of(20);
    fleet.hours(6, &site);
    site.clock.advance(5 * HOUR);
    begin(&site, "3,10,100%", &fleet);
    (0..5).for_each(|_| site.rollout.look());
    let stands = campaign(&site);
    assert_eq!((stands.wave, stands.state), (0, State::Running), "all are away");
    assert_eq!(fleet.hour(&site, Fate::Fine).len(), 3, "the first wave, when they are back");
}

#[test]
fn boards_of_unknown_rhythm_are_offered_it_a_few_at_a_time_and_the_campaign_waits_for_them() {
    let site = site(None);
    let mut fleet = Fleet::of(20);
    fleet.hours(1, &site);
    begin(&site, "100%", &fleet);
    site.rollout.look();
    assert_eq!(campaign(&site).state, State::Running);
    assert_eq!(fleet.hour(&site, Fate::Fine).len(), 8);
}

#[test]
fn a_campaign_for_nobody_waits_for_somebody() {
    let site = site(None);
    begin(&site, "3,100%", &Fleet::of(0));
    (0..5).for_each(|_| site.rollout.look());
    assert_eq!((campaign(&site).wave, campaign(&site).state), (0, State::Running));
}
