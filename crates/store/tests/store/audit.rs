//! The audit log: what was written cannot be changed without a trace, and what is forgotten is forgotten all the same.

use std::time::Duration;

use otary_fleet::{Event, EventKind, Sha256};
use otary_store::{AuditEntry, AuditQuery, EventQuery, Finding, Head, NotedHead, Retention, Store};

use crate::sample::{at, change, event, forever, mac};
use crate::waiting_and_written;

fn entries(store: &dyn Store) -> Vec<AuditEntry> {
    store.audit(&AuditQuery { limit: 10_000, ..AuditQuery::default() }).unwrap()
}

fn finding(store: &dyn Store, noted: Option<NotedHead>) -> Finding {
    store.verify_audit(noted).unwrap().finding
}

/// Events at the seconds 1 to `last`, of the devices 0, 1, 2 in turns.
fn fill(store: &dyn Store, last: u32) {
    for second in 1..=last {
        store.append(event(second.into(), Some(mac(second % 3)))).unwrap();
    }
}

pub fn every_event_is_an_entry_that_is_chained_to_the_one_before(store: &dyn Store) {
    assert_eq!(store.audit_head().unwrap(), Head::START);
    fill(store, 5);
    let entries = entries(store);
    assert_eq!(entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    // As a shell would have it: printf '%s %s %s' CHAIN NUMBER LEAF | sha256sum
    let mut before = "0".repeat(64);
    for entry in &entries {
        let record = entry.record.as_ref().unwrap();
        assert_eq!(entry.leaf, Sha256::of(format!("{}{}", record.salt, record.text).as_bytes()));
        let chain = Sha256::of(format!("{before} {} {}", entry.number, entry.leaf).as_bytes());
        assert_eq!(entry.chain, chain);
        assert_eq!(record.event().unwrap().at, entry.at);
        before = chain.to_string();
    }
    assert_eq!(store.audit_head().unwrap().to_string(), format!("5:{before}"));
}

pub fn the_log_is_read_by_number_time_and_device(store: &dyn Store) {
    fill(store, 9);
    let numbers = |query: AuditQuery| -> Vec<u64> {
        store.audit(&query).unwrap().iter().map(|entry| entry.number).collect()
    };
    let all = AuditQuery { limit: 99, ..AuditQuery::default() };
    assert_eq!(numbers(AuditQuery { after: 7, ..all.clone() }), [8, 9]);
    assert_eq!(numbers(AuditQuery { since: Some(at(8)), ..all.clone() }), [8, 9]);
    assert_eq!(numbers(AuditQuery { device: Some(mac(1)), ..all.clone() }), [1, 4, 7]);
    assert_eq!(numbers(AuditQuery { limit: 2, ..all.clone() }), [1, 2]);
    let newest = AuditQuery { before: Some(u64::MAX), limit: 2, ..all };
    assert_eq!(numbers(newest.clone()), [9, 8]);
    assert_eq!(numbers(AuditQuery { before: Some(8), ..newest.clone() }), [7, 6]);
    assert_eq!(numbers(AuditQuery { device: Some(mac(1)), after: 1, ..newest.clone() }), [7, 4]);
    assert_eq!(numbers(AuditQuery { since: Some(at(9)), ..newest }), [9]);
}

pub fn a_head_that_was_noted_is_confirmed_later(store: &dyn Store) {
    fill(store, 4);
    let noted = store.audit_head().unwrap();
    assert_eq!(finding(store, None), Finding::Consistent);
    assert_eq!(finding(store, Some(noted.into())), Finding::Confirmed { newer: 0 });
    fill(store, 3);
    assert_eq!(finding(store, Some(noted.into())), Finding::Confirmed { newer: 3 });
    let without_number: NotedHead = noted.chain.to_string().parse().unwrap();
    assert_eq!(finding(store, Some(without_number)), Finding::Confirmed { newer: 3 });
}

pub fn a_head_of_another_log_is_told_by_its_number(store: &dyn Store) {
    fill(store, 4);
    let chain = Sha256::of(b"another log");
    let noted = |number| Some(NotedHead { number, chain });
    assert_eq!(finding(store, noted(Some(3))), Finding::Rewritten { number: 3 });
    assert_eq!(finding(store, noted(Some(9))), Finding::CutOff { last: 4, head: 9 });
    assert_eq!(finding(store, noted(None)), Finding::NotFound);
    let wrong_number = NotedHead { number: Some(2), ..store.audit_head().unwrap().into() };
    assert_eq!(finding(store, Some(wrong_number)), Finding::Rewritten { number: 2 });
}

pub fn what_is_forgotten_keeps_its_leaf(store: &dyn Store) {
    fill(store, 3);
    store.flush().unwrap();
    change(store, mac(1), at(4), |device| device.last_seen = at(4));
    fill(store, 3);
    store.forget(mac(1)).unwrap();
    let noted = store.audit_head().unwrap();
    waiting_and_written(store, |store| {
        let found = store.verify_audit(Some(noted.into())).unwrap();
        assert_eq!((found.entries, found.forgotten), (6, 2));
        assert_eq!(found.finding, Finding::Confirmed { newer: 0 });
        let query = EventQuery { limit: 99, ..EventQuery::default() };
        assert!(store.events(&query).unwrap().iter().all(|event| event.device != Some(mac(1))));
        let left = entries(store);
        assert_eq!(left.iter().filter(|entry| entry.record.is_none()).count(), 2);
        let text = serde_json::to_string(&left).unwrap();
        assert!(!text.contains(&mac(1).to_string()), "{text}");
        assert_eq!(
            store.audit(&AuditQuery { device: Some(mac(1)), limit: 9, ..AuditQuery::default() }).unwrap(),
            []
        );
    });
}

pub fn two_events_of_the_same_words_have_leaves_of_their_own(store: &dyn Store) {
    for _ in 0..2 {
        store.append(event(1, Some(mac(1)))).unwrap();
    }
    let entries = entries(store);
    assert_ne!(
        entries[0].leaf, entries[1].leaf,
        "or whoever guesses the words could tell that they were forgotten"
    );
}

pub fn what_is_pruned_leaves_a_checkpoint(store: &dyn Store) {
    fill(store, 6);
    let (early, noted) = {
        let entries = entries(store);
        let head = |entry: &AuditEntry| NotedHead { number: Some(entry.number), chain: entry.chain };
        (head(&entries[1]), [head(&entries[2]), head(&entries[4])])
    };
    let retention = Retention { max_events: 3, ..forever() };
    assert_eq!(store.prune(&retention, at(9)).unwrap().events, 3);
    let found = store.verify_audit(None).unwrap();
    assert_eq!((found.entries, found.checkpoint.number, found.head.number), (3, 3, 6));
    assert_eq!(finding(store, Some(noted[0])), Finding::Confirmed { newer: 3 }, "the checkpoint itself");
    assert_eq!(finding(store, Some(noted[1])), Finding::Confirmed { newer: 1 });
    assert_eq!(finding(store, Some(early)), Finding::Pruned { checkpoint: 3 });

    let nothing = Retention { max_events: 0, ..forever() };
    store.prune(&nothing, at(9)).unwrap();
    assert_eq!(finding(store, Some(found.head.into())), Finding::Confirmed { newer: 0 });
    fill(store, 1);
    assert_eq!(store.audit_head().unwrap().number, 7, "numbers go on where they ended");
    assert_eq!(finding(store, Some(found.head.into())), Finding::Confirmed { newer: 1 });
}

pub fn an_old_entry_behind_a_newer_one_loses_its_text_and_not_its_place(store: &dyn Store) {
    for seconds in [1, 500, 2, 400] {
        store.append(event(seconds, None)).unwrap();
    }
    let noted = store.audit_head().unwrap();
    let retention = Retention { events: Duration::from_secs(100), ..forever() };
    assert_eq!(store.prune(&retention, at(300)).unwrap().events, 2);
    let found = store.verify_audit(Some(noted.into())).unwrap();
    assert_eq!((found.checkpoint.number, found.entries, found.forgotten), (1, 3, 1));
    assert_eq!(found.finding, Finding::Confirmed { newer: 0 });
}

pub fn what_an_operator_did_is_in_the_log(store: &dyn Store) {
    let kind =
        EventKind::Operator { who: "night shift".into(), from: None, action: "paused campaign 4".into() };
    store.append(Event { at: at(1), device: None, product: None, kind: kind.clone() }).unwrap();
    let entries = entries(store);
    assert_eq!(entries[0].record.as_ref().unwrap().event().unwrap().kind, kind);
}
