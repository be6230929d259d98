//! Events, counters, and the newest time.

use std::time::Duration;

use otary_fleet::{
    Build, Decision, Event, EventKind, Grants, Mac, Product, Proof, Reason, Scope, Sha256, Time, Token,
};
use otary_store::{Downloads, EventQuery, Store};

use crate::sample::{at, event, lamp, mac, poll, publish, release_id, report};
use crate::waiting_and_written;

fn find(store: &dyn Store, query: &EventQuery) -> Vec<u64> {
    store.events(query).unwrap().iter().map(|event| event.at.since(at(0)).as_secs()).collect()
}

fn all() -> EventQuery {
    EventQuery { limit: 99, ..EventQuery::default() }
}

pub fn events_are_given_newest_first(store: &dyn Store) {
    for seconds in [1, 3, 2] {
        store.append(event(seconds, None)).unwrap();
    }
    store.flush().unwrap();
    for seconds in [5, 4] {
        store.append(event(seconds, None)).unwrap();
    }
    waiting_and_written(store, |store| {
        assert_eq!(find(store, &all()), [5, 4, 3, 2, 1]);
        assert_eq!(find(store, &EventQuery { limit: 2, ..all() }), [5, 4]);
        assert_eq!(find(store, &EventQuery { until: Some(at(4)), limit: 3, ..all() }), [4, 3, 2]);
        assert_eq!(find(store, &EventQuery { limit: 0, ..all() }), [0; 0]);
    });
}

pub fn events_are_found_by_device_and_product(store: &dyn Store) {
    let other = Event { product: Some("camera".parse().unwrap()), ..event(4, Some(mac(1))) };
    for event in [event(1, Some(mac(1))), event(2, Some(mac(2))), event(3, None), other] {
        store.append(event).unwrap();
    }
    waiting_and_written(store, |store| {
        let (device, product) = (Some(mac(1)), Some(lamp().name));
        assert_eq!(find(store, &EventQuery { device, ..all() }), [4, 1]);
        assert_eq!(find(store, &EventQuery { product: product.clone(), ..all() }), [3, 2, 1]);
        assert_eq!(find(store, &EventQuery { device, product: product.clone(), ..all() }), [1]);
        assert_eq!(find(store, &EventQuery { product, until: Some(at(2)), limit: 1, ..all() }), [2]);
    });
}

fn every_kind(device: Mac) -> Vec<Event> {
    let build = Build { md5: None, sha256: Some(Sha256::of(b"unknown")) };
    let decision = Decision {
        reason: Reason::NoProduct { build },
        product: None,
        chip: None,
        release: Some(release_id("1")),
        artifact: Some(Sha256::of(b"v1")),
        campaign: None,
    };
    let kinds = [
        EventKind::Operator { who: "local".into(), from: None, action: "assigned it to lamp".into() },
        EventKind::Operator {
            who: "token ci".into(),
            from: Some([192, 168, 1, 9].into()),
            action: "published it".into(),
        },
        EventKind::Reported { report: report(), proof: Proof::ProductSecret },
        EventKind::Contested,
        EventKind::Installed { release: release_id("1") },
        EventKind::Delivered { artifact: Sha256::of(b"v1"), bytes: 1, size: u64::MAX },
        EventKind::Decided { decision: Box::new(decision) },
    ];
    let event = |(seconds, kind)| Event { at: at(seconds), device: Some(device), product: None, kind };
    (0..).zip(kinds).map(event).collect()
}

pub fn every_kind_of_event_is_kept(store: &dyn Store) {
    let mut events = every_kind(mac(1));
    for event in &events {
        store.append(event.clone()).unwrap();
    }
    events.reverse();
    waiting_and_written(store, |store| assert_eq!(store.events(&all()).unwrap(), events));
}

pub fn downloads_are_counted(store: &dyn Store) {
    let artifact = publish(store, "1", b"v1", at(5));
    let other = publish(store, "2", b"v2", at(6));
    for whole in [true, false, true] {
        store.count_download(&artifact.id, whole);
    }
    store.count_download(&Sha256::of(b"not on record"), true);
    store.flush().unwrap();
    store.count_download(&artifact.id, true);
    waiting_and_written(store, |store| {
        assert_eq!(store.downloads(&artifact.id).unwrap(), Downloads { whole: 3, cut_off: 1 });
        assert_eq!(store.downloads(&other.id).unwrap(), Downloads::default());
        assert_eq!(store.downloads(&Sha256::of(b"not on record")).unwrap(), Downloads::default());
    });
    publish(store, "3", b"v1", at(7));
    assert_eq!(store.downloads(&artifact.id).unwrap().whole, 3, "the count outlasts another release");
}

pub fn the_newest_time_is_that_of_any_record(store: &dyn Store) {
    let newest = |expected| {
        waiting_and_written(store, |store| assert_eq!(store.newest_time().unwrap(), expected));
    };
    newest(Time::default());
    store.put_product(&Product::new(lamp().name, at(1))).unwrap();
    newest(at(1));
    publish(store, "1", b"v1", at(10));
    newest(at(10));
    poll(store, mac(1), at(20));
    poll(store, mac(2), at(15));
    newest(at(20));
    store.append(event(30, None)).unwrap();
    newest(at(30));
    let hash = Sha256::of(b"secret");
    let (created, expires) = (at(40), at(40) + Duration::from_hours(1));
    let (grants, made_by) = (Grants::everywhere(Scope::Read), "local".into());
    let token = Token { name: "t".into(), hash, grants, made_by, created, expires, last_used: None };
    store.put_token(&token).unwrap();
    newest(at(40));
    let mut withdrawn = store.catalogue().release(&release_id("1")).unwrap().clone();
    withdrawn.withdrawn = Some(at(50));
    store.put_release(&withdrawn).unwrap();
    newest(at(50));
}
