//! One flipped bit, anywhere in a signed object.

use otary_wire::{Root, RootRecord};

use crate::scene::{NONCE, RELEASE, ROOT, install, manifest, record, sign_manifest, sign_root};

/// Every form of `bytes` with one bit flipped.
fn flipped(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> + '_ {
    (0..bytes.len() * 8).map(|bit| {
        let mut other = bytes.to_vec();
        other[bit / 8] ^= 1 << (bit % 8);
        (bit, other)
    })
}

fn first() -> Vec<u8> {
    sign_root(&RootRecord { threshold: 2, ..record() }, &ROOT[..2])
}

#[test]
fn a_manifest_with_one_flipped_bit_is_refused() {
    let root = first();
    let root = Root::compiled_in(&root).unwrap();
    let signed = sign_manifest(&manifest(), RELEASE);
    assert!(root.manifest(&signed).is_ok());
    for (bit, other) in flipped(&signed) {
        assert!(root.manifest(&other).is_err(), "bit {bit}");
    }
}

#[test]
fn an_order_with_one_flipped_bit_is_refused() {
    let root = first();
    let root = Root::compiled_in(&root).unwrap();
    let signed = install(&sign_manifest(&manifest(), RELEASE));
    assert_eq!(root.order(&signed).unwrap().nonce, NONCE);
    for (bit, other) in flipped(&signed) {
        assert!(root.order(&other).is_err(), "bit {bit}");
    }
}

#[test]
fn a_root_record_with_one_flipped_bit_is_refused() {
    let root = first();
    let root = Root::compiled_in(&root).unwrap();
    let signed = sign_root(&RootRecord { version: 2, threshold: 2, ..record() }, &ROOT);
    assert!(root.successor(&signed).is_ok());
    for (bit, other) in flipped(&signed) {
        assert!(root.successor(&other).is_err(), "bit {bit}, of a signature more than is needed too");
    }
}

#[test]
fn an_object_that_is_cut_off_or_longer_is_refused() {
    let root = first();
    let root = Root::compiled_in(&root).unwrap();
    let signed = sign_manifest(&manifest(), RELEASE);
    for length in 0..signed.len() {
        assert!(root.manifest(&signed[..length]).is_err(), "{length} bytes");
    }
    let longer = [&*signed, &[0]].concat();
    assert!(root.manifest(&longer).is_err());
}
