//! Keys that fell into other hands, and how their owner takes them away.

use otary_wire::{Action, List, Manifest, Offer, Refusal, ReleaseKey, RootRecord};

use crate::scene::{
    Lamp, ONLINE, RELEASE, ROOT, install, keeps, manifest, order, public, record, release_key, sign_manifest,
    sign_order, sign_root,
};

const NEW_RELEASE: u8 = 6;
const NEW_ONLINE: u8 = 7;

/// The lamp after its owner's next record.
fn after(record: &RootRecord) -> Lamp {
    let signed = sign_root(record, &ROOT[..1]);
    let lamp = Lamp::new();
    assert_eq!(keeps(&lamp.shown(&signed).unwrap()).version, 2);
    Lamp { root: signed, ..lamp }
}

#[test]
fn a_revoked_release_key_signs_nothing_more() {
    let revoked =
        RootRecord { version: 2, release_keys: List::of(&[release_key(NEW_RELEASE)]).unwrap(), ..record() };
    let lamp = after(&revoked);
    assert_eq!(lamp.judges(&manifest()), Err(Refusal::KeyUnknown));
    let by_new = sign_manifest(&manifest(), NEW_RELEASE);
    assert!(lamp.offered(&by_new).is_ok());
}

#[test]
fn what_a_stolen_key_signed_with_a_high_number_is_below_the_minimum() {
    let stolen = sign_manifest(&Manifest { release: 900, ..manifest() }, RELEASE);
    let lamp = after(&RootRecord { version: 2, minimum: 1000, ..record() });
    let refusal = Refusal::Minimum { expected: 1000, found: 900 };
    assert_eq!(lamp.offered(&stolen), Err(refusal));
    assert_eq!(lamp.judges(&Manifest { release: 1000, ..manifest() }), Ok(1000));
}

#[test]
fn an_old_key_may_keep_the_releases_that_it_signed() {
    let record = RootRecord {
        version: 2,
        release_keys: List::of(&[
            ReleaseKey { key: public(RELEASE), first: 0, last: 7 },
            ReleaseKey { key: public(NEW_RELEASE), first: 8, last: u32::MAX },
        ])
        .unwrap(),
        ..record()
    };
    let lamp = after(&record);
    assert_eq!(lamp.judges(&manifest()), Ok(7));
    let eight = Manifest { release: 8, ..manifest() };
    assert_eq!(lamp.judges(&eight), Err(Refusal::KeyOutOfRange { found: 8 }));
    assert!(lamp.offered(&sign_manifest(&eight, NEW_RELEASE)).is_ok());
}

/// Whoever takes over the server has its order key, and everything that was ever signed.
#[test]
fn a_stolen_order_key_installs_nothing_that_the_owner_has_not_signed() {
    let lamp = Lamp::new();
    let own = sign_manifest(&manifest(), ONLINE);
    assert_eq!(lamp.offered(&own), Err(Refusal::KeyUnknown));
    let old = sign_manifest(&Manifest { release: 5, ..manifest() }, RELEASE);
    assert_eq!(lamp.offered(&old), Err(Refusal::ReleaseTooOld { installed: 6, found: 5 }));
    let root = sign_root(&RootRecord { version: 2, ..record() }, &[ONLINE]);
    assert_eq!(lamp.shown(&root), Err(Refusal::RootSignatures { expected: 1, found: 0 }));
}

#[test]
fn a_stolen_release_key_names_no_keys_and_gives_no_orders() {
    let lamp = Lamp::new();
    let root = sign_root(&RootRecord { version: 2, ..record() }, &[RELEASE]);
    assert_eq!(lamp.shown(&root), Err(Refusal::RootSignatures { expected: 1, found: 0 }));
    let order = sign_order(&order(Action::Wait), RELEASE);
    let offer = Offer { order: Some(&order), ..Offer::default() };
    assert_eq!(lamp.hears(&offer), Err(Refusal::OrderSignature));
}

#[test]
fn an_order_key_is_changed_by_the_owner() {
    let lamp =
        after(&RootRecord { version: 2, order_keys: List::of(&[public(NEW_ONLINE)]).unwrap(), ..record() });
    let manifest = sign_manifest(&manifest(), RELEASE);
    let by_old = install(&manifest);
    let offer = Offer { manifest: Some(&manifest), order: Some(&by_old), ..Offer::default() };
    assert_eq!(lamp.hears(&offer), Err(Refusal::OrderSignature));
    let by_new = sign_order(&order(Action::Wait), NEW_ONLINE);
    assert!(lamp.hears(&Offer { order: Some(&by_new), ..Offer::default() }).is_ok());
}

/// With the threshold two, one stolen root key changes nothing, and the two others take it away.
#[test]
fn one_stolen_root_key_of_three_is_not_enough_and_is_taken_away() {
    let lamp = Lamp::trusting(sign_root(&RootRecord { threshold: 2, ..record() }, &[1, 2]));
    let thief =
        RootRecord { version: 2, threshold: 1, root_keys: List::of(&[public(1)]).unwrap(), ..record() };
    let refusal = Refusal::RootSignatures { expected: 2, found: 1 };
    assert_eq!(lamp.shown(&sign_root(&thief, &[1])), Err(refusal));
    let without = RootRecord {
        version: 2,
        threshold: 2,
        root_keys: List::of(&[public(2), public(3), public(8)]).unwrap(),
        ..record()
    };
    let signed = sign_root(&without, &[2, 3]);
    assert_eq!(*keeps(&lamp.shown(&signed).unwrap()), without);
}
