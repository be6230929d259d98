//! What holds of any bytes and any message.

use otary_image::Chip;
use otary_wire::{
    Action, Cause, CheckIn, ClockState, Encoding, Kind, List, Manifest, Offer, Order, Outcome, Payload,
    PublicKey, ReleaseKey, Report, Root, RootRecord, UnixSeconds,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::{golden::golden, samples};

/// Whatever is read is, written again, the same bytes.
fn has_one_form(bytes: &[u8]) {
    let mut out = [0; Offer::MAX_LEN];
    if let Ok(message) = CheckIn::decode(bytes) {
        assert_eq!(message.encode(&mut out).unwrap(), bytes);
    }
    if let Ok(message) = Report::decode(bytes) {
        assert_eq!(message.encode(&mut out).unwrap(), bytes);
    }
    if let Ok(message) = Offer::decode(bytes) {
        assert_eq!(message.encode(&mut out).unwrap(), bytes);
    }
    if let Ok(message) = RootRecord::decode(bytes) {
        assert_eq!(message.encode(&mut out).unwrap(), bytes);
    }
    if let Ok(message) = Manifest::decode(bytes) {
        assert_eq!(message.encode(&mut out).unwrap(), bytes);
    }
    if let Ok(message) = Order::decode(bytes) {
        assert_eq!(message.encode(&mut out).unwrap(), bytes);
    }
}

/// To another reader of CBOR these bytes are one item, and nothing follows.
fn is_one_item(bytes: &[u8]) {
    let mut decoder = minicbor::Decoder::new(bytes);
    decoder.skip().unwrap();
    assert_eq!(decoder.position(), bytes.len());
}

/// One of each message, without signatures.
fn messages() -> Vec<Vec<u8>> {
    let mut out = [0; Offer::MAX_LEN];
    let record = samples::root_record().encode(&mut out).unwrap().to_vec();
    let manifest = samples::manifest().encode(&mut out).unwrap().to_vec();
    let order = samples::order(Action::Install(&[0xEE; 32])).encode(&mut out).unwrap().to_vec();
    let others = ["check-in", "check-in-least", "report", "report-least", "offer"].map(golden);
    others.into_iter().chain([record, manifest, order]).collect()
}

fn chip() -> impl Strategy<Value = Chip> {
    select(Chip::all().filter(|chip| chip.id().is_some()).collect::<Vec<_>>())
}

/// A text of 1 to `max` bytes.
fn text(max: usize) -> impl Strategy<Value = String> {
    let fits = move |text: &String| (1..=max).contains(&text.len());
    "[a-zA-Z0-9äß .+_-]{1,64}".prop_filter("too long", fits)
}

prop_compose! {
    fn reports()(
        release: u32,
        payload: Option<[u8; 32]>,
        outcome in select(vec![
            Outcome::Installed, Outcome::Refused, Outcome::RolledBack, Outcome::TrustSetRefused,
        ]),
        cause: Option<u8>,
        tries: u8,
    ) -> (Option<[u8; 32]>, Report<'static>) {
        let cause = cause.map(Cause::from_code);
        (payload, Report { release, payload: None, outcome, cause, tries })
    }
}

prop_compose! {
    fn payloads()(
        kind in select(vec![Kind::App, Kind::FileSystem]),
        label in of(text(16)),
        encoding: u8,
        lengths: (u32, u32),
        digests: (Option<[u8; 32]>, [u8; 32], Option<[u8; 32]>),
    ) -> OwnedPayload {
        OwnedPayload { kind, label, encoding, lengths, digests }
    }
}

#[derive(Debug, Clone)]
struct OwnedPayload {
    kind: Kind,
    label: Option<String>,
    encoding: u8,
    lengths: (u32, u32),
    digests: (Option<[u8; 32]>, [u8; 32], Option<[u8; 32]>),
}

impl OwnedPayload {
    fn borrowed(&self) -> Payload<'_> {
        Payload {
            kind: self.kind,
            label: self.label.as_deref(),
            encoding: if self.encoding == 0 { Encoding::Raw } else { Encoding::Other(self.encoding) },
            base: self.digests.0.as_ref(),
            coded_length: self.lengths.0,
            final_length: self.lengths.1,
            final_digest: &self.digests.1,
            coded_digest: self.digests.2.as_ref(),
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_crash_a_reader(bytes in vec(any::<u8>(), 0..400)) {
        has_one_form(&bytes);
        let _ = Root::compiled_in(&bytes);
    }

    #[test]
    fn a_damaged_message_is_refused_or_is_another_message(
        which: Index, changes in vec((any::<Index>(), any::<u8>()), 1..4), cut in of(any::<Index>()),
    ) {
        let mut bytes = which.get(&messages()).clone();
        for (at, byte) in changes {
            *at.get_mut(&mut bytes) = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        has_one_form(&bytes);
    }

    #[test]
    fn check_ins_come_back(
        (device, nonce, image) in any::<([u8; 6], [u8; 16], Option<[u8; 32]>)>(),
        (product, hardware, version) in (text(64), text(32), of(text(32))),
        chip in chip(),
        (release, root, trust_set, slot) in any::<(u32, u32, u32, u32)>(),
        clock in select(vec![ClockState::Unknown, ClockState::LowerBound, ClockState::Set]),
        report in of(reports()),
    ) {
        let report = report.as_ref().map(|(payload, report)| Report { payload: payload.as_ref(), ..*report });
        let (product, hardware, version) = (&*product, &*hardware, version.as_deref());
        let image = image.as_ref();
        let check_in = CheckIn {
            device, product, hardware, chip, release, image, version, root, trust_set, nonce, slot, clock, report,
        };
        is_one_item(check_in.encode(&mut [0; CheckIn::MAX_LEN]).unwrap());
        let mut text = [0; CheckIn::MAX_TEXT];
        let text = check_in.to_text(&mut text).unwrap();
        let mut bytes = [0; CheckIn::MAX_LEN];
        prop_assert_eq!(CheckIn::from_text(text, &mut bytes).unwrap(), check_in);
    }

    #[test]
    fn manifests_come_back(
        (product, version) in (text(64), text(32)),
        hardware in vec(text(32), 1..=4),
        chip in chip(),
        numbers: (u32, u32),
        (downgrade, not_after) in any::<(bool, Option<u64>)>(),
        payloads in vec(payloads(), 1..=2),
    ) {
        let hardware: Vec<&str> = hardware.iter().map(String::as_str).collect();
        let payloads: Vec<Payload> = payloads.iter().map(OwnedPayload::borrowed).collect();
        let manifest = Manifest {
            product: &product,
            hardware: List::of(&hardware).unwrap(),
            chip,
            release: numbers.0.max(numbers.1),
            version: &version,
            floor: numbers.0.min(numbers.1),
            downgrade,
            not_after: not_after.map(UnixSeconds),
            payloads: List::of(&payloads).unwrap(),
        };
        let mut out = [0; Manifest::MAX_LEN];
        let bytes = manifest.encode(&mut out).unwrap();
        is_one_item(bytes);
        prop_assert_eq!(Manifest::decode(bytes).unwrap(), manifest);
    }

    #[test]
    fn root_records_come_back(
        (version, issued, minimum) in (1..=u32::MAX, any::<u64>(), any::<u32>()),
        root_keys in proptest::collection::hash_set(any::<[u8; 32]>(), 1..=3),
        second: bool,
        release_keys in vec(any::<([u8; 32], u32, u32)>(), 0..=4),
        order_keys in vec(any::<[u8; 32]>(), 0..=2),
        trust_set in vec(any::<[u8; 32]>(), 0..=4),
    ) {
        let root_keys: Vec<PublicKey> = root_keys.iter().map(PublicKey).collect();
        let release_keys: Vec<ReleaseKey> = release_keys
            .iter()
            .map(|(key, a, b)| ReleaseKey { key: PublicKey(key), first: *a.min(b), last: *a.max(b) })
            .collect();
        let order_keys: Vec<PublicKey> = order_keys.iter().map(PublicKey).collect();
        let trust_set: Vec<&[u8; 32]> = trust_set.iter().collect();
        let record = RootRecord {
            version,
            issued: UnixSeconds(issued),
            threshold: if second && root_keys.len() > 1 { 2 } else { 1 },
            root_keys: List::of(&root_keys).unwrap(),
            release_keys: List::of(&release_keys).unwrap(),
            order_keys: List::of(&order_keys).unwrap(),
            trust_set: List::of(&trust_set).unwrap(),
            minimum,
        };
        let mut out = [0; RootRecord::MAX_LEN];
        let bytes = record.encode(&mut out).unwrap();
        is_one_item(bytes);
        prop_assert_eq!(RootRecord::decode(bytes).unwrap(), record);
    }

    #[test]
    fn orders_come_back(
        (nonce, device, time) in any::<([u8; 16], [u8; 6], u64)>(),
        install: Option<[u8; 32]>,
        poll_after: u32,
    ) {
        let action = install.as_ref().map_or(Action::Wait, Action::Install);
        let order = Order { nonce, time: UnixSeconds(time), device, action, poll_after };
        let mut out = [0; Order::MAX_LEN];
        let bytes = order.encode(&mut out).unwrap();
        is_one_item(bytes);
        prop_assert_eq!(Order::decode(bytes).unwrap(), order);
    }
}
