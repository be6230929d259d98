//! What an owner signs is what a device believes.

use otary_image::Chip;
use otary_wire::sign::{self, SigningKey};
use otary_wire::{
    Action, Clock, Encoding, Identity, Kind, List, Manifest, Offer, Order, Payload, PublicKey, Refusal,
    ReleaseKey, Root, RootRecord, Stored, UnixSeconds, Verdict, verify,
};

#[test]
fn a_signed_release_is_installed_and_a_flipped_bit_is_not() {
    let [root, release, online] = [1, 2, 3].map(|seed| SigningKey::from_bytes(&[seed; 32]));
    let [root_key, release_key, online_key] =
        [&root, &release, &online].map(|key| key.verifying_key().to_bytes());
    let record = RootRecord {
        version: 1,
        issued: UnixSeconds(1_700_000_000),
        threshold: 1,
        root_keys: List::of(&[PublicKey(&root_key)]).unwrap(),
        release_keys: List::of(&[ReleaseKey { key: PublicKey(&release_key), first: 1, last: 1000 }]).unwrap(),
        order_keys: List::of(&[PublicKey(&online_key)]).unwrap(),
        trust_set: List::EMPTY,
        minimum: 0,
    };
    let mut buffer = [0; RootRecord::MAX_LEN];
    let signed_root = sign::root(&record, &[&root], &mut buffer).unwrap();
    let digest = [7; 32];
    let payload = Payload {
        kind: Kind::App,
        label: None,
        encoding: Encoding::Raw,
        base: None,
        coded_length: 1000,
        final_length: 1000,
        final_digest: &digest,
        coded_digest: None,
    };
    let manifest = Manifest {
        product: "lamp",
        hardware: List::of(&["v1"]).unwrap(),
        chip: Chip::Esp32C3,
        release: 5,
        version: "0.5",
        floor: 0,
        downgrade: false,
        not_after: None,
        payloads: List::of(&[payload]).unwrap(),
    };
    let mut buffer = [0; Manifest::MAX_LEN];
    let signed_manifest = sign::manifest(&manifest, &release, &mut buffer).unwrap().to_vec();
    let root = Root::compiled_in(signed_root).unwrap();
    let named = root.manifest(&signed_manifest).unwrap().digest();
    let order = Order {
        nonce: [9; 16],
        time: UnixSeconds(1_800_000_000),
        device: [1; 6],
        action: Action::Install(&named),
        poll_after: 60,
    };
    let mut buffer = [0; Order::MAX_LEN];
    let signed_order = sign::order(&order, &online, &mut buffer).unwrap();

    let stored = Stored { root, release: 4, installed: None, floor: 0, time: None, slot: 4096 };
    let identity = Identity { product: "lamp", hardware: "v1", chip: Chip::Esp32C3, device: [1; 6] };
    let offer =
        Offer { root: None, manifest: Some(&signed_manifest), order: Some(signed_order), retry_after: None };
    let verdict = verify(&stored, &identity, Clock::Unknown, &[9; 16], &offer).unwrap();
    let Verdict::Install { manifest: found, time, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(*found, manifest);
    assert_eq!(time, Some(order.time));

    let mut damaged = signed_manifest.clone();
    damaged[40] ^= 1;
    let offer = Offer { manifest: Some(&damaged), ..offer };
    let refusal = verify(&stored, &identity, Clock::Unknown, &[9; 16], &offer).unwrap_err();
    assert_eq!(refusal, Refusal::OrderManifest);
}
