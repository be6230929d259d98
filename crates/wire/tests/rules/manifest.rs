//! The manifest: for this device, not older than it may be, alive, and of a form that the device can take.

use otary_image::Chip;
use otary_wire::{Clock, Encoding, Kind, List, Manifest, Payload, Refusal, ReleaseKey, UnixSeconds};

use crate::scene::{
    DAY, IMAGE, Lamp, NOW, RELEASE, ROOT, app, installs, manifest, public, record, release_key,
    sign_manifest, sign_root,
};

fn with_payload(payload: Payload<'static>) -> Manifest<'static> {
    Manifest { payloads: List::of(&[payload]).unwrap(), ..manifest() }
}

#[test]
fn a_newer_release_of_the_owner_is_installed() {
    let signed = sign_manifest(&manifest(), RELEASE);
    let verdict = Lamp::new().offered(&signed).unwrap();
    assert_eq!(*installs(&verdict), manifest());
    let otary_wire::Verdict::Install { time, poll_after, .. } = verdict else { unreachable!() };
    assert_eq!((time, poll_after), (Some(NOW), Some(3600)), "as the order says");
}

#[test]
fn a_manifest_for_another_product_hardware_or_chip_is_refused() {
    let lamp = Lamp::new();
    assert_eq!(lamp.judges(&Manifest { product: "gate", ..manifest() }), Err(Refusal::Product));
    let v3 = List::of(&["v3"]).unwrap();
    assert_eq!(lamp.judges(&Manifest { hardware: v3, ..manifest() }), Err(Refusal::Hardware));
    assert_eq!(lamp.judges(&Manifest { chip: Chip::Esp32S3, ..manifest() }), Err(Refusal::Chip));
    let second = List::of(&["v0", "v1"]).unwrap();
    assert_eq!(lamp.judges(&Manifest { hardware: second, ..manifest() }), Ok(7), "one of several");
}

#[test]
fn an_older_release_is_refused_unless_its_manifest_allows_the_downgrade() {
    let lamp = Lamp { release: 8, ..Lamp::new() };
    assert_eq!(lamp.judges(&manifest()), Err(Refusal::ReleaseTooOld { installed: 8, found: 7 }));
    assert_eq!(lamp.judges(&Manifest { downgrade: true, ..manifest() }), Ok(7));
}

#[test]
fn no_downgrade_goes_below_the_floor() {
    let lamp = Lamp { release: 9, floor: 8, ..Lamp::new() };
    let allowed = Manifest { downgrade: true, ..manifest() };
    assert_eq!(lamp.judges(&allowed), Err(Refusal::Floor { expected: 8, found: 7 }));
    assert_eq!(lamp.judges(&Manifest { release: 8, ..allowed }), Ok(8));
}

#[test]
fn nothing_goes_below_the_minimum_of_the_root_record() {
    let raised = record_with_minimum(8);
    let lamp = Lamp::trusting(sign_root(&raised, &ROOT[..1]));
    assert_eq!(lamp.judges(&manifest()), Err(Refusal::Minimum { expected: 8, found: 7 }), "though 6 runs");
    assert_eq!(
        lamp.judges(&Manifest { downgrade: true, ..manifest() }),
        Err(Refusal::Minimum { expected: 8, found: 7 })
    );
    assert_eq!(lamp.judges(&Manifest { release: 8, ..manifest() }), Ok(8));
}

fn record_with_minimum(minimum: u32) -> otary_wire::RootRecord<'static> {
    otary_wire::RootRecord { minimum, ..record() }
}

#[test]
fn the_installed_release_may_be_repaired_with_the_same_image_only() {
    let lamp = Lamp { release: 7, installed: Some(IMAGE), ..Lamp::new() };
    assert_eq!(lamp.judges(&manifest()), Ok(7));
    let other = with_payload(Payload { final_digest: &[0xBC; 32], ..app() });
    assert_eq!(lamp.judges(&other), Err(Refusal::SameNumber { found: 7 }));
    let by_wire = Lamp { installed: None, ..lamp };
    assert_eq!(by_wire.judges(&other), Ok(7), "what was flashed by wire is not known");
}

#[test]
fn a_key_signs_the_numbers_of_its_range_and_no_others() {
    let ranged = |first, last| ReleaseKey { key: public(RELEASE), first, last };
    let with = |keys: &[ReleaseKey<'static>]| {
        let record = otary_wire::RootRecord { release_keys: List::of(keys).unwrap(), ..record() };
        Lamp::trusting(sign_root(&record, &ROOT[..1]))
    };
    assert_eq!(with(&[ranged(8, 20)]).judges(&manifest()), Err(Refusal::KeyOutOfRange { found: 7 }));
    assert_eq!(with(&[ranged(1, 6)]).judges(&manifest()), Err(Refusal::KeyOutOfRange { found: 7 }));
    assert_eq!(with(&[ranged(7, 7)]).judges(&manifest()), Ok(7), "both ends count");
    assert_eq!(with(&[ranged(1, 2), ranged(7, 9)]).judges(&manifest()), Ok(7), "a key with two ranges");
    let other_has_it = [ranged(8, 20), release_key(6)];
    assert_eq!(
        with(&other_has_it).judges(&manifest()),
        Err(Refusal::KeyOutOfRange { found: 7 }),
        "the range of another key is of no use"
    );
}

#[test]
fn an_image_larger_than_the_slot_is_refused_before_its_first_byte() {
    let lamp = Lamp::new();
    let of = |length| with_payload(Payload { coded_length: length, final_length: length, ..app() });
    assert_eq!(lamp.judges(&of(0x1E_0000)), Ok(7));
    let refusal = Refusal::TooLarge { expected: 0x1E_0000, found: 0x1E_0001 };
    assert_eq!(lamp.judges(&of(0x1E_0001)), Err(refusal));
    assert_eq!(lamp.judges(&of(u32::MAX)), Err(Refusal::TooLarge { expected: 0x1E_0000, found: u32::MAX }));
}

#[test]
fn an_encoding_of_tomorrow_is_refused() {
    let lamp = Lamp::new();
    let coded = with_payload(Payload { encoding: Encoding::Other(1), coded_length: 5000, ..app() });
    assert_eq!(lamp.judges(&coded), Err(Refusal::EncodingUnknown));
}

#[test]
fn a_difference_to_another_image_is_refused() {
    let lamp = Lamp::new();
    let delta = with_payload(Payload { base: Some(&[0xAA; 32]), ..app() });
    assert_eq!(lamp.judges(&delta), Err(Refusal::EncodingUnknown));
}

#[test]
fn what_is_sent_as_it_is_has_one_length_and_one_digest() {
    let lamp = Lamp::new();
    let lengths = with_payload(Payload { coded_length: 999_999, ..app() });
    assert_eq!(lamp.judges(&lengths), Err(Refusal::Length));
    let digests = with_payload(Payload { coded_digest: Some(&[0xBC; 32]), ..app() });
    assert_eq!(lamp.judges(&digests), Err(Refusal::Length));
    let said_twice = with_payload(Payload { coded_digest: Some(&IMAGE), ..app() });
    assert_eq!(lamp.judges(&said_twice), Ok(7));
}

#[test]
fn every_payload_is_judged_and_not_the_first_alone() {
    let lamp = Lamp::new();
    let file_system =
        Payload { kind: Kind::FileSystem, label: Some("spiffs"), encoding: Encoding::Other(1), ..app() };
    let both = Manifest { payloads: List::of(&[app(), file_system]).unwrap(), ..manifest() };
    assert_eq!(lamp.judges(&both), Err(Refusal::EncodingUnknown));
}

#[test]
fn an_expired_manifest_is_refused_where_the_clock_is_set() {
    let not_after = UnixSeconds(NOW.0 - 2 * DAY);
    let expired = Manifest { not_after: Some(not_after), ..manifest() };
    let lamp = Lamp { clock: Clock::Set(NOW), ..Lamp::new() };
    let refusal = Refusal::Expired { not_after, now: NOW };
    assert_eq!(lamp.judges(&expired), Err(refusal));
    let last_second = Manifest { not_after: Some(NOW), ..manifest() };
    assert_eq!(lamp.judges(&last_second), Ok(7), "the last second is a good one");
}
