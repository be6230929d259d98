//! When the leaf is made anew, and what is then in it.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use otary_fleet::Time;
use otary_trust::{Authority, Cause, Error, Life, MAX_NAMES, Name, Renewal};
use proptest::prelude::*;
use rcgen::{CertificateParams, Issuer, KeyPair};

use super::{DAY, Place, TODAY, clock, leaf, names};

fn refresh(authority: &mut Authority, texts: &[&str], now: Time) -> Renewal {
    authority.refresh(&names(texts), &clock(now)).unwrap()
}

#[test]
fn it_is_renewed_with_a_new_key_when_a_third_of_its_year_is_left() {
    let place = Place::new();
    let mut authority = place.start(TODAY).unwrap();
    let first = leaf(&authority).clone();
    let key_file = place.trust().join("leaf.key");
    let first_key = fs::read(&key_file).unwrap();
    let due = Life::from(&first).renewal_time();
    assert_eq!(due.since(TODAY), Duration::from_hours(365 * 24 * 2 / 3));

    let just_before = due - Duration::from_millis(1);
    assert_eq!(authority.refresh(&place.names, &clock(just_before)).unwrap(), Renewal::NotDue);
    let renewal = authority.refresh(&place.names, &clock(due)).unwrap();
    assert_eq!(renewal, Renewal::Issued(Cause::Ageing { ends: first.not_after() }));
    assert!(leaf(&authority).not_after() > first.not_after());
    assert_ne!(fs::read(&key_file).unwrap(), first_key);
    assert_eq!(leaf(&Authority::open(&place.trust()).unwrap()), leaf(&authority), "in memory and on disk");
}

#[test]
fn a_new_address_is_taken_in_and_one_that_went_away_goes_with_the_next_certificate() {
    let place = Place::new();
    let mut authority = place.start(TODAY).unwrap();

    assert_eq!(
        refresh(&mut authority, &["serverota.local"], TODAY + DAY),
        Renewal::NotDue,
        "a link that flaps"
    );
    assert_eq!(refresh(&mut authority, &["serverota.local", "192.168.1.5"], TODAY + DAY), Renewal::NotDue);

    let renewal = refresh(&mut authority, &["serverota.local", "10.0.0.7"], TODAY + DAY);
    assert_eq!(renewal, Renewal::Issued(Cause::MissingName("10.0.0.7".parse().unwrap())));
    assert_eq!(leaf(&authority).names(), names(&["serverota.local", "10.0.0.7"]));
}

#[test]
fn a_host_name_that_a_device_may_know_stays() {
    let place = Place::new();
    let mut authority = place.start(TODAY).unwrap();
    let _ = refresh(&mut authority, &["renamed.local"], TODAY + DAY);
    assert_eq!(leaf(&authority).names(), names(&["renamed.local", "serverota.local"]));
    assert_eq!(leaf(&authority).common_name(), "renamed.local");
}

#[test]
fn a_first_name_too_long_for_a_common_name_leaves_it_to_the_second() {
    let place = Place { names: names(&[&"long.".repeat(20), "short.local"]), ..Place::new() };
    let authority = place.start(TODAY).unwrap();
    assert_eq!(leaf(&authority).common_name(), "short.local");
    assert_eq!(leaf(&authority).names(), place.names);
}

#[test]
fn no_certificate_without_a_name() {
    let place = Place { names: Vec::new(), ..Place::new() };
    assert!(matches!(place.start(TODAY), Err(Error::NoNames)));
    assert!(!place.trust().exists());
}

#[test]
fn for_twenty_five_years_there_is_a_leaf_in_its_life_and_then_the_root_is_named() {
    let place = Place::new();
    let mut authority = place.start(TODAY).unwrap();
    let end = authority.root().not_after();
    assert_eq!(end.since(TODAY), DAY * 9_131);
    let (mut now, mut issued) = (TODAY, 0);
    while now < end {
        // The program is updated now and then, too.
        let clock = otary_trust::Clock { now, built: now - DAY, newest: now };
        if matches!(authority.refresh(&place.names, &clock).unwrap(), Renewal::Issued(_)) {
            issued += 1;
        }
        let leaf = leaf(&authority);
        assert!(leaf.not_before() <= now && now < leaf.not_after() && leaf.not_after() <= end);
        now = now + DAY * 10;
    }
    assert!((36..=38).contains(&issued), "every eight months: {issued}");
    let error = authority.refresh(&names(&["new.local"]), &clock(end)).unwrap_err();
    assert!(matches!(error, Error::RootEnded { ended } if ended == end), "{error}");
}

#[test]
fn a_leaf_of_another_root_is_replaced() {
    let place = Place::new();
    let authority = place.start(TODAY).unwrap();
    let root_key = KeyPair::from_pem(&fs::read_to_string(place.trust().join("root.key")).unwrap()).unwrap();
    let stranger = KeyPair::generate().unwrap();
    for (case, issuer_name, issuer_key) in [
        ("a stranger", "somebody", &stranger),
        ("a namesake of our root", authority.root().common_name(), &stranger),
        ("our root's key under another name", "somebody", &root_key),
    ] {
        write_leaf(&place, issuer_name, issuer_key);
        let mut authority = Authority::open(&place.trust()).unwrap();
        let renewal = authority.refresh(&place.names, &clock(TODAY)).unwrap();
        assert_eq!(renewal, Renewal::Issued(Cause::OtherRoot), "{case}");
    }
}

/// Puts a leaf in place that is good but for its issuer.
fn write_leaf(place: &Place, issuer_name: &str, issuer_key: &KeyPair) {
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name.push(rcgen::DnType::CommonName, issuer_name);
    let names: Vec<String> = place.names.iter().map(Name::to_string).collect();
    let key = KeyPair::generate().unwrap();
    let leaf =
        CertificateParams::new(names).unwrap().signed_by(&key, &Issuer::new(issuer, issuer_key)).unwrap();
    fs::write(place.trust().join("leaf.key"), key.serialize_pem()).unwrap();
    fs::write(place.trust().join("leaf.crt"), leaf.pem()).unwrap();
}

#[test]
fn no_two_roots_share_a_name() {
    let mut seen = HashSet::new();
    for _ in 0..8 {
        let authority = Place::new().start(TODAY).unwrap();
        for anchor in authority.anchors() {
            assert!(anchor.common_name().starts_with("otary root "), "{}", anchor.common_name());
            assert!(seen.insert(anchor.common_name().to_owned()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever a machine asks for, one refresh is enough, and the first names are in.
    #[test]
    fn names_settle_at_once_and_fit(wanted in prop::collection::vec(any_name(), 1..80)) {
        let place = Place { names: wanted.clone(), ..Place::new() };
        let mut authority = place.start(TODAY).unwrap();
        prop_assert!(leaf(&authority).der().len() < MAX_NAMES + 540);
        prop_assert!(leaf(&authority).names().contains(&wanted[0]));
        prop_assert_eq!(authority.refresh(&wanted, &clock(TODAY)).unwrap(), Renewal::NotDue);
    }
}

fn any_name() -> impl Strategy<Value = Name> {
    prop_oneof![
        "[a-z]{1,20}\\.[a-z]{1,20}".prop_map(|text| text.parse().unwrap()),
        any::<[u8; 4]>().prop_map(|octets| Name::Address(octets.into())),
        any::<[u8; 16]>().prop_map(|octets| Name::Address(octets.into())),
    ]
}
