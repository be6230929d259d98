//! Extensions that are critical, unknown, twice there or malformed, and odd serial numbers.

use super::{Case, HOST, by_root, leaf};
use crate::forge::{
    AUTHORITY_KEY_ID, DIGITAL_SIGNATURE, Draft, EXTENDED_KEY_USAGE, POLICIES, SUBJECT_ALT_NAME,
    SUBJECT_KEY_ID, dns, oid, p256, tlv,
};

const UNKNOWN: &[u64] = &[1, 3, 6, 1, 4, 1, 99_999, 1];
const ANY_POLICY: &[u64] = &[2, 5, 29, 32, 0];
const OWN_POLICY: &[u64] = &[1, 3, 6, 1, 4, 1, 99_999, 2];
const POINTER: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 2, 1];
const NOTICE: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 2, 2];

pub fn cases() -> Vec<Case> {
    [critical(), policies(), key_ids(), odd()].concat()
}

fn with(name: &str, id: &[u64], content: &[u8]) -> Case {
    by_root(name, &leaf().with(id, true, content))
}

fn critical() -> Vec<Case> {
    let empty = tlv(0x30, &[]);
    let server = tlv(0x30, &oid(&[1, 3, 6, 1, 5, 5, 7, 3, 1]));
    let names = tlv(0x30, &dns(HOST));
    vec![
        by_root("critical basicConstraints", &leaf().authorized(false, None)),
        by_root("critical keyUsage", &leaf().usage(DIGITAL_SIGNATURE)),
        with("critical extKeyUsage", EXTENDED_KEY_USAGE, &server),
        by_root("critical subjectAltName", &Draft::new("x", p256(1)).with(SUBJECT_ALT_NAME, true, &names)),
        with("critical Netscape type", &[2, 16, 840, 1, 113_730, 1, 1], &tlv(0x03, &[6, 0x40])),
        with("critical issuerAltName", &[2, 5, 29, 18], &names),
        with("critical subjectDirectoryAttributes", &[2, 5, 29, 9], &empty),
        with("critical cRLDistributionPoints", &[2, 5, 29, 31], &empty),
        with("critical freshestCRL", &[2, 5, 29, 46], &empty),
        with("critical authorityInfoAccess", &[1, 3, 6, 1, 5, 5, 7, 1, 1], &empty),
        with("critical subjectInfoAccess", &[1, 3, 6, 1, 5, 5, 7, 1, 11], &empty),
        with("critical unknown extension", UNKNOWN, &empty),
        by_root("unknown extension", &leaf().with(UNKNOWN, false, &empty)),
    ]
}

/// A policy with at most one qualifier.
fn policy(id: &[u64], qualifier: Option<&[u64]>) -> Vec<u8> {
    let text = tlv(0x16, b"https://ota.lan/");
    let qualifier = qualifier.map(|qualifier| tlv(0x30, &tlv(0x30, &[oid(qualifier), text].concat())));
    tlv(0x30, &tlv(0x30, &[oid(id), qualifier.unwrap_or_default()].concat()))
}

fn policies() -> Vec<Case> {
    vec![
        with("critical anyPolicy", POLICIES, &policy(ANY_POLICY, None)),
        with("critical policy of one's own", POLICIES, &policy(OWN_POLICY, None)),
        with("critical policy with a pointer", POLICIES, &policy(OWN_POLICY, Some(POINTER))),
        with("critical policy with a notice", POLICIES, &policy(OWN_POLICY, Some(NOTICE))),
        by_root("policy of one's own", &leaf().with(POLICIES, false, &policy(OWN_POLICY, None))),
    ]
}

fn key_ids() -> Vec<Case> {
    let id = tlv(0x30, &tlv(0x80, &[1; 20]));
    vec![
        by_root(
            "key ids",
            &leaf().with(SUBJECT_KEY_ID, false, &tlv(0x04, &[1; 20])).with(AUTHORITY_KEY_ID, false, &id),
        ),
        with("critical subjectKeyIdentifier", SUBJECT_KEY_ID, &tlv(0x04, &[1; 20])),
        with("critical authorityKeyIdentifier", AUTHORITY_KEY_ID, &id),
        by_root(
            "authorityKeyIdentifier that does not decode",
            &leaf().with(AUTHORITY_KEY_ID, false, &[0x02, 1, 5]),
        ),
    ]
}

fn odd() -> Vec<Case> {
    let serial = |name: &str, serial: &[u8]| {
        let mut draft = leaf();
        draft.serial = serial.to_vec();
        by_root(name, &draft)
    };
    vec![
        by_root("an extension that stands twice", &leaf().usage(DIGITAL_SIGNATURE).usage(DIGITAL_SIGNATURE)),
        by_root(
            "alternative names that do not decode",
            &leaf().with(UNKNOWN, false, &[1]).with(SUBJECT_ALT_NAME, false, &[5]),
        ),
        serial("serial number 0", &[0]),
        serial("negative serial number", &[0x80, 1]),
        serial("serial number of 30 bytes", &[0x55; 30]),
    ]
}
