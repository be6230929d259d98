//! What is told, when, and how often.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use otary_fleet::notice::{Missing, Notice, Roll, Situation, Space, Subject, Told, notices};
use otary_fleet::{Act, Due, Mac, Network, Time};

const START: Time = Time::from_secs(1_795_000_000);
const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

/// Somebody who looks, with what was told so far.
struct Watch {
    situation: Situation,
    told: Told,
    now: Time,
}

impl Watch {
    /// It has looked once, when nothing was wrong.
    fn new() -> Self {
        let mut watch = Self { situation: Situation::default(), told: Told::default(), now: START };
        let first = watch.look();
        assert!(matches!(first[..], [Subject::AuditHead {}]), "{first:?}");
        watch
    }

    fn look(&mut self) -> Vec<Subject> {
        // What was told outlives the process.
        let kept = serde_json::to_string(&self.told).unwrap();
        self.told = serde_json::from_str(&kept).unwrap();
        notices(&self.situation, &mut self.told, self.now).into_iter().map(|notice| notice.subject).collect()
    }

    /// Looks once a minute for so long; what was told but the daily head.
    fn look_for(&mut self, time: Duration) -> Vec<Subject> {
        let end = self.now + time;
        let mut told = Vec::new();
        while self.now < end {
            self.now = self.now + MINUTE;
            told.extend(self.look().into_iter().filter(Subject::is_for_people));
        }
        told
    }
}

fn mac(number: u32) -> Mac {
    let [a, b, c, d] = number.to_be_bytes();
    Mac::new([2, 1, a, b, c, d]).unwrap()
}

/// A fleet of sites of so many devices each, of which the first few sites are silent.
fn sites(sites: u8, devices: u32, silent: u8) -> Roll {
    let mut roll = Roll::default();
    for site in 0..sites {
        for device in 0..devices {
            let network = Network::of([10, 0, site, 7].into());
            let since = (site < silent).then_some(START);
            roll.note(network, mac(u32::from(site) * 10_000 + device), since);
        }
    }
    roll
}

fn silent(told: &[Subject]) -> &Missing {
    match told {
        [Subject::DevicesSilent(missing)] => missing,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_site_without_power_is_one_notice() {
    let mut watch = Watch::new();
    // Devices fall silent one after the other, each by its own rhythm.
    let mut roll = Roll::default();
    for device in 0..1000 {
        roll.note(Network::of([10, 0, 0, 7].into()), mac(device), Some(START));
        watch.situation.silent = roll.clone();
        if device % 100 == 0 {
            assert!(watch.look_for(MINUTE).is_empty() || device > 900);
        }
    }
    let told = watch.look_for(HOUR * 12);
    let missing = silent(&told);
    assert_eq!((missing.devices, missing.places.len()), (1000, 1));
    assert_eq!(missing.places[0].devices.len(), Missing::MAX_NAMED);
    assert_eq!(told[0].to_string(), "1000 of 1000 devices at 10.0.0.0/24 have not been heard of");
}

#[test]
fn a_whole_country_without_power_is_one_notice_of_bounded_size() {
    let mut watch = Watch::new();
    watch.situation.silent = sites(200, 10, 200);
    let told = watch.look_for(HOUR * 12);
    let missing = silent(&told);
    assert_eq!((missing.devices, missing.places.len(), missing.more_places), (2000, 20, 180));
    assert!(serde_json::to_string(&told).unwrap().len() < 8 * 1024);
}

#[test]
fn what_comes_back_and_goes_again_is_told_again_and_not_more_often_than_once_an_hour() {
    let mut watch = Watch::new();
    let mut told = 0;
    for _ in 0..12 {
        watch.situation.silent = sites(3, 10, 1);
        told += watch.look_for(MINUTE * 15).len();
        watch.situation.silent = sites(3, 10, 0);
        told += watch.look_for(MINUTE * 5).len();
    }
    assert_eq!(told, 4, "in four hours");
}

#[test]
fn a_site_that_gets_twice_as_bad_is_told_again() {
    let mut watch = Watch::new();
    let mut roll = sites(1, 10, 0);
    let mut one_more = |watch: &mut Watch, number: u32| {
        roll.note(Network::of([10, 0, 0, 7].into()), mac(90_000 + number), Some(START));
        watch.situation.silent = roll.clone();
        watch.look_for(HOUR * 2).len()
    };
    let told: Vec<usize> = (0..4).map(|number| one_more(&mut watch, number)).collect();
    assert_eq!(told, [1, 1, 0, 1], "one, two, not three, four");
}

#[test]
fn a_blink_is_no_news() {
    let mut watch = Watch::new();
    watch.situation.silent = sites(3, 10, 1);
    assert!(watch.look_for(MINUTE * 8).is_empty());
    watch.situation.silent = sites(3, 10, 0);
    assert!(watch.look_for(HOUR).is_empty());
}

#[test]
fn what_waits_for_a_person_is_told_when_it_becomes_urgent() {
    let mut watch = Watch::new();
    let by = START + HOUR * 24 * 100;
    watch.situation.due = vec![Due { act: Act::Begin, by }];
    assert!(watch.look_for(HOUR * 24 * 9).is_empty());
    let told = watch.look_for(HOUR * 24 * 90);
    assert_eq!(told.len(), 4, "at 90, 30, 7 and 1 days: {told:?}");
    assert_eq!(watch.look_for(HOUR * 24 * 20).len(), 2, "and each week that it is late");
    watch.situation.due.clear();
    assert!(watch.look_for(HOUR * 24).is_empty());
}

#[test]
fn a_full_disk_is_told_once_a_day_until_there_is_room() {
    let mut watch = Watch::new();
    let disk = |free: u64| Some(Space { free: free << 30, size: 100 << 30 });
    watch.situation.disk = disk(6);
    assert!(watch.look_for(HOUR).is_empty());
    watch.situation.disk = disk(4);
    assert_eq!(watch.look_for(HOUR * 47).len(), 2);
    watch.situation.disk = disk(6);
    assert!(watch.look_for(MINUTE).is_empty());
    watch.situation.disk = disk(4);
    assert!(watch.look_for(MINUTE).is_empty(), "it goes to and fro at the mark");
    watch.situation.disk = disk(20);
    assert!(watch.look_for(MINUTE).is_empty());
    watch.situation.disk = disk(4);
    assert_eq!(watch.look_for(MINUTE).len(), 1);
}

#[test]
fn the_audit_logs_head_is_told_once_a_day() {
    let mut watch = Watch::new();
    let mut heads = 0;
    for _ in 0..72 {
        watch.now = watch.now + HOUR;
        heads += watch.look().len();
    }
    assert_eq!(heads, 3);
}

#[test]
fn a_notice_is_an_object_with_type_and_data() {
    let by = START + HOUR;
    let notice = Notice {
        at: START,
        subject: Subject::TrustDue { act: Act::Switch, by, command: Act::Switch.command().to_owned() },
    };
    let text = serde_json::to_string(&notice).unwrap();
    assert_eq!(serde_json::from_str::<Notice>(&text).unwrap(), notice);
    assert_eq!(
        text,
        "{\"at\":1795000000000,\"type\":\"trust.due\",\"data\":{\"act\":\"switch\",\"by\":1795003600000,\"command\":\"otary trust rollover switch\"}}"
    );
}
