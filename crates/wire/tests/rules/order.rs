//! The order: fresh, for this device, by the server's key, and for the manifest that is there.

use otary_wire::{Action, Clock, List, Offer, Order, Refusal, RootRecord, Verdict, hear, verify};

use crate::scene::{
    IMAGE, Lamp, NONCE, NOW, ONLINE, RELEASE, ROOT, STRANGER, identity, install, installs, manifest, order,
    record, sign_manifest, sign_order, sign_root,
};

fn ordered<'a>(lamp: &Lamp, order: &'a [u8]) -> Result<Verdict<'a>, Refusal> {
    lamp.hears(&Offer { order: Some(order), ..Offer::default() })
}

#[test]
fn an_order_to_wait_is_obeyed() {
    let signed = sign_order(&order(Action::Wait), ONLINE);
    let waits = Verdict::Wait { time: Some(NOW), poll_after: Some(3600) };
    assert_eq!(ordered(&Lamp::new(), &signed), Ok(waits));
}

#[test]
fn an_order_to_wait_holds_a_manifest_back() {
    let order = sign_order(&order(Action::Wait), ONLINE);
    let manifest = sign_manifest(&manifest(), RELEASE);
    let offer = Offer { manifest: Some(&manifest), order: Some(&order), ..Offer::default() };
    assert!(matches!(Lamp::new().hears(&offer), Ok(Verdict::Wait { .. })));
}

#[test]
fn where_the_root_record_names_order_keys_an_answer_without_an_order_is_refused_whole() {
    let manifest = sign_manifest(&manifest(), RELEASE);
    let offer = Offer { manifest: Some(&manifest), ..Offer::default() };
    assert_eq!(Lamp::new().hears(&offer), Err(Refusal::OrderMissing));
    assert_eq!(Lamp::new().hears(&Offer::default()), Err(Refusal::OrderMissing));
}

#[test]
fn where_it_names_none_the_manifest_is_enough_and_an_order_says_nothing() {
    let without = RootRecord { order_keys: List::EMPTY, ..record() };
    let lamp = Lamp::trusting(sign_root(&without, &ROOT[..1]));
    let signed = sign_manifest(&manifest(), RELEASE);
    let order = sign_order(&order(Action::Wait), STRANGER);
    for order in [None, Some(&*order)] {
        let verdict = lamp.hears(&Offer { manifest: Some(&signed), order, ..Offer::default() }).unwrap();
        assert_eq!(*installs(&verdict), manifest());
    }
    assert_eq!(lamp.hears(&Offer::default()), Ok(Verdict::Wait { time: None, poll_after: None }));
}

#[test]
fn an_order_of_another_check_in_is_a_replay_and_refused() {
    let old = Order { nonce: *b"a moment earlier", ..order(Action::Wait) };
    assert_eq!(ordered(&Lamp::new(), &sign_order(&old, ONLINE)), Err(Refusal::OrderNonce));
}

#[test]
fn an_order_for_another_device_is_refused() {
    let other = Order { device: [1; 6], ..order(Action::Wait) };
    assert_eq!(ordered(&Lamp::new(), &sign_order(&other, ONLINE)), Err(Refusal::OrderTarget));
}

#[test]
fn an_order_by_another_key_is_refused() {
    for seed in [STRANGER, RELEASE, ROOT[0]] {
        let signed = sign_order(&order(Action::Wait), seed);
        assert_eq!(ordered(&Lamp::new(), &signed), Err(Refusal::OrderSignature), "key {seed}");
    }
}

#[test]
fn an_order_for_another_manifest_than_the_one_sent_is_refused() {
    let [sent, named] =
        [7, 8].map(|release| sign_manifest(&otary_wire::Manifest { release, ..manifest() }, RELEASE));
    let order = install(&named);
    for manifest in [Some(&*sent), None] {
        let offer = Offer { manifest, order: Some(&order), ..Offer::default() };
        assert_eq!(Lamp::new().hears(&offer), Err(Refusal::OrderManifest));
    }
}

/// What a device needs to know after a refused manifest: was that the server, and what time is it?
#[test]
fn an_order_is_heard_though_its_manifest_is_refused() {
    let lamp = Lamp { release: 8, clock: Clock::Unknown, ..Lamp::new() };
    let manifest = sign_manifest(&manifest(), RELEASE);
    let order = install(&manifest);
    let offer = Offer { manifest: Some(&manifest), order: Some(&order), ..Offer::default() };
    let refused = verify(&lamp.stored(), &identity(), lamp.clock, &NONCE, &offer);
    assert_eq!(refused, Err(Refusal::ReleaseTooOld { installed: 8, found: 7 }));
    let heard = hear(&lamp.stored(), &identity(), &NONCE, &offer).unwrap().unwrap();
    assert_eq!(heard.time, NOW);
    assert_ne!(heard.action, Action::Install(&IMAGE), "the order names the manifest, not the image");
}
