//! What a certificate may be used for.

use super::{Case, HOST, by_root, leaf, root};
use crate::forge::{
    DIGITAL_SIGNATURE, Draft, KEY_CERT_SIGN, KEY_ENCIPHERMENT, KEY_USAGE, NON_REPUDIATION, p256, tlv,
};

const SERVER: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 3, 1];
const CLIENT: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 3, 2];
const ANY: &[u64] = &[2, 5, 29, 37, 0];

pub fn cases() -> Vec<Case> {
    let root = root();
    let idle = Draft::new("between", p256(2)).authorized(true, None).usage(DIGITAL_SIGNATURE).by(&root);
    let idle_root = Draft::new("root", p256(0)).authorized(true, None).usage(DIGITAL_SIGNATURE).self_signed();
    let empty = leaf().with(KEY_USAGE, true, &tlv(0x03, &[0]));
    vec![
        by_root("digitalSignature", &leaf().usage(DIGITAL_SIGNATURE)),
        by_root("digitalSignature and keyEncipherment", &leaf().usage(DIGITAL_SIGNATURE | KEY_ENCIPHERMENT)),
        by_root("keyEncipherment alone", &leaf().usage(KEY_ENCIPHERMENT)),
        by_root("keyCertSign alone", &leaf().usage(KEY_CERT_SIGN)),
        by_root("nonRepudiation alone", &leaf().usage(NON_REPUDIATION)),
        by_root("keyUsage that allows nothing", &empty),
        by_root("keyCertSign alone, and for another name", &leaf().usage(KEY_CERT_SIGN)).to("other.lan"),
        by_root("for servers", &leaf().purposes(&[SERVER])),
        by_root("for servers and clients", &leaf().purposes(&[CLIENT, SERVER])),
        by_root("for clients alone", &leaf().purposes(&[CLIENT])),
        by_root("for any purpose", &leaf().purposes(&[ANY])),
        Case::new("intermediate without keyCertSign", &[&root], &[&leaf().by(&idle), &idle]),
        Case::new("root without keyCertSign", &[&idle_root], &[&leaf().by(&idle_root)]),
        pinned("self-signed with keyCertSign alone, as its own anchor", KEY_CERT_SIGN),
        pinned("self-signed with both usages, as its own anchor", KEY_CERT_SIGN | DIGITAL_SIGNATURE),
    ]
}

fn pinned(name: &str, usage: u8) -> Case {
    let own = Draft::new(HOST, p256(1)).authorized(true, None).usage(usage).self_signed();
    Case::new(name, &[&own], &[&own])
}
