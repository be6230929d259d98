//! Expiry on a device whose clock may be unknown, a lower bound, or set wrong.

use otary_wire::{Clock, List, Manifest, Offer, Refusal, Root, RootRecord, UnixSeconds};

use crate::scene::{
    DAY, ISSUED, Lamp, NOW, ONLINE, RELEASE, ROOT, installs, manifest, public, record, sign_manifest,
    sign_root,
};

const YEAR: u64 = 365 * DAY;

/// A lamp whose root record asks for no orders, so that no signed time comes with an answer.
fn without_orders() -> Lamp {
    Lamp::trusting(sign_root(&RootRecord { order_keys: List::EMPTY, ..record() }, &ROOT[..1]))
}

fn judged(lamp: &Lamp, not_after: UnixSeconds) -> Result<u32, Refusal> {
    let signed = sign_manifest(&Manifest { not_after: Some(not_after), ..manifest() }, RELEASE);
    let offer = Offer { manifest: Some(&signed), ..Offer::default() };
    lamp.hears(&offer).map(|verdict| installs(&verdict).release)
}

#[test]
fn an_unknown_clock_blocks_no_update() {
    let lamp = Lamp { clock: Clock::Unknown, ..without_orders() };
    assert_eq!(judged(&lamp, UnixSeconds(1)), Ok(7));
}

#[test]
fn a_signed_time_of_the_past_is_enough_to_refuse_what_expired_before_it() {
    let bound = Lamp { clock: Clock::LowerBound(NOW), ..without_orders() };
    let stored = Lamp { clock: Clock::Unknown, time: Some(NOW), ..without_orders() };
    for lamp in [bound, stored] {
        let not_after = UnixSeconds(NOW.0 - 1);
        assert_eq!(judged(&lamp, not_after), Err(Refusal::Expired { not_after, now: NOW }));
        assert_eq!(judged(&lamp, NOW), Ok(7));
    }
}

#[test]
fn a_clock_that_is_set_to_the_past_does_not_revive_a_manifest() {
    let lamp = Lamp { clock: Clock::Set(ISSUED), time: Some(NOW), ..without_orders() };
    let not_after = UnixSeconds(NOW.0 - 1);
    assert_eq!(judged(&lamp, not_after), Err(Refusal::Expired { not_after, now: NOW }));
}

/// SNTP is not signed: whoever sits in the network can set a clock twenty years ahead.
#[test]
fn a_clock_twenty_years_ahead_is_set_right_by_the_order() {
    let lamp = Lamp { clock: Clock::Set(UnixSeconds(NOW.0 + 20 * YEAR)), ..Lamp::new() };
    assert_eq!(lamp.judges(&manifest()), Ok(7));
}

#[test]
fn the_time_of_a_fresh_order_counts_at_once() {
    let lamp = Lamp { clock: Clock::Unknown, ..Lamp::new() };
    let not_after = UnixSeconds(NOW.0 - 1);
    let expired = Manifest { not_after: Some(not_after), ..manifest() };
    assert_eq!(lamp.judges(&expired), Err(Refusal::Expired { not_after, now: NOW }));
    let slow = Lamp { clock: Clock::Set(UnixSeconds(NOW.0 - 3600)), ..Lamp::new() };
    assert_eq!(slow.judges(&expired), Err(Refusal::Expired { not_after, now: NOW }), "an hour behind");
}

/// No order could be had for three years, and no time either.
#[test]
fn a_device_without_time_for_three_years_still_updates() {
    let lamp = Lamp { clock: Clock::Unknown, time: Some(ISSUED), ..Lamp::new() };
    let not_after = Some(UnixSeconds(NOW.0 + 3 * YEAR));
    assert_eq!(lamp.judges(&Manifest { not_after, ..manifest() }), Ok(7));
}

#[test]
fn a_clock_hears_a_signed_time() {
    let later = UnixSeconds(NOW.0 + DAY);
    assert_eq!(Clock::Unknown.heard(NOW), Clock::LowerBound(NOW));
    assert_eq!(Clock::LowerBound(NOW).heard(later), Clock::LowerBound(later));
    assert_eq!(Clock::LowerBound(later).heard(NOW), Clock::LowerBound(later), "a bound never falls");
    assert_eq!(Clock::Set(later).heard(NOW), Clock::Set(later), "a day apart is no contradiction");
    let ahead = UnixSeconds(later.0 + 1);
    assert_eq!(Clock::Set(ahead).heard(NOW), Clock::Set(NOW));
    assert_eq!(Clock::Set(NOW).heard(ahead), Clock::Set(ahead));
}

/// A thief of the order key can sign a time in the far future, after which every manifest would be too old.
#[test]
fn a_new_order_key_takes_the_times_of_the_old_one_away() {
    let [first, same_keys, other_key] = [
        sign_root(&record(), &ROOT[..1]),
        sign_root(&RootRecord { version: 2, issued: NOW, ..record() }, &ROOT[..1]),
        sign_root(
            &RootRecord {
                version: 2,
                issued: NOW,
                order_keys: List::of(&[public(ONLINE + 1)]).unwrap(),
                ..record()
            },
            &ROOT[..1],
        ),
    ];
    let [first, same_keys, other_key] =
        [&first, &same_keys, &other_key].map(|signed| Root::compiled_in(signed).unwrap());
    let far = UnixSeconds(NOW.0 + 1000 * YEAR);
    assert_eq!(same_keys.time_after(&first, Some(far)), far);
    assert_eq!(same_keys.time_after(&first, Some(ISSUED)), NOW, "the record's own time is signed too");
    assert_eq!(other_key.time_after(&first, Some(far)), NOW);
    assert_eq!(same_keys.time_after(&first, None), NOW);
}
