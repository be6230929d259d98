//! The root record: one after the other, by enough keys of the old and of the new.

use otary_wire::{List, Offer, Refusal, Root, RootRecord, Verdict, sign};

use crate::scene::{
    Lamp, ROOT, STRANGER, install, installs, keeps, key, manifest, public, record, sign_manifest, sign_root,
};

/// The record after the first, with these root keys.
fn second(root_keys: &[u8], threshold: u8) -> RootRecord<'static> {
    let keys: Vec<_> = root_keys.iter().map(|seed| public(*seed)).collect();
    RootRecord { version: 2, threshold, root_keys: List::of(&keys).unwrap(), ..record() }
}

/// Root record 1 with the threshold two.
fn careful() -> Lamp {
    Lamp::trusting(sign_root(&RootRecord { threshold: 2, ..record() }, &ROOT[..2]))
}

#[test]
fn a_new_root_record_is_a_step_of_its_own() {
    let root = sign_root(&second(&ROOT, 1), &ROOT[..1]);
    let manifest = sign_manifest(&manifest(), crate::scene::RELEASE);
    let order = install(&manifest);
    let offer =
        Offer { root: Some(&root), manifest: Some(&manifest), order: Some(&order), ..Offer::default() };
    let verdict = Lamp::new().hears(&offer).unwrap();
    assert_eq!(keeps(&verdict).version, 2);
    let after = Lamp::trusting(root.clone());
    assert_eq!(installs(&after.hears(&offer).unwrap()).release, 7, "with the next check-in");
}

#[test]
fn any_one_of_three_root_keys_signs_with_the_threshold_one() {
    for seed in ROOT {
        let root = sign_root(&second(&ROOT, 1), &[seed]);
        assert!(Lamp::new().shown(&root).is_ok(), "key {seed}");
    }
}

#[test]
fn any_two_of_three_root_keys_sign_with_the_threshold_two_and_one_does_not() {
    for pair in [[1, 2], [1, 3], [2, 3], [3, 1]] {
        let root = sign_root(&second(&ROOT, 2), &pair);
        assert!(careful().shown(&root).is_ok(), "keys {pair:?}");
    }
    let root = sign_root(&second(&ROOT, 2), &[1]);
    assert_eq!(careful().shown(&root), Err(Refusal::RootSignatures { expected: 2, found: 1 }));
}

#[test]
fn one_key_that_signs_twice_is_one_key() {
    let root = sign_root(&second(&ROOT, 2), &[1, 1]);
    assert_eq!(careful().shown(&root), Err(Refusal::RootSignatures { expected: 2, found: 1 }));
}

#[test]
fn a_signature_that_nobody_needs_is_refused() {
    let by_stranger = sign_root(&second(&ROOT, 1), &[1, STRANGER]);
    assert_eq!(Lamp::new().shown(&by_stranger), Err(Refusal::RootSignature));
    let twice = sign_root(&second(&ROOT, 1), &[1, 1]);
    assert_eq!(Lamp::new().shown(&twice), Err(Refusal::RootSignature));
}

#[test]
fn the_threshold_of_the_new_record_counts_too() {
    let root = sign_root(&second(&ROOT, 2), &[1]);
    assert_eq!(Lamp::new().shown(&root), Err(Refusal::RootSignatures { expected: 2, found: 1 }));
    let root = sign_root(&second(&ROOT, 1), &[1]);
    assert_eq!(
        careful().shown(&root),
        Err(Refusal::RootSignatures { expected: 2, found: 1 }),
        "and so does that of the old one"
    );
}

#[test]
fn all_root_keys_can_be_changed_at_once_when_old_and_new_sign() {
    let next = second(&[6, 7, 8], 2);
    let root = sign_root(&next, &[1, 2, 6, 7]);
    assert_eq!(*keeps(&careful().shown(&root).unwrap()), next);
    let by_old = sign_root(&next, &[1, 2]);
    assert_eq!(careful().shown(&by_old), Err(Refusal::RootSignatures { expected: 2, found: 0 }));
    let by_new = sign_root(&next, &[6, 7]);
    assert_eq!(careful().shown(&by_new), Err(Refusal::RootSignatures { expected: 2, found: 0 }));
}

#[test]
fn root_records_come_one_after_the_other() {
    let lamp = Lamp::new();
    for version in [3, 4, u32::MAX] {
        let root = sign_root(&RootRecord { version, ..record() }, &[1]);
        assert_eq!(lamp.shown(&root), Err(Refusal::RootVersion { expected: 2, found: version }));
    }
    let last = Lamp::trusting(sign_root(&RootRecord { version: u32::MAX, ..record() }, &[1]));
    let again = sign_root(&RootRecord { version: u32::MAX, minimum: 1, ..record() }, &[1]);
    let expected = u32::MAX;
    assert_eq!(last.shown(&again), Err(Refusal::RootVersion { expected, found: u32::MAX }), "the last one");
}

#[test]
fn an_earlier_root_record_is_refused_and_the_very_same_is_passed_over() {
    let [first, second] = [record(), second(&ROOT, 1)].map(|record| sign_root(&record, &ROOT[..1]));
    let lamp = Lamp::trusting(second.clone());
    assert_eq!(lamp.shown(&first), Err(Refusal::RootVersion { expected: 3, found: 1 }));
    assert_eq!(lamp.shown(&second), Err(Refusal::OrderMissing), "the answer is judged as one without it");
    let other = sign_root(&RootRecord { minimum: 1, ..self::second(&ROOT, 1) }, &ROOT[..1]);
    assert_eq!(lamp.shown(&other), Err(Refusal::RootVersion { expected: 3, found: 2 }));
}

#[test]
fn a_firmware_is_built_with_a_record_that_its_own_keys_have_signed() {
    let by_stranger = sign_root(&record(), &[STRANGER]);
    let refusal = Refusal::RootSignatures { expected: 1, found: 0 };
    assert_eq!(Root::compiled_in(&by_stranger), Err(refusal));
    let rotated = sign_root(&second(&[6, 7, 8], 2), &[1, 2, 6, 7]);
    assert!(Root::compiled_in(&rotated).is_ok(), "signatures of keys that it no longer names do not count");
}

/// Keys that lie in different places sign one after the other.
#[test]
fn a_second_owner_adds_a_signature_to_what_the_first_has_signed() {
    let next = second(&ROOT, 2);
    let by_first = sign_root(&next, &[1]);
    assert_eq!(sign::draft(&by_first).unwrap(), next, "shown before it is signed");
    let mut buffer = [0; RootRecord::MAX_LEN];
    let by_both = sign::cosign(&by_first, &key(3), &mut buffer).unwrap().to_vec();
    let has = |signed: &[u8], number| sign::is_signed_by(signed, public(number)).unwrap();
    assert_eq!([1, 2, 3].map(|number| has(&by_first, number)), [true, false, false]);
    assert_eq!([1, 2, 3].map(|number| has(&by_both, number)), [true, false, true]);
    assert_eq!([&by_first, &by_both].map(|signed| sign::signatures(signed)), [Ok(1), Ok(2)]);
    assert_eq!(by_both, sign_root(&next, &[1, 3]));
    assert!(matches!(careful().shown(&by_both), Ok(Verdict::NewRoot(_))));
    assert_eq!(sign::cosign(&by_both, &key(1), &mut buffer).unwrap(), sign_root(&next, &[3, 1]));
}
