//! Every other way to write a message is refused, each with its place (RFC 8949 section 4.2.1).

use otary_wire::{Action, CheckIn, Error, Fault, List, Manifest, Offer, Order, Report, RootRecord};

use crate::{golden::golden, samples};

fn at(offset: u32, fault: Fault) -> Error {
    Error { offset, fault }
}

/// The least report is `a3 00 08 02 00 04 01`.
#[test]
fn a_report_has_one_form() {
    let rows: &[(&str, &[u8], Error)] = &[
        ("a number in two bytes", b"\xA3\x00\x18\x08\x02\x00\x04\x01", at(2, Fault::NotShortest)),
        ("a number in three bytes", b"\xA3\x00\x19\x00\x08\x02\x00\x04\x01", at(2, Fault::NotShortest)),
        ("a key in two bytes", b"\xA3\x18\x00\x08\x02\x00\x04\x01", at(1, Fault::NotShortest)),
        ("the map's length in two bytes", b"\xB8\x03\x00\x08\x02\x00\x04\x01", at(0, Fault::NotShortest)),
        ("an open map", b"\xBF\x00\x08\x02\x00\x04\x01\xFF", at(0, Fault::NotShortest)),
        ("another order", b"\xA3\x02\x00\x00\x08\x04\x01", at(1, Fault::Missing { key: 0 })),
        ("a key twice", b"\xA4\x00\x08\x00\x08\x02\x00\x04\x01", at(3, Fault::Missing { key: 2 })),
        ("a key that nobody knows", b"\xA4\x00\x08\x02\x00\x04\x01\x05\x00", at(7, Fault::Unexpected)),
        ("a key missing", b"\xA2\x00\x08\x02\x00", at(5, Fault::Missing { key: 4 })),
        ("no map", b"\x83\x00\x08\x02", at(0, Fault::Type { expected: "a map" })),
        ("a text as a key", b"\xA3\x61\x30\x08", at(1, Fault::Type { expected: "an unsigned integer" })),
        (
            "a negative number",
            b"\xA3\x00\x20\x02\x00\x04\x01",
            at(2, Fault::Type { expected: "an unsigned integer" }),
        ),
        (
            "a tagged number",
            b"\xA3\x00\xC1\x08\x02\x00\x04\x01",
            at(2, Fault::Type { expected: "an unsigned integer" }),
        ),
        (
            "a number beyond 32 bits",
            b"\xA3\x00\x1B\x00\x00\x00\x01\x00\x00\x00\x00\x02\x00\x04\x01",
            at(2, Fault::Range { expected: (0, u32::MAX), found: u32::MAX }),
        ),
        (
            "an outcome that nobody knows",
            b"\xA3\x00\x08\x02\x04\x04\x01",
            at(4, Fault::Range { expected: (0, 3), found: 4 }),
        ),
        (
            "a short digest",
            b"\xA4\x00\x08\x01\x41\xBB\x02\x00\x04\x01",
            at(4, Fault::Range { expected: (32, 32), found: 1 }),
        ),
        ("bytes behind it", b"\xA3\x00\x08\x02\x00\x04\x01\x00\x00", at(7, Fault::Trailing { found: 2 })),
    ];
    for (name, bytes, error) in rows {
        assert_eq!(Report::decode(bytes).unwrap_err(), *error, "{name}");
    }
}

#[test]
fn an_offer_has_one_form() {
    let rows: &[(&str, &[u8], Error)] = &[
        ("bytes in pieces", b"\xA1\x00\x5F\x41\xD0\xFF", at(2, Fault::NotShortest)),
        ("a length in two bytes", b"\xA1\x00\x58\x01\xD0", at(2, Fault::NotShortest)),
        ("a length beyond the end", b"\xA1\x00\x5A\xFF\xFF\xFF\xFF", at(2, Fault::Truncated)),
        ("a text for bytes", b"\xA1\x00\x61\x30", at(2, Fault::Type { expected: "a byte string" })),
    ];
    for (name, bytes, error) in rows {
        assert_eq!(Offer::decode(bytes).unwrap_err(), *error, "{name}");
    }
}

#[test]
fn an_object_or_text_longer_than_its_bound_is_refused() {
    let long = [&[0xA1, 0x01, 0x59, 0x02, 0x81], &[0; Manifest::MAX_LEN + 1][..]].concat();
    let expected = (0, u32::try_from(Manifest::MAX_LEN).unwrap());
    let fault = Fault::Range { expected, found: expected.1 + 1 };
    assert_eq!(Offer::decode(&long).unwrap_err(), at(2, fault));
    for (length, found) in [(&[0x78, 0x41][..], 65), (&[0x60], 0)] {
        let product = vec![b'l'; found];
        let check_in = golden("check-in");
        let other = [&check_in[..12], length, &product, &check_in[17..]].concat();
        let found = u32::try_from(found).unwrap();
        let error = at(12, Fault::Range { expected: (1, 64), found });
        assert_eq!(CheckIn::decode(&other).unwrap_err(), error);
    }
}

#[test]
fn a_check_in_of_another_protocol_is_refused() {
    let mut other = golden("check-in");
    other[2] = 2;
    let error = at(2, Fault::Range { expected: (1, 1), found: 2 });
    assert_eq!(CheckIn::decode(&other).unwrap_err(), error);
}

#[test]
fn no_message_has_room_for_an_entry_more() {
    let with_one_more = |message: &[u8]| {
        let mut more = message.to_vec();
        more[0] += 1;
        more.extend([0x17, 0x00]);
        more
    };
    let mut out = [0; RootRecord::MAX_LEN];
    let refused = |fault| assert_eq!(fault, Fault::Unexpected);
    let record = samples::root_record().encode(&mut out).unwrap().to_vec();
    refused(RootRecord::decode(&with_one_more(&record)).unwrap_err().fault);
    let manifest = samples::manifest().encode(&mut out).unwrap().to_vec();
    refused(Manifest::decode(&with_one_more(&manifest)).unwrap_err().fault);
    let order = samples::order(Action::Wait).encode(&mut out).unwrap().to_vec();
    refused(Order::decode(&with_one_more(&order)).unwrap_err().fault);
    refused(CheckIn::decode(&with_one_more(&golden("check-in"))).unwrap_err().fault);
    refused(Report::decode(&with_one_more(&golden("report"))).unwrap_err().fault);
    refused(Offer::decode(&with_one_more(&golden("offer"))).unwrap_err().fault);
}

/// The payload of a signed object is held to the same: here with one byte replaced or inserted.
#[test]
fn a_payload_has_one_form() {
    let mut buffer = [0; Manifest::MAX_LEN];
    let manifest = samples::manifest().encode(&mut buffer).unwrap().to_vec();
    let with = |at: usize, byte: u8| {
        let mut other = manifest.clone();
        other[at] = byte;
        other
    };
    let find = |part: &[u8]| manifest.windows(part.len()).position(|window| window == part).unwrap();
    let truth = find(b"\x06\xF5\x07") + 1;
    assert_eq!(Manifest::decode(&with(truth, 0xF4)).unwrap_err().fault, Fault::Constant, "false is absent");
    let name = find(b"lamp");
    assert_eq!(Manifest::decode(&with(name, 0x1B)).unwrap_err().fault, Fault::Text, "a control character");
    assert_eq!(Manifest::decode(&with(name, 0xFF)).unwrap_err().fault, Fault::Text, "not UTF-8");
    let chip = find(b"\x02\x05\x03") + 1;
    assert_eq!(
        Manifest::decode(&with(chip, 0x01)).unwrap_err().fault,
        Fault::Range { expected: (0, 0xFFFF), found: 1 },
        "no chip has the id 1"
    );
    let floor = find(b"\x05\x06\x06") + 1;
    assert_eq!(
        Manifest::decode(&with(floor, 0x08)).unwrap_err().fault,
        Fault::Range { expected: (0, 7), found: 8 },
        "a floor above the release"
    );
}

#[test]
fn an_order_to_wait_names_no_manifest_and_one_to_install_does() {
    let mut buffer = [0; Order::MAX_LEN];
    let wait = samples::order(Action::Wait).encode(&mut buffer).unwrap().to_vec();
    let action = wait.windows(3).position(|window| window == [3, 0, 5]).unwrap() + 1;
    let mut install = wait.clone();
    install[action] = 1;
    assert_eq!(Order::decode(&install).unwrap_err().fault, Fault::Missing { key: 4 });
}

#[test]
fn a_root_record_whose_threshold_cannot_be_met_is_refused() {
    let mut buffer = [0; RootRecord::MAX_LEN];
    let record = RootRecord {
        threshold: 1,
        root_keys: List::of(&[samples::public(1)]).unwrap(),
        ..samples::root_record()
    };
    let mut bytes = record.encode(&mut buffer).unwrap().to_vec();
    let threshold = bytes.windows(3).position(|window| window == [2, 1, 3]).unwrap() + 1;
    bytes[threshold] = 2;
    assert_eq!(RootRecord::decode(&bytes).unwrap_err().fault, Fault::Range { expected: (1, 1), found: 2 });
}

#[test]
fn a_root_record_that_names_a_key_twice_or_an_empty_range_is_refused() {
    let mut buffer = [0; RootRecord::MAX_LEN];
    let bytes = samples::root_record().encode(&mut buffer).unwrap().to_vec();
    let at = |key: &[u8]| bytes.windows(32).position(|window| window == key).unwrap();
    let [first, second, release] = [1, 2, 4].map(|seed| at(samples::public(seed).0));
    let mut twice = bytes.clone();
    twice.copy_within(first..first + 32, second);
    assert_eq!(RootRecord::decode(&twice).unwrap_err().fault, Fault::Duplicate);
    // The range 1 to 1000, four bytes, becomes 255 to 24.
    let mut backwards = bytes[..release + 32].to_vec();
    backwards.extend([0x18, 0xFF, 0x18, 0x18]);
    backwards.extend(&bytes[release + 36..]);
    let fault = RootRecord::decode(&backwards).unwrap_err().fault;
    assert_eq!(fault, Fault::Range { expected: (255, u32::MAX), found: 24 });
}
