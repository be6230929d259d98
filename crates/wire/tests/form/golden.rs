//! Each message as the bytes in `golden/`, which were written by another program (Python's cbor2 and cryptography).

use otary_wire::sign;
use otary_wire::{Action, CheckIn, Manifest, Offer, Order, Report, Root, RootRecord};

use crate::samples;

/// The bytes of `golden/NAME.hex`: what stands before `#` in each line.
pub fn golden(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/form/golden/{name}.hex", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let digits: String = text.lines().filter_map(|line| line.split('#').next()).collect();
    let digits: Vec<u32> = digits.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
}

#[test]
fn check_ins_are_these_bytes() {
    for (name, check_in) in [("check-in", samples::check_in()), ("check-in-least", samples::least_check_in())]
    {
        let bytes = golden(name);
        assert_eq!(check_in.encode(&mut [0; CheckIn::MAX_LEN]).unwrap(), bytes, "{name}");
        assert_eq!(CheckIn::decode(&bytes).unwrap(), check_in, "{name}");
    }
}

#[test]
fn reports_are_these_bytes() {
    for (name, report) in [("report", samples::report()), ("report-least", samples::least_report())] {
        let bytes = golden(name);
        assert_eq!(report.encode(&mut [0; Report::MAX_LEN]).unwrap(), bytes, "{name}");
        assert_eq!(Report::decode(&bytes).unwrap(), report, "{name}");
    }
}

#[test]
fn offers_are_these_bytes() {
    for (name, offer) in [("offer", samples::offer()), ("offer-empty", Offer::default())] {
        let bytes = golden(name);
        assert_eq!(offer.encode(&mut [0; Offer::MAX_LEN]).unwrap(), bytes, "{name}");
        assert_eq!(Offer::decode(&bytes).unwrap(), offer, "{name}");
    }
}

#[test]
fn a_signed_root_record_is_these_bytes() {
    let bytes = golden("root-record");
    let [first, third] = [1, 3].map(samples::key);
    let mut buffer = [0; RootRecord::MAX_LEN];
    assert_eq!(sign::root(&samples::root_record(), &[&first, &third], &mut buffer).unwrap(), bytes);
    assert_eq!(*Root::compiled_in(&bytes).unwrap(), samples::root_record());
}

#[test]
fn a_signed_manifest_is_these_bytes() {
    let bytes = golden("manifest");
    let mut buffer = [0; Manifest::MAX_LEN];
    assert_eq!(sign::manifest(&samples::manifest(), &samples::key(4), &mut buffer).unwrap(), bytes);
    let root = golden("root-record");
    let root = Root::compiled_in(&root).unwrap();
    assert_eq!(*root.manifest(&bytes).unwrap(), samples::manifest());
}

#[test]
fn signed_orders_are_these_bytes() {
    let [root, manifest] = ["root-record", "manifest"].map(golden);
    let root = Root::compiled_in(&root).unwrap();
    let digest = root.manifest(&manifest).unwrap().digest();
    for (name, action) in [("order-install", Action::Install(&digest)), ("order-wait", Action::Wait)] {
        let bytes = golden(name);
        let order = samples::order(action);
        let mut buffer = [0; Order::MAX_LEN];
        assert_eq!(sign::order(&order, &samples::key(5), &mut buffer).unwrap(), bytes, "{name}");
        assert_eq!(*root.order(&bytes).unwrap(), order, "{name}");
    }
}
