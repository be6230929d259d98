//! Any bytes from the network: what can be read is written again to the same bytes, so there is one form of each message;
//! and a device does only what its owner signed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use otary_fuzz_seeds::wire::{IDENTITY, INSTALLED, NONCE, NOW, OWNER, SLOT, TASKS, record, stored};
use otary_wire::{
    CheckIn, Clock, Manifest, Offer, Order, Report, RootRecord, UnixSeconds, Verdict, hear, sign, verify,
};

/// Reads bytes as a message; if they are one, writes it again.
macro_rules! same {
    ($message:ident, $bytes:expr) => {
        if let Ok(message) = $message::decode($bytes) {
            assert_eq!(message.encode(&mut [0; Offer::MAX_LEN]), Ok($bytes));
        }
    };
}

fuzz_target!(|input: &[u8]| {
    let Some((&task, bytes)) = input.split_first() else { return };
    match TASKS[usize::from(task) % TASKS.len()] {
        "check-in" => same!(CheckIn, bytes),
        "text" => text(bytes),
        "report" => same!(Report, bytes),
        "offer" => same!(Offer, bytes),
        "root" => root(bytes),
        "manifest" => same!(Manifest, bytes),
        "order" => same!(Order, bytes),
        _ => answer(bytes),
    }
});

fn text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(check_in) = CheckIn::from_text(text, &mut [0; CheckIn::MAX_LEN]) {
        assert_eq!(check_in.to_text(&mut [0; CheckIn::MAX_TEXT]), Ok(text));
    }
}

fn root(bytes: &[u8]) {
    same!(RootRecord, bytes);
    let _ = sign::draft(bytes);
    if let Ok(next) = stored().root.successor(bytes) {
        assert_eq!(*next, record(2, [2, 3]), "a record that the owner did not sign");
    }
}

/// An answer to the device's check-in, at a time that the first byte chooses.
fn answer(bytes: &[u8]) {
    let Some((&clock, bytes)) = bytes.split_first() else { return };
    let clock = match clock % 4 {
        0 => Clock::Unknown,
        1 => Clock::LowerBound(NOW),
        2 => Clock::Set(NOW),
        _ => Clock::Set(UnixSeconds(u64::MAX)),
    };
    let Ok(offer) = Offer::decode(bytes) else { return };
    let stored = stored();
    let heard = hear(&stored, &IDENTITY, &NONCE, &offer);
    match verify(&stored, &IDENTITY, clock, &NONCE, &offer) {
        Ok(Verdict::NewRoot(root)) => assert_eq!(*root, record(2, [2, 3])),
        Ok(Verdict::Wait { time, .. }) => {
            assert_eq!(time, Some(NOW));
            assert!(heard.is_ok_and(|order| order.is_some_and(|order| order.signed() == OWNER.wait)));
        }
        Ok(Verdict::Install { manifest, time, .. }) => {
            assert_eq!((manifest.signed(), time), (&OWNER.manifest[..], Some(NOW)));
            assert!(
                manifest.release >= INSTALLED && manifest.app().is_some_and(|app| app.final_length <= SLOT)
            );
            assert!(heard.is_ok_and(|order| order.is_some_and(|order| order.signed() == OWNER.install)));
        }
        Err(refusal) => {
            let _ = (refusal.cause(), refusal.to_string());
        }
    }
}
