//! The attacks of TUF's and Uptane's lists, each tried by somebody who holds the connection: a stranger in the network with a
//! certificate, or a server that was taken over. Stolen keys are in `compromise`.

use otary_wire::{Action, Cause, Digest, List, Manifest, Offer, Payload, Refusal, RootRecord, Verdict};
use sha2::{Digest as _, Sha256};

use crate::scene::{
    Lamp, ONLINE, RELEASE, ROOT, STRANGER, app, install, manifest, order, record, sign_manifest, sign_order,
    sign_root,
};

#[test]
fn arbitrary_software_is_refused() {
    let lamp = Lamp::new();
    let evil = Manifest { release: 100, ..manifest() };
    assert_eq!(lamp.offered(&sign_manifest(&evil, STRANGER)), Err(Refusal::KeyUnknown));
    // A stranger's signature under the owner's name.
    let mut signed = sign_manifest(&evil, STRANGER);
    let [own, named] = [STRANGER, RELEASE].map(|seed| crate::scene::public(seed).id());
    let at = signed.windows(8).position(|window| window == own).unwrap();
    signed[at..at + 8].copy_from_slice(&named);
    assert_eq!(lamp.offered(&signed), Err(Refusal::Signature));
}

/// With a public key of small order, one signature fits every message; a check that is not strict takes it.
#[test]
fn a_key_of_small_order_signs_nothing() {
    let neutral = {
        let mut point = [0; 32];
        point[0] = 1;
        otary_wire::PublicKey(Box::leak(Box::new(point)))
    };
    let keys = List::of(&[otary_wire::ReleaseKey { key: neutral, first: 0, last: u32::MAX }]).unwrap();
    let lamp = Lamp::trusting(sign_root(&RootRecord { release_keys: keys, ..record() }, &ROOT[..1]));
    let mut signed = sign_manifest(&manifest(), STRANGER);
    let name = signed.windows(8).position(|window| window == crate::scene::public(STRANGER).id()).unwrap();
    signed[name..name + 8].copy_from_slice(&neutral.id());
    let signature = signed.len() - 64;
    signed[signature..].fill(0);
    signed[signature] = 1;
    assert_eq!(lamp.offered(&signed), Err(Refusal::Signature));
}

/// A manifest that an owner signed elsewhere is no order, an order no manifest: what is signed says what it is.
#[test]
fn a_signature_over_one_kind_of_object_is_none_over_another() {
    let both = RootRecord { order_keys: List::of(&[crate::scene::public(RELEASE)]).unwrap(), ..record() };
    let lamp = Lamp::trusting(sign_root(&both, &ROOT[..1]));
    let root = lamp.stored().root;
    assert_eq!(root.order(&sign_manifest(&manifest(), RELEASE)).map(|_| ()), Err(Refusal::OrderSignature));
    let order = sign_order(&order(Action::Wait), RELEASE);
    assert_eq!(root.manifest(&order).map(|_| ()), Err(Refusal::Signature));
}

#[test]
fn a_rollback_to_an_older_release_is_refused() {
    let lamp = Lamp { release: 8, ..Lamp::new() };
    assert_eq!(lamp.judges(&manifest()), Err(Refusal::ReleaseTooOld { installed: 8, found: 7 }));
}

#[test]
fn a_rollback_of_the_root_record_is_refused() {
    let [first, second] = [1, 2].map(|version| sign_root(&RootRecord { version, ..record() }, &ROOT[..1]));
    let lamp = Lamp::trusting(second);
    assert_eq!(lamp.shown(&first), Err(Refusal::RootVersion { expected: 3, found: 1 }));
}

/// An answer that was recorded says "nothing new" for ever, unless it has to repeat a number that was not known then.
#[test]
fn a_freeze_by_recorded_answers_is_noticed() {
    let old = otary_wire::Order { nonce: *b"a moment earlier", ..order(Action::Wait) };
    let recorded = sign_order(&old, ONLINE);
    let offer = Offer { order: Some(&recorded), ..Offer::default() };
    assert_eq!(Lamp::new().hears(&offer), Err(Refusal::OrderNonce));
    assert_eq!(Lamp::new().hears(&Offer::default()), Err(Refusal::OrderMissing), "nor by silence");
}

/// An expired manifest is a freeze on one release by whoever holds the server, and ends with its last day.
#[test]
fn a_freeze_on_an_expired_release_ends() {
    let expired = Manifest { not_after: Some(crate::scene::ISSUED), ..manifest() };
    assert_eq!(Lamp::new().judges(&expired).map_err(Refusal::cause), Err(Cause::Expired));
}

/// One manifest covers all parts of a release, and an order one manifest. No part can come from elsewhere.
#[test]
fn mix_and_match_is_refused() {
    let [sent, named] = [7, 8].map(|release| sign_manifest(&Manifest { release, ..manifest() }, RELEASE));
    let order = install(&named);
    let offer = Offer { manifest: Some(&sent), order: Some(&order), ..Offer::default() };
    assert_eq!(Lamp::new().hears(&offer), Err(Refusal::OrderManifest));
    // Another build under the number that is installed.
    let lamp = Lamp { release: 7, installed: Some([0xAA; 32]), ..Lamp::new() };
    assert_eq!(lamp.judges(&manifest()), Err(Refusal::SameNumber { found: 7 }));
}

#[test]
fn endless_data_is_refused_before_the_first_byte() {
    let lamp = Lamp::new();
    let payload = Payload { coded_length: u32::MAX, final_length: u32::MAX, ..app() };
    let endless = Manifest { payloads: List::of(&[payload]).unwrap(), ..manifest() };
    assert_eq!(lamp.judges(&endless).map_err(Refusal::cause), Err(Cause::TooLarge));
    assert!(Offer::decode(&[0; Offer::MAX_LEN + 1]).is_err(), "an answer has a bound as well");
}

/// An update of one device cannot be turned on another, of another product, hardware or chip, though the owner signed it.
#[test]
fn an_update_meant_for_another_device_is_refused() {
    let lamp = Lamp::new();
    assert_eq!(lamp.judges(&Manifest { product: "gate", ..manifest() }), Err(Refusal::Product));
    let signed = sign_manifest(&manifest(), RELEASE);
    let digest: Digest = Sha256::digest(&signed).into();
    let other = otary_wire::Order { device: [1; 6], ..order(Action::Install(&digest)) };
    let order = sign_order(&other, ONLINE);
    let offer = Offer { manifest: Some(&signed), order: Some(&order), ..Offer::default() };
    assert_eq!(lamp.hears(&offer), Err(Refusal::OrderTarget));
}

/// Dropping parts of an answer gains a thief nothing either.
#[test]
fn an_answer_without_its_root_record_is_judged_by_the_old_one() {
    let signed = sign_manifest(&manifest(), 6);
    assert_eq!(Lamp::new().offered(&signed), Err(Refusal::KeyUnknown), "until the record arrives");
    let wait = sign_order(&order(Action::Wait), ONLINE);
    let offer = Offer { order: Some(&wait), ..Offer::default() };
    assert!(matches!(Lamp::new().hears(&offer), Ok(Verdict::Wait { .. })));
}
