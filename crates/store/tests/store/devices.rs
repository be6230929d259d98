//! Devices' records.

use otary_fleet::{
    AgentWords, Attempt, Build, Catalogue, Chip, Delivery, Device, DeviceClock, Mac, Md5, Openings, Proof,
    Reported, SeenNetwork, Sha256, View, decide, delivered, observe,
};
use otary_store::{Admit, EventQuery, Store};

use crate::sample::{
    MAX_STRANGERS, artifact, at, change, check_in, event, installed, lamp, mac, poll, publish, release_id,
    report,
};
use crate::waiting_and_written;

fn macs(devices: &[Device]) -> Vec<Mac> {
    devices.iter().map(|device| device.mac).collect()
}

pub fn the_first_visit_makes_the_record(store: &dyn Store) {
    let visit = |expected_polls| {
        let visit = &mut |device: Option<&mut Device>| {
            let device = device.unwrap();
            assert_eq!((device.first_seen, device.polls), (at(1), expected_polls));
            device.polls += 1;
            Vec::new()
        };
        store.with_device(mac(1), at(1 + expected_polls), Admit::New, visit).unwrap()
    };
    assert!(visit(0));
    assert!(!visit(1));
    store.flush().unwrap();
    assert!(!visit(2));
    assert_eq!(store.count_devices().unwrap(), 1);
}

pub fn a_device_that_is_not_admitted_is_not_recorded(store: &dyn Store) {
    let visit = &mut |device: Option<&mut Device>| {
        assert_eq!(device, None);
        vec![event(1, None)]
    };
    assert!(!store.with_device(mac(1), at(1), Admit::OnRecord, visit).unwrap());
    waiting_and_written(store, |store| {
        assert_eq!(store.device(mac(1)).unwrap(), None);
        assert_eq!(store.count_devices().unwrap(), 0);
        assert_eq!(store.events(&EventQuery { limit: 9, ..EventQuery::default() }).unwrap().len(), 1);
    });
    poll(store, mac(1), at(2));
    let mut met = false;
    let visit = &mut |device: Option<&mut Device>| {
        met = device.is_some();
        Vec::new()
    };
    store.with_device(mac(1), at(3), Admit::OnRecord, visit).unwrap();
    assert!(met, "it is on record now");
}

/// A record that went through a whole update, so that hardly a field is empty.
fn full_record(catalogue: &Catalogue, target: &otary_fleet::Artifact) -> Device {
    let mut device = Device::new(mac(7), at(1));
    device.product = Some(lamp().name);
    device.chip = Some(Chip::Esp32);
    device.channel = Some("stable".parse().unwrap());
    let build = |bytes: &[u8]| Build { md5: Some(Md5::of(bytes)), sha256: Some(Sha256::of(bytes)) };
    let old = check_in(device.mac, build(b"old"));
    let view = View { catalogue, device: Some(&device), openings: Openings::SHUT };
    let decision = decide(&old, view, at(2));
    assert_eq!(decision.offered(), Some(target.id));
    observe(&mut device, &old, &decision, catalogue, at(2));
    for second in 3..6 {
        let (claimant, artifact, size) = (old.claimant(), target.id, target.size);
        let delivery = Delivery { claimant, artifact, from: 0, asked: size, bytes: size, size };
        delivered(&mut device, delivery, at(second));
    }
    assert!(device.attempts.iter().any(|attempt: &Attempt| attempt.held_until.is_some()));
    device.networks.push(SeenNetwork { network: installed(target, "1").network, last: at(6) });
    device.installed = Some(installed(target, "1"));
    device.contested = Some(at(7));
    device.last.as_mut().unwrap().agent = Some(AgentWords {
        hardware: "v1".into(),
        release: 6,
        root: 2,
        trust_set: 1,
        clock: DeviceClock::LowerBound,
    });
    let network = installed(target, "1").network;
    let proof = Proof::DeviceCredential;
    device.reported = vec![Reported { report: report(), network, first: at(7), last: at(8), proof }];
    device.resume();
    device
}

pub fn every_field_of_a_record_is_kept(store: &dyn Store) {
    let target = publish(store, "1", b"v1", at(0));
    let full = full_record(&store.catalogue(), &target);
    change(store, full.mac, at(1), |device| device.clone_from(&full));
    waiting_and_written(store, |store| {
        assert_eq!(store.device(full.mac).unwrap().as_ref(), Some(&full));
        assert_eq!(store.devices(None, 9).unwrap(), std::slice::from_ref(&full));
        change(store, full.mac, at(1), |device| assert_eq!(*device, full));
    });
}

pub fn devices_are_listed_by_address(store: &dyn Store) {
    for number in [300, 1, 70, 2, 5_000_000] {
        poll(store, mac(number), at(1));
    }
    store.flush().unwrap();
    for number in [4, 2] {
        poll(store, mac(number), at(2));
    }
    waiting_and_written(store, |store| {
        let all = macs(&store.devices(None, 99).unwrap());
        assert_eq!(all, [1, 2, 4, 70, 300, 5_000_000].map(mac));
        let mut pages = Vec::new();
        while let page = macs(&store.devices(pages.last().copied(), 2).unwrap())
            && !page.is_empty()
        {
            pages.extend(page);
        }
        assert_eq!(pages, all);
        assert_eq!(store.device(mac(2)).unwrap().unwrap().polls, 2);
    });
}

pub fn a_forgotten_device_is_gone_with_its_events(store: &dyn Store) {
    for number in [1, 2] {
        poll(store, mac(number), at(1));
        store.append(event(1, Some(mac(number)))).unwrap();
    }
    store.flush().unwrap();
    store.append(event(2, Some(mac(1)))).unwrap();
    poll(store, mac(3), at(1));
    assert!(store.forget(mac(1)).unwrap());
    assert!(store.forget(mac(3)).unwrap(), "it was never written");
    assert!(!store.forget(mac(1)).unwrap());
    waiting_and_written(store, |store| {
        assert_eq!(store.device(mac(1)).unwrap(), None);
        assert_eq!(macs(&store.devices(None, 9).unwrap()), [mac(2)]);
        assert_eq!(store.count_devices().unwrap(), 1);
        let events = store.events(&EventQuery { limit: 9, ..EventQuery::default() }).unwrap();
        assert_eq!(events, [event(1, Some(mac(2)))]);
    });
    poll(store, mac(1), at(5));
    assert_eq!(store.device(mac(1)).unwrap().unwrap().polls, 1, "it begins anew");
}

pub fn a_device_is_visited_by_one_at_a_time(store: &dyn Store) {
    let made = std::thread::scope(|scope| {
        let work = || (0..500).filter(|_| visit_slowly(store, mac(1))).count();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
    });
    assert_eq!(made, 1);
    waiting_and_written(store, |store| assert_eq!(store.device(mac(1)).unwrap().unwrap().polls, 4000));
}

fn visit_slowly(store: &dyn Store, mac: Mac) -> bool {
    let visit = &mut |device: Option<&mut Device>| {
        let device = device.unwrap();
        let polls = device.polls;
        std::thread::yield_now();
        device.polls = polls + 1;
        Vec::new()
    };
    store.with_device(mac, at(1), Admit::New, visit).unwrap()
}

fn cap() -> u32 {
    MAX_STRANGERS.try_into().unwrap()
}

/// Fills the store with strangers, mac(1) seen first.
fn fill(store: &dyn Store) {
    for number in 1..=cap() {
        poll(store, mac(number), at(number.into()));
    }
}

pub fn the_least_recently_seen_strangers_are_dropped(store: &dyn Store) {
    fill(store);
    store.flush().unwrap();
    assert_eq!(store.count_devices().unwrap(), u64::from(cap()), "as many as may be");
    poll(store, mac(1), at(1000));
    for newcomer in 0..10 {
        poll(store, mac(5000 + newcomer), at(1001));
        assert!(store.count_devices().unwrap() <= cap().into());
    }
    waiting_and_written(store, |store| {
        let devices = macs(&store.devices(None, 999).unwrap());
        assert_eq!(u64::try_from(devices.len()).unwrap(), store.count_devices().unwrap());
        assert!(devices.contains(&mac(1)), "it was seen since");
        assert_eq!(macs(&store.devices(Some(mac(1)), 9).unwrap()), devices[1..10], "a page is full");
        assert!((5000..5010).all(|newcomer| devices.contains(&mac(newcomer))));
        assert!((2..=11).all(|old| !devices.contains(&mac(old))), "the least recently seen went");
        assert!((14..=cap()).all(|recent| devices.contains(&mac(recent))), "no more than need be");
        assert_eq!(store.device(mac(2)).unwrap(), None);
    });
}

pub fn known_devices_are_never_dropped(store: &dyn Store) {
    let target = artifact(b"v1", Chip::Esp32);
    change(store, mac(1), at(1), |device| device.product = Some(lamp().name));
    change(store, mac(2), at(1), |device| device.chip = Some(Chip::Esp32));
    poll(store, mac(3), at(1));
    change(store, mac(3), at(1), |device| device.installed = Some(installed(&target, "1")));
    assert_eq!(release_id("1"), installed(&target, "1").release);
    store.flush().unwrap();
    for stranger in 0..3 * cap() {
        poll(store, mac(5000 + stranger), at(1000));
    }
    waiting_and_written(store, |store| {
        assert!((1..=3).all(|known| store.device(mac(known)).unwrap().is_some()));
        let count = store.count_devices().unwrap();
        assert!(count <= u64::from(cap()) + 3 && count > u64::from(cap()) - 3, "{count}");
        assert_eq!(u64::try_from(store.devices(None, 999).unwrap().len()).unwrap(), count);
    });
}

pub fn a_dropped_stranger_may_come_back(store: &dyn Store) {
    fill(store);
    store.flush().unwrap();
    poll(store, mac(5000), at(1000));
    assert_eq!(store.device(mac(1)).unwrap(), None);
    poll(store, mac(1), at(1001));
    waiting_and_written(store, |store| {
        let back = store.device(mac(1)).unwrap().unwrap();
        assert_eq!((back.first_seen, back.polls), (at(1001), 1));
        assert!(store.count_devices().unwrap() <= cap().into());
    });
}
