//! How long a message can be: the largest of each kind fits its bound, and nothing longer is looked at or written.

use otary_image::Chip;
use otary_wire::{
    Action, Cause, CheckIn, ClockState, Encoding, Error, Fault, List, Manifest, Offer, Order, Outcome,
    Payload, ReleaseKey, Report, Root, RootRecord, UnixSeconds, sign,
};

use crate::samples;

const TEXT: &str = "0123456789012345678901234567890123456789012345678901234567890123";
const FAR: UnixSeconds = UnixSeconds(u64::MAX);

fn largest_report() -> Report<'static> {
    Report {
        release: u32::MAX,
        payload: Some(&[0xFF; 32]),
        outcome: Outcome::TrustSetRefused,
        cause: Some(Cause::Other(u8::MAX)),
        tries: u8::MAX,
    }
}

fn largest_check_in() -> CheckIn<'static> {
    CheckIn {
        device: [0xFF; 6],
        product: TEXT,
        hardware: &TEXT[..32],
        chip: Chip::Esp32S31,
        release: u32::MAX,
        image: Some(&[0xFF; 32]),
        version: Some(&TEXT[..32]),
        root: u32::MAX,
        trust_set: u32::MAX,
        nonce: [0xFF; 16],
        slot: u32::MAX,
        clock: ClockState::Set,
        report: Some(largest_report()),
    }
}

fn largest_root_record() -> RootRecord<'static> {
    let release_key = |seed| ReleaseKey { key: samples::public(seed), first: 0x1_0000, last: u32::MAX };
    RootRecord {
        version: u32::MAX,
        issued: FAR,
        threshold: 2,
        root_keys: List::of(&[1, 2, 3].map(samples::public)).unwrap(),
        release_keys: List::of(&[4, 5, 6, 7].map(release_key)).unwrap(),
        order_keys: List::of(&[8, 9].map(samples::public)).unwrap(),
        trust_set: List::of(&[&[0xFF; 32]; 4]).unwrap(),
        minimum: u32::MAX,
    }
}

fn largest_manifest() -> Manifest<'static> {
    let payload = Payload {
        label: Some(&TEXT[..16]),
        encoding: Encoding::Other(u8::MAX),
        base: Some(&[0xFF; 32]),
        coded_length: u32::MAX,
        final_length: u32::MAX,
        coded_digest: Some(&[0xFF; 32]),
        ..samples::app()
    };
    Manifest {
        product: TEXT,
        hardware: List::of(&[&TEXT[..32]; 4]).unwrap(),
        chip: Chip::Esp32S31,
        release: u32::MAX,
        version: &TEXT[..32],
        floor: u32::MAX,
        downgrade: true,
        not_after: Some(FAR),
        payloads: List::of(&[payload; 2]).unwrap(),
    }
}

fn largest_order() -> Order<'static> {
    Order {
        nonce: [0xFF; 16],
        time: FAR,
        device: [0xFF; 6],
        action: Action::Install(&[0xFF; 32]),
        poll_after: u32::MAX,
    }
}

#[test]
fn the_largest_of_each_kind_fits_its_bound() {
    let mut buffer = [0; 4096];
    assert_eq!(largest_report().encode(&mut buffer).unwrap().len(), 50);
    assert_eq!(largest_check_in().encode(&mut buffer).unwrap().len(), 281);
    assert_eq!(largest_check_in().to_text(&mut buffer).unwrap().len(), 375);
    let [one, two, three, four] = [1, 2, 3, 4].map(samples::key);
    let keys = [&one, &two, &three, &four];
    assert_eq!(sign::root(&largest_root_record(), &keys, &mut buffer).unwrap().len(), 856);
    assert_eq!(sign::manifest(&largest_manifest(), &one, &mut buffer).unwrap().len(), 638);
    assert_eq!(sign::order(&largest_order(), &one, &mut buffer).unwrap().len(), 165);
}

#[test]
fn an_offer_takes_the_largest_objects() {
    let [root, manifest, order] =
        [RootRecord::MAX_LEN, Manifest::MAX_LEN, Order::MAX_LEN].map(|length| vec![0; length]);
    let offer = Offer {
        root: Some(&root),
        manifest: Some(&manifest),
        order: Some(&order),
        retry_after: Some(u32::MAX),
    };
    let mut buffer = [0; Offer::MAX_LEN];
    let bytes = offer.encode(&mut buffer).unwrap();
    assert_eq!(Offer::decode(bytes).unwrap(), offer);
    for longer in [
        Offer { root: Some(&[0; RootRecord::MAX_LEN + 1]), ..Offer::default() },
        Offer { manifest: Some(&[0; Manifest::MAX_LEN + 1]), ..Offer::default() },
        Offer { order: Some(&[0; Order::MAX_LEN + 1]), ..Offer::default() },
    ] {
        let fault = longer.encode(&mut [0; Offer::MAX_LEN]).unwrap_err().fault;
        assert!(matches!(fault, Fault::Range { .. }), "{fault:?}");
    }
}

#[test]
fn what_is_longer_than_its_bound_is_not_looked_at() {
    let bytes = [0xFF; 4096];
    let too_long = |max: usize| Error {
        offset: 0,
        fault: Fault::TooLong {
            expected: u32::try_from(max).unwrap(),
            found: u32::try_from(max + 1).unwrap(),
        },
    };
    let [report, check_in, offer] = [Report::MAX_LEN, CheckIn::MAX_LEN, Offer::MAX_LEN];
    assert_eq!(Report::decode(&bytes[..=report]).unwrap_err(), too_long(report));
    assert_eq!(CheckIn::decode(&bytes[..=check_in]).unwrap_err(), too_long(check_in));
    assert_eq!(Offer::decode(&bytes[..=offer]).unwrap_err(), too_long(offer));
    let error = Root::compiled_in(&bytes[..=RootRecord::MAX_LEN]).unwrap_err();
    assert_eq!(error, otary_wire::Refusal::Root(too_long(RootRecord::MAX_LEN)));
}

#[test]
fn a_text_that_is_too_long_or_empty_is_not_written() {
    let too_long = "01234567890123456789012345678901234567890123456789012345678901234";
    for (product, found) in [(too_long, 65), ("", 0)] {
        let check_in = CheckIn { product, ..samples::check_in() };
        let error = check_in.encode(&mut [0; CheckIn::MAX_LEN]).unwrap_err();
        assert_eq!(error.fault, Fault::Range { expected: (1, 64), found });
    }
}

#[test]
fn what_contradicts_itself_is_not_written() {
    let mut buffer = [0; RootRecord::MAX_LEN];
    let mut refused = |record: RootRecord| record.encode(&mut buffer).unwrap_err().fault;
    let record = samples::root_record();
    let one_key = List::of(&[samples::public(1)]).unwrap();
    let twice = List::of(&[samples::public(1), samples::public(1)]).unwrap();
    let backwards = List::of(&[ReleaseKey { key: samples::public(4), first: 5, last: 4 }]).unwrap();
    assert_eq!(
        refused(RootRecord { root_keys: one_key, ..record }),
        Fault::Range { expected: (1, 1), found: 2 },
        "two signatures of one key"
    );
    assert_eq!(refused(RootRecord { threshold: 0, ..record }), Fault::Range { expected: (1, 2), found: 0 });
    assert_eq!(refused(RootRecord { root_keys: twice, ..record }), Fault::Duplicate);
    assert_eq!(
        refused(RootRecord { release_keys: backwards, ..record }),
        Fault::Range { expected: (5, u32::MAX), found: 4 }
    );
    assert_eq!(
        refused(RootRecord { version: 0, ..record }),
        Fault::Range { expected: (1, u32::MAX), found: 0 }
    );
    let for_none = Manifest { hardware: List::EMPTY, ..samples::manifest() };
    let fault = for_none.encode(&mut [0; Manifest::MAX_LEN]).unwrap_err().fault;
    assert_eq!(fault, Fault::Range { expected: (1, 4), found: 0 });
    let manifest = Manifest { version: "0.7\n", ..samples::manifest() };
    assert_eq!(manifest.encode(&mut [0; Manifest::MAX_LEN]).unwrap_err().fault, Fault::Text);
    let manifest = Manifest { floor: 8, ..samples::manifest() };
    let fault = manifest.encode(&mut [0; Manifest::MAX_LEN]).unwrap_err().fault;
    assert_eq!(fault, Fault::Range { expected: (0, 7), found: 8 }, "a floor above the release itself");
    let old_chip = CheckIn { chip: Chip::Esp8266, ..samples::check_in() };
    let fault = old_chip.encode(&mut [0; CheckIn::MAX_LEN]).unwrap_err().fault;
    assert_eq!(fault, Fault::ChipWithoutId);
}

#[test]
fn a_buffer_that_is_too_small_is_told_and_not_overrun() {
    let check_in = samples::check_in();
    let length = check_in.encode(&mut [0; CheckIn::MAX_LEN]).unwrap().len();
    for room in 0..length {
        let error = check_in.encode(&mut vec![0; room]).unwrap_err();
        assert_eq!(error.fault, Fault::Full, "{room} bytes");
    }
}
